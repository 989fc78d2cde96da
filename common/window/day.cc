#include "common/window/day.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace tutti {
namespace {

bool IsZonePart(absl::string_view part) {
  return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '+' || c == '-';
  });
}

// Whether the system has a zone that is called so, letter for letter. Abseil remembers every
// name that it is asked for, whether or not it is one, and takes paths too.
bool IsZoneFile(const std::string& name) {
  for (const absl::string_view part : absl::StrSplit(name, '/')) {
    if (!IsZonePart(part)) return false;
  }
  std::error_code failed;
  return std::filesystem::is_regular_file("/usr/share/zoneinfo/" + name, failed);
}

bool ParseDigits(absl::string_view digits, int& number) {
  return std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit) &&
         absl::SimpleAtoi(digits, &number);
}

}  // namespace

absl::StatusOr<Day> ParseDay(absl::string_view text) {
  const auto malformed = [] {
    return absl::InvalidArgumentError(
        "a day must be ISO 8601, YYYY-MM-DD, from 2000-01-02 to 2999-12-31");
  };
  // By hand: Abseil's ParseCivilTime takes many times as long, and a close parses hundreds
  // of days.
  int year = 0;
  int month = 0;
  int number = 0;
  if (text.size() != 10 || text[4] != '-' || text[7] != '-' ||
      !ParseDigits(text.substr(0, 4), year) || !ParseDigits(text.substr(5, 2), month) ||
      !ParseDigits(text.substr(8, 2), number)) {
    return malformed();
  }
  const Day day(year, month, number);
  // One that does not exist has become another.
  if (day.month() != month || day.day() != number || day < Day(2000, 1, 2) ||
      day > Day(2999, 12, 31)) {
    return malformed();
  }
  return day;
}

std::string FormatDay(Day day) {
  return absl::StrCat(absl::Dec(day.year(), absl::kZeroPad4), "-",
                      absl::Dec(day.month(), absl::kZeroPad2), "-",
                      absl::Dec(day.day(), absl::kZeroPad2));
}

absl::StatusOr<absl::TimeZone> LoadZone(const std::string& name) {
  absl::TimeZone zone = absl::UTCTimeZone();
  if (name.empty() || name == zone.name()) return zone;
  if (name.size() > 64 || !IsZoneFile(name) || !absl::LoadTimeZone(name, &zone)) {
    return absl::InvalidArgumentError(
        "time_zone must be an IANA time zone name, like \"Europe/Amsterdam\"");
  }
  return zone;
}

}  // namespace tutti
