#include "common/window/day.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
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

}  // namespace

absl::StatusOr<Day> ParseDay(absl::string_view text) {
  const auto malformed = [] {
    return absl::InvalidArgumentError(
        "a day must be ISO 8601, YYYY-MM-DD, from 2000-01-02 to 2999-12-31");
  };
  Day day;
  // ParseCivilTime also takes other spellings; only the canonical one comes back
  // unchanged.
  if (text.size() != 10 || !absl::ParseCivilTime(text, &day) || FormatDay(day) != text ||
      day < Day(2000, 1, 2) || day > Day(2999, 12, 31)) {
    return malformed();
  }
  return day;
}

std::string FormatDay(Day day) { return absl::FormatCivilTime(day); }

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
