#include "tests/sample/audit_log.h"

#include <algorithm>
#include <vector>

#include "tests/sample/event_records.h"
#include "tests/sample/noise_records.h"
#include "tests/sample/record_forms.h"

namespace tutti {
namespace {

constexpr uint32_t kDelivery = 1;  // the subject of the draws: 0 is that of the noise

}  // namespace

AuditLogCounts TellAuditLog(const SampleOrganization& organization, const AuditRowSink& take) {
  AuditLogCounts counts;
  EventRecords records(organization);
  NoiseRecords noise(organization, records);
  std::vector<SampleHabits> habits;
  for (uint32_t person = 0; person < organization.people(); ++person) {
    habits.push_back(organization.HabitsOf(person));
  }
  std::vector<SampleEvent> events;
  std::vector<AuditRow> rows;
  for (int day = 0; day < organization.days(); ++day) {
    rows.clear();
    for (uint32_t team = 0; team < organization.team_count(); ++team) {
      for (const SampleMeeting& meeting : organization.MeetingsOf(team, day)) {
        records.AppendMeeting(meeting, rows);
      }
    }
    for (const SampleHabits& person : habits) {
      events.clear();
      organization.AppendDay(person, day, events);
      counts.activities += static_cast<int64_t>(events.size());
      for (const SampleEvent& event : events) records.Append(event, rows);
      if (organization.IsPresent(person, day)) noise.AppendForPerson(person, day, rows);
    }
    noise.AppendForDay(day, rows);
    std::stable_sort(rows.begin(), rows.end(),
                     [](const AuditRow& a, const AuditRow& b) { return a.created < b.created; });
    for (const AuditRow& row : rows) take(row, false);
    Draws draws(organization.key(), SampleStream::kDayNoise, kDelivery, static_cast<uint32_t>(day));
    for (const AuditRow& row : rows) {
      ++counts.records;
      if (!draws.Chance(kRedeliveredShare / (1 - kRedeliveredShare))) continue;
      ++counts.records;
      ++counts.redelivered;
      take(row, true);
    }
  }
  return counts;
}

}  // namespace tutti
