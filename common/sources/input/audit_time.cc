#include "common/sources/input/audit_time.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"

namespace tutti {
namespace {

constexpr int64_t kDaySeconds = 86400;

// Reads exactly `count` digits at `at`; -1 when there are others.
int Digits(absl::string_view text, size_t at, size_t count) {
  if (at + count > text.size()) return -1;
  int value = 0;
  for (size_t i = at; i < at + count; ++i) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(text[i]))) return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// The seconds that a zone lies east of UTC; nothing when it is malformed.
absl::optional<int64_t> Offset(absl::string_view zone) {
  absl::ConsumePrefix(&zone, " ");
  for (absl::string_view utc : {"", "Z", "UTC", "GMT"}) {
    if (absl::EqualsIgnoreCase(zone, utc)) return 0;
  }
  if (zone[0] != '+' && zone[0] != '-') return absl::nullopt;
  const bool west = zone[0] == '-';
  zone.remove_prefix(1);
  const int hours = Digits(zone, 0, 2);
  int minutes = 0;
  if (zone.size() == 4) minutes = Digits(zone, 2, 2);
  if (zone.size() == 5) minutes = zone[2] == ':' ? Digits(zone, 3, 2) : -1;
  if (zone.size() != 2 && zone.size() != 4 && zone.size() != 5) return absl::nullopt;
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return absl::nullopt;
  const int64_t seconds = hours * 3600 + minutes * 60;
  return west ? -seconds : seconds;
}

// Seconds of a day's beginning; nothing when there is no such day.
absl::optional<int64_t> Midnight(int year, int month, int day) {
  if (year < 0 || month < 1 || month > 12 || day < 1) return absl::nullopt;
  const absl::CivilDay date(year, month, day);
  if (date.day() != day) return absl::nullopt;
  return (date - absl::CivilDay(1970, 1, 1)) * kDaySeconds;
}

// "/Date(1728344797000+0100)/": the offset says how it was shown, not when it was.
absl::optional<int64_t> ParseTicks(absl::string_view text) {
  absl::string_view ticks = text.substr(0, text.find_first_of("+-", 1));
  if (!Offset(text.substr(ticks.size())).has_value()) return absl::nullopt;
  int64_t milliseconds = 0;
  if (!absl::SimpleAtoi(ticks, &milliseconds)) return absl::nullopt;
  return milliseconds / 1000;
}

}  // namespace

absl::optional<int64_t> ParseAuditTime(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (absl::StartsWith(text, "/Date(") && absl::EndsWith(text, ")/")) {
    return ParseTicks(text.substr(6, text.size() - 8));
  }
  if (text.size() < 16 || text[4] != '-' || text[7] != '-' || text[13] != ':' ||
      (text[10] != 'T' && text[10] != 't' && text[10] != ' ')) {
    return absl::nullopt;
  }
  const absl::optional<int64_t> midnight =
      Midnight(Digits(text, 0, 4), Digits(text, 5, 2), Digits(text, 8, 2));
  const int hour = Digits(text, 11, 2);
  const int minute = Digits(text, 14, 2);
  int second = 0;
  size_t at = 16;
  if (at < text.size() && text[at] == ':') {
    second = Digits(text, 17, 2);
    at = 19;
  }
  if (!midnight.has_value() || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
      second > 60) {
    return absl::nullopt;
  }
  if (at + 1 < text.size() && (text[at] == '.' || text[at] == ',') &&
      Digits(text, at + 1, 1) >= 0) {
    ++at;
    while (Digits(text, at, 1) >= 0) ++at;
  }
  const absl::optional<int64_t> offset = Offset(text.substr(at));
  if (!offset.has_value()) return absl::nullopt;
  return *midnight + int64_t{hour} * 3600 + int64_t{minute} * 60 + second - *offset;
}

