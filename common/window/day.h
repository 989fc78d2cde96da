#ifndef TUTTI_COMMON_WINDOW_DAY_H_
#define TUTTI_COMMON_WINDOW_DAY_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace tutti {

// A civil day in the organisation's time zone.
using Day = absl::CivilDay;

// Parses an ISO 8601 day, exactly "YYYY-MM-DD", between 2000-01-02 and
// 2999-12-31. Anything else is InvalidArgument, and the text is not repeated.
absl::StatusOr<Day> ParseDay(absl::string_view text);

// Formats a day as "YYYY-MM-DD".
std::string FormatDay(Day day);

// Loads an IANA time zone; "" is UTC. InvalidArgument when there is no such zone.
absl::StatusOr<absl::TimeZone> LoadZone(const std::string& name);

}  // namespace tutti

#endif  // TUTTI_COMMON_WINDOW_DAY_H_
