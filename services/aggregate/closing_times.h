#ifndef TUTTI_SERVICES_AGGREGATE_CLOSING_TIMES_H_
#define TUTTI_SERVICES_AGGREGATE_CLOSING_TIMES_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/window/day.h"
#include "common/window/window.h"
#include "services/aggregate/scheduled_organization.h"

namespace tutti {

// What follows from an organisation and the clock, and from nothing else.

// From when a window may be closed: once nothing more is merged into it, and every lease has run
// out that was given before the organisation's state changed.
absl::Time ClosableTime(const ScheduledOrganization& organization, Window window);

// When something of the organisation is to be closed next; InfiniteFuture when nothing is.
absl::Time NextDue(const ScheduledOrganization& organization);

// When closers are to look at the organisation next, which is what its stored due time must
// say: NextDue, or some hours after `now` where nothing is to be closed. Never InfiniteFuture:
// whoever stores what was so a moment ago then delays a close, and loses none.
absl::Time NextLook(const ScheduledOrganization& organization, absl::Time now);

// Every window that takes activity at `now`, day windows and then reach windows, each in order
// of end days.
std::vector<Window> OpenWindows(const ScheduledOrganization& organization, absl::Time now);

// The end days, ascending, of the reach windows that are not closed yet and take nothing more at
// `time`.
std::vector<Day> ReachEndsOver(const ScheduledOrganization& organization, absl::Time time);

// FailedPrecondition while scoring is paused: there is no back-fill to finish.
absl::Status CheckFinishable(const ScheduledOrganization& organization);

// The end days, ascending, of the reach windows that finishing the back-fill at `now` would
// close; none where nothing is back-filled. Errors as CheckFinishable.
absl::StatusOr<std::vector<Day>> ClosedByFinishing(const ScheduledOrganization& organization,
                                                   absl::Time now);

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_CLOSING_TIMES_H_
