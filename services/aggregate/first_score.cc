#include "services/aggregate/first_score.h"

#include "common/feeding/declared_sources.h"
#include "common/scoring/planned_margins.h"
#include "common/scoring/public_terms.h"
#include "services/aggregate/closing_times.h"
#include "services/aggregate/first_shown.h"

namespace tutti {
namespace {

using aggregate::v1::Organization;

// The number of records of such windows from which on one shows something; 0 where none does.
int RecordsNeeded(const Catalog& catalog, const Organization& profile, const WhatIsFed& fed,
                  const WindowTerms& terms, int step_days) {
  PublicTerms planned = PlannedTerms(catalog, terms.headcount, terms.cadence, step_days);
  for (const aggregate::v1::Entitlement& entitlement : profile.entitlements()) {
    planned.entitled[entitlement.product()] = entitlement.people();
  }
  return RecordsUntilAnythingShown(catalog, planned, terms.cadence, fed);
}

}  // namespace

FirstScore ExpectFirstScore(const Catalog& catalog, NeededSizes& sizes,
                            const ScheduledOrganization& organization) {
  const Organization& profile = organization.stored().organization();
  const Schedule& schedule = organization.schedule();
  const DeclaredSources sources(catalog, profile.sources(), profile.source_contents());
  // Who has named no source yet may still name any.
  const auto feeds = [&](const auto& figure) {
    return profile.sources().empty() || sources.Feeds(figure);
  };
  const WhatIsFed fed{feeds, feeds};
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
      needed = RecordsNeeded(catalog, profile, fed, terms, step);
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
  // It need not be the headcount that is too small: few may be entitled to all that is measured.
  const WindowTerms& last = schedule.terms().back();
  const int64_t smallest = sizes.OfFed(fed, {profile.cadence(), last.cadence});
  if (smallest > last.headcount) first.smallest_headcount = smallest;
  return first;
}

}  // namespace tutti
