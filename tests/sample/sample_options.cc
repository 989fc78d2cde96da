#include "tests/sample/sample_options.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/organization/organization_id.h"

namespace tutti {

bool SampleOptions::Writes(SampleShape shape) const {
  return std::find(shapes.begin(), shapes.end(), shape) != shapes.end();
}

absl::Status ValidateSampleOptions(const SampleOptions& options) {
  if (!IsOrganizationId(options.organization)) {
    return absl::InvalidArgumentError(
        "--organization must match [a-z0-9][a-z0-9-]{0,62}: give the organisation's id");
  }
  if (options.people < 10 || options.people > 1'000'000) {
    return absl::InvalidArgumentError("--people must be from 10 to 1,000,000");
  }
  if (options.weeks < 1 || options.weeks > 104) {
    return absl::InvalidArgumentError("--weeks must be from 1 to 104");
  }
  for (const auto& [flag, week] : {std::pair{"--campaign-week", options.campaign_week},
                                   std::pair{"--rest-week", options.rest_week}}) {
    if (week < -1 || week >= options.weeks) {
      return absl::InvalidArgumentError(
          absl::StrCat(flag, " must be below --weeks: give a week, from 0, or leave it out"));
    }
  }
  if (options.first_day() < Day(2000, 1, 3) || options.last_day > Day(2999, 12, 30)) {
    return absl::InvalidArgumentError(
        "--last-day must leave every day between 2000-01-03 and 2999-12-30: choose another one");
  }
  if (options.shapes.empty()) {
    return absl::InvalidArgumentError("--format must not be empty: say what is to be written");
  }
  if (options.records < 0) {
    return absl::InvalidArgumentError("--records must not be negative: leave it out, or give 0");
  }
  return LoadZone(options.time_zone).status();
}

Day DayBefore(absl::Time now, absl::TimeZone zone) { return absl::ToCivilDay(now, zone) - 1; }

}  // namespace tutti
