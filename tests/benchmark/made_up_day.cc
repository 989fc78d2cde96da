#include "tests/benchmark/made_up_day.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/sample/sample_organization.h"

namespace tutti {
namespace {

// Records that a week has for each activity of one person on a working day.
constexpr double kRecordsPerActivity = 5.0;

absl::StatusOr<SampleOrganization> MakeOrganization(const MadeUpDay& wanted) {
  SampleOptions options;
  options.organization = wanted.organization;
  options.people = wanted.people;
  options.weeks = 1;
  options.last_day = DayBefore(wanted.now, absl::UTCTimeZone());
  options.records = static_cast<int64_t>(static_cast<double>(wanted.people) *
                                         wanted.activities_a_person * kRecordsPerActivity);
  return SampleOrganization::Create(options);
}

int WorkingDay(const SampleOrganization& organization) {
  for (int day = 0; day < organization.days(); ++day) {
    if (!organization.IsDayOff(day)) return day;
  }
  return 0;
}

}  // namespace

absl::StatusOr<std::vector<ingest::v1::IngestActivitiesRequest>> MakeDay(const MadeUpDay& wanted) {
  const absl::StatusOr<SampleOrganization> made = MakeOrganization(wanted);
  if (!made.ok()) return made.status();
  const int day = WorkingDay(*made);
  std::vector<SampleEvent> events;
  for (uint32_t person = 0; person < made->people(); ++person) {
    made->AppendDay(made->HabitsOf(person), day, events);
  }
  std::stable_sort(events.begin(), events.end(), [](const SampleEvent& a, const SampleEvent& b) {
    return a.seconds < b.seconds;
  });
  std::vector<ingest::v1::IngestActivitiesRequest> batches;
  const absl::CivilDay today = absl::ToCivilDay(wanted.now, absl::UTCTimeZone());
  for (int i = 0; i < wanted.days; ++i) {
    const int64_t begin = absl::ToUnixSeconds(
        absl::FromCivil(today - int64_t{1} * i * wanted.step, absl::UTCTimeZone()));
    const int64_t last = std::min(begin + 86'399, absl::ToUnixSeconds(wanted.now));
    for (const SampleEvent& event : events) {
      if (batches.empty() || batches.back().activities_size() == wanted.batch) {
        batches.emplace_back().set_organization(
            absl::StrCat("organizations/", wanted.organization));
      }
      ingest::v1::Activity& activity = *batches.back().add_activities();
      activity = made->ToActivity(event);
      const int64_t second = std::max<int64_t>(0, event.seconds - made->DayStart(day));
      activity.mutable_occurred_at()->set_seconds(std::min(begin + second, last));
    }
  }
  return batches;
}

}  // namespace tutti
