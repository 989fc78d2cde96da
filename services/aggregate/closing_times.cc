#include "services/aggregate/closing_times.h"

#include <algorithm>

#include "common/rpc/error_details.h"
#include "common/status/status_macros.h"
#include "google/protobuf/util/time_util.h"
#include "services/aggregate/aggregate_error.h"

namespace tutti {
namespace {

// An organisation of which nothing is to be closed is looked at this often.
constexpr absl::Duration kIdleLook = absl::Hours(6);
// A window is named in the policy this long before it can take anything.
constexpr int kDaysAhead = 1;

bool IsBackfilling(const ScheduledOrganization& organization) {
  return organization.state() == aggregate::v1::ORGANIZATION_STATE_BACKFILLING;
}

}  // namespace

absl::Time ClosableTime(const ScheduledOrganization& organization, Window window) {
  const absl::Time settled = organization.SettledTime(window);
  if (!organization.stored().has_close_not_before()) return settled;
  return std::max(settled,
                  absl::FromUnixMillis(google::protobuf::util::TimeUtil::TimestampToMilliseconds(
                      organization.stored().close_not_before())));
}

absl::Time NextDue(const ScheduledOrganization& organization) {
  if (organization.state() != aggregate::v1::ORGANIZATION_STATE_ACTIVE) {
    return absl::InfiniteFuture();
  }
  return std::min(ClosableTime(organization, {WindowKind::kDay, organization.next_day()}),
                  ClosableTime(organization, {WindowKind::kReach, organization.next_reach_end()}));
}

absl::Time NextLook(const ScheduledOrganization& organization, absl::Time now) {
  const absl::Time due = NextDue(organization);
  return due == absl::InfiniteFuture() ? now + kIdleLook : due;
}

std::vector<Window> OpenWindows(const ScheduledOrganization& organization, absl::Time now) {
  const Schedule& schedule = organization.schedule();
  const Day last = schedule.calendar().DayOf(now) + kDaysAhead;
  const auto is_open = [&](Window window) {
    return organization.Has(window) && !organization.IsClosed(window) &&
           (IsBackfilling(organization) || now < schedule.CloseTime(window));
  };
  std::vector<Window> windows;
  for (Day day = organization.next_day(); day <= last; ++day) {
    const Window window{WindowKind::kDay, day};
    if (is_open(window)) windows.push_back(window);
  }
  for (Day end = organization.next_reach_end(); end < last + kReachDays; ++end) {
    const Window window{WindowKind::kReach, end};
    if (is_open(window)) windows.push_back(window);
  }
  return windows;
}

std::vector<Day> ReachEndsOver(const ScheduledOrganization& organization, absl::Time time) {
  const Schedule& schedule = organization.schedule();
  std::vector<Day> ends;
  for (Day end = organization.next_reach_end();
       schedule.CloseTime({WindowKind::kReach, end}) <= time; end = schedule.NextReachEnd(end)) {
    ends.push_back(end);
  }
  return ends;
}

absl::Status CheckFinishable(const ScheduledOrganization& organization) {
  if (organization.TakesActivity()) return absl::OkStatus();
  return WithReason(absl::FailedPreconditionError("the organisation is paused; resume it first"),
                    aggregate::v1::REASON_ORGANIZATION_PAUSED);
}

absl::StatusOr<std::vector<Day>> ClosedByFinishing(const ScheduledOrganization& organization,
                                                   absl::Time now) {
  RETURN_IF_ERROR(CheckFinishable(organization));
  return IsBackfilling(organization) ? ReachEndsOver(organization, now) : std::vector<Day>();
}

}  // namespace tutti
