#include "services/aggregate/first_score.h"

#include <algorithm>
#include <set>
#include <string>

#include "common/scoring/planned_margins.h"
#include "google/protobuf/util/time_util.h"

namespace tutti {

FirstScore ExpectFirstScore(const Catalog& catalog, const ScheduledOrganization& organization,
                            absl::Duration policy_lease) {
  const aggregate::v1::Organization& profile = organization.stored().organization();
  const std::set<std::string> sources(profile.sources().begin(), profile.sources().end());
  const Schedule& schedule = organization.schedule();
  FirstScore first;
  const WindowTerms* judged = nullptr;
  int judged_step = 0;
  for (Day end = schedule.NextReachEnd(schedule.first_day());; end = schedule.NextReachEnd(end)) {
    const Window window{WindowKind::kReach, end};
    const WindowTerms& terms = schedule.TermsAt(window.first_day());
    const int step = static_cast<int>(schedule.StepDays(end).size());
    const bool shown = (judged != &terms || judged_step != step) &&
                       AnythingShown(catalog, sources, terms.headcount, terms.cadence, step);
    judged = &terms;
    judged_step = step;
    if (shown) {
      if (organization.state() != aggregate::v1::ORGANIZATION_STATE_ACTIVE) return first;
      absl::Time due = schedule.CloseTime(window) + policy_lease;
      if (organization.stored().has_close_not_before()) {
        due = std::max(
            due, absl::FromUnixMillis(google::protobuf::util::TimeUtil::TimestampToMilliseconds(
                     organization.stored().close_not_before())));
      }
      first.expected = due;
      return first;
    }
    // The last terms hold for ever.
    if (window.first_day() >= schedule.terms().back().from_day) break;
  }
  first.smallest_headcount = SmallestHeadcount(catalog, sources, profile.cadence());
  return first;
}

}  // namespace tutti
