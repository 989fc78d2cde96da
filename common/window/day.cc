#include "common/window/day.h"

#include "absl/status/status.h"

namespace tutti {

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
  // Abseil reads a name with a leading slash or "file:" as a path.
  const bool is_path =
      !name.empty() && (name.front() == '/' || name.find(':') != std::string::npos ||
                        name.find("..") != std::string::npos);
  if (is_path || name.size() > 64 || (!name.empty() && !absl::LoadTimeZone(name, &zone))) {
    return absl::InvalidArgumentError(
        "time_zone must be an IANA time zone name, like \"Europe/Amsterdam\"");
  }
  return zone;
}

}  // namespace tutti
