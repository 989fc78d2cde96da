#include "services/cli/import/audit_time.h"

#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/time/civil_time.h"

namespace tutti {
namespace {

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
  if (zone.empty() || zone == "Z" || zone == "z") return 0;
  if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') {
    return absl::nullopt;
  }
  const int hours = Digits(zone, 1, 2);
  const int minutes = Digits(zone, 4, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return absl::nullopt;
  const int64_t seconds = hours * 3600 + minutes * 60;
  return zone[0] == '-' ? -seconds : seconds;
}

}  // namespace

absl::optional<int64_t> ParseAuditTime(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (absl::StartsWith(text, "/Date(") && absl::EndsWith(text, ")/")) {
    int64_t milliseconds = 0;
    if (!absl::SimpleAtoi(text.substr(6, text.size() - 8), &milliseconds)) return absl::nullopt;
    return milliseconds / 1000;
  }
  if (text.size() < 19 || text[4] != '-' || text[7] != '-' ||
      (text[10] != 'T' && text[10] != ' ') || text[13] != ':' || text[16] != ':') {
    return absl::nullopt;
  }
  const int year = Digits(text, 0, 4);
  const int month = Digits(text, 5, 2);
  const int day = Digits(text, 8, 2);
  const int hour = Digits(text, 11, 2);
  const int minute = Digits(text, 14, 2);
  const int second = Digits(text, 17, 2);
  if (year < 0 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 || minute < 0 ||
      minute > 59 || second < 0 || second > 60) {
    return absl::nullopt;
  }
  const absl::CivilDay date(year, month, day);
  if (date.day() != day) return absl::nullopt;
  size_t at = 19;
  if (at < text.size() && text[at] == '.') {
    ++at;
    while (at < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[at]))) ++at;
  }
  const absl::optional<int64_t> offset = Offset(text.substr(at));
  if (!offset.has_value()) return absl::nullopt;
  return (date - absl::CivilDay(1970, 1, 1)) * 86400 + hour * 3600 + minute * 60 + second - *offset;
}

}  // namespace tutti