namespace {

// "4/5/2026": three numbers, the last of them a year.
struct PartedDay {
  int first = 0;
  int second = 0;
  int year = 0;
};

// Whether what follows a day is a time of day, or nothing.
bool IsTimeOrNothing(absl::string_view rest) {
  return rest.empty() || (absl::StrContains("Tt ", rest[0]) &&
                          Digits(absl::StripLeadingAsciiWhitespace(rest.substr(1)), 0, 1) >= 0);
}

absl::optional<PartedDay> PartDay(absl::string_view day, char separator) {
  const std::vector<absl::string_view> parts = absl::StrSplit(day, separator);
  if (parts.size() != 3 || parts[2].size() != 4) return absl::nullopt;
  for (const absl::string_view part : {parts[0], parts[1]}) {
    if (part.empty() || part.size() > 2) return absl::nullopt;
  }
  const PartedDay parted = {Digits(parts[0], 0, parts[0].size()),
                            Digits(parts[1], 0, parts[1].size()), Digits(parts[2], 0, 4)};
  if (parted.first < 0 || parted.second < 0 || parted.year < 0) return absl::nullopt;
  return parted;
}

// "20.11.2026", "20. 11. 2026.", "20.11.26": the day first; what follows is a time or nothing.
absl::optional<PartedDay> PartDotted(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  int numbers[3] = {};
  size_t digits = 0;
  for (size_t i = 0; i < 3; ++i) {
    digits = 0;
    while (digits < 4 && Digits(text, digits, 1) >= 0) ++digits;
    if (digits == 0 || (i < 2 && digits > 2)) return absl::nullopt;
    numbers[i] = Digits(text, 0, digits);
    text.remove_prefix(digits);
    if (!absl::ConsumePrefix(&text, ".") && i < 2) return absl::nullopt;
    if (i < 2) absl::ConsumePrefix(&text, " ");
  }
  if ((digits != 2 && digits != 4) || !IsTimeOrNothing(text)) return absl::nullopt;
  // Year 1, for never, has two digits, too.
  const bool in_full = digits == 4 || (numbers[0] == 1 && numbers[1] == 1 && numbers[2] == 1);
  return PartedDay{numbers[0], numbers[1], numbers[2] + (in_full ? 0 : 2000)};
}

// "2026-05-04", "2026/5/4", "2026. 05. 04.": the year first, then the month; what follows is a
// time or nothing.
absl::optional<PartedDay> PartYearFirst(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  const char separator = text.size() > 4 ? text[4] : '\0';
  if (separator != '-' && separator != '/' && separator != '.') return absl::nullopt;
  int parts[2] = {};
  size_t at = 4;
  for (int& part : parts) {
    if (at >= text.size() || text[at] != separator) return absl::nullopt;
    ++at;
    if (separator == '.' && at < text.size() && text[at] == ' ') ++at;
    const size_t digits = Digits(text, at, 2) < 0 ? 1 : 2;
    part = Digits(text, at, digits);
    if (part < 0) return absl::nullopt;
    at += digits;
  }
  if (separator == '.' && at < text.size() && text[at] == '.') ++at;
  const int year = Digits(text, 0, 4);
  if (year < 0 || !IsTimeOrNothing(text.substr(at))) return absl::nullopt;
  return PartedDay{parts[0], parts[1], year};
}

// What is written before a time; nothing when what follows is no time.
absl::string_view DayPart(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  const absl::string_view day = text.substr(0, text.find_first_of("Tt "));
  return IsTimeOrNothing(text.substr(day.size())) ? day : absl::string_view();
}

// A day of which it has to be known what stands first.
absl::optional<PartedDay> PartUnordered(absl::string_view text) {
  const absl::string_view day = DayPart(text);
  const absl::optional<PartedDay> parted = PartDay(day, '/');
  return parted.has_value() ? parted : PartDay(day, '-');
}

}  // namespace

DayOrder DayOrderOf(absl::string_view text) {
  const absl::optional<PartedDay> day = PartUnordered(text);
  if (!day.has_value() || (day->first > 12) == (day->second > 12)) return DayOrder::kUnknown;
  return day->first > 12 ? DayOrder::kDayFirst : DayOrder::kMonthFirst;
}

bool NeedsDayOrder(absl::string_view text) {
  const absl::optional<PartedDay> day = PartUnordered(text);
  return day.has_value() && day->first <= 12 && day->second <= 12 && day->first != day->second;
}

bool SaysNever(absl::string_view text) {
  constexpr int kFirstYear = 1971;
  text = absl::StripAsciiWhitespace(text);
  for (const absl::string_view never : {"", "0", "-", "never", "none", "null", "n/a"}) {
    if (absl::EqualsIgnoreCase(text, never)) return true;
  }
  if (const absl::optional<int64_t> time = ParseAuditTime(text); time.has_value()) {
    return *time < *Midnight(kFirstYear, 1, 1);
  }
  for (const absl::optional<PartedDay>& parted :
       {PartUnordered(text), PartDotted(text), PartYearFirst(text)}) {
    if (parted.has_value()) return parted->year < kFirstYear;
  }
  return false;
}

absl::optional<int64_t> ParseReportDay(absl::string_view text, DayOrder order) {
  // Where points part them, the day stands first.
  if (const absl::optional<PartedDay> dotted = PartDotted(text); dotted.has_value()) {
    return Midnight(dotted->year, dotted->second, dotted->first);
  }
  if (const absl::optional<PartedDay> parted = PartUnordered(text); parted.has_value()) {
    if (order == DayOrder::kUnknown && !NeedsDayOrder(text)) {
      order = parted->second > 12 ? DayOrder::kMonthFirst : DayOrder::kDayFirst;
    }
    const bool is_unclear = order == DayOrder::kBoth && parted->first != parted->second;
    if (order == DayOrder::kUnknown || is_unclear) return absl::nullopt;
    const bool day_first = order != DayOrder::kMonthFirst;
    return Midnight(parted->year, day_first ? parted->second : parted->first,
                    day_first ? parted->first : parted->second);
  }
  const absl::optional<PartedDay> parted = PartYearFirst(text);
  if (!parted.has_value()) return absl::nullopt;
  return Midnight(parted->year, parted->first, parted->second);
}

}  // namespace tutti
