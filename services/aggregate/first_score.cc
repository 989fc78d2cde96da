#include "services/aggregate/first_score.h"

#include <set>
#include <string>

#include "common/scoring/planned_margins.h"
#include "services/aggregate/closing_times.h"

namespace tutti {

FirstScore ExpectFirstScore(const Catalog& catalog, const ScheduledOrganization& organization) {
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
      first.expected = ClosableTime(organization, window);
      return first;
    }
    // The last terms hold for ever.
    if (window.first_day() >= schedule.terms().back().from_day) break;
  }
  first.smallest_headcount = SmallestHeadcount(catalog, sources, profile.cadence());
  return first;
}

}  // namespace tutti
