#include "services/aggregate/first_score.h"

#include <set>
#include <string>

#include "common/scoring/planned_margins.h"
#include "services/aggregate/closing_times.h"

namespace tutti {
namespace {

// Whether records of such terms follow each other in one series, if they count alike.
bool AreOfOneSeries(const WindowTerms& a, const WindowTerms& b) {
  return a.cadence == b.cadence && a.zone == b.zone;
}

}  // namespace

FirstScore ExpectFirstScore(const Catalog& catalog, const ScheduledOrganization& organization) {
  const aggregate::v1::Organization& profile = organization.stored().organization();
  const std::set<std::string> sources(profile.sources().begin(), profile.sources().end());
  const Schedule& schedule = organization.schedule();
  FirstScore first;
  // Records so far of the series that a window is in, and how many it takes until one shows
  // something, both by the window's own terms.
  int records = 0;
  int needed = 0;
  const WindowTerms* judged = nullptr;
  int judged_step = 0;
  for (Day end = schedule.NextReachEnd(schedule.first_day());; end = schedule.NextReachEnd(end)) {
    const Window window{WindowKind::kReach, end};
    const WindowTerms& terms = schedule.TermsAt(window.first_day());
    const int step = static_cast<int>(schedule.StepDays(end).size());
    if (judged != nullptr && !AreOfOneSeries(*judged, terms)) records = 0;
    if (judged != &terms || judged_step != step) {
      needed = RecordsUntilAnythingShown(catalog, sources, terms.headcount, terms.cadence, step);
    }
    judged = &terms;
    judged_step = step;
    if (needed > 0 && ++records >= needed) {
      if (organization.state() != aggregate::v1::ORGANIZATION_STATE_ACTIVE) return first;
      first.expected = ClosableTime(organization, window);
      return first;
    }
    // The last terms hold for ever.
    if (needed == 0 && window.first_day() >= schedule.terms().back().from_day) break;
  }
  first.smallest_headcount = SmallestHeadcount(catalog, sources, profile.cadence());
  return first;
}

}  // namespace tutti
