#ifndef TUTTI_TESTS_SAMPLE_SAMPLE_ORGANIZATION_H_
#define TUTTI_TESTS_SAMPLE_SAMPLE_ORGANIZATION_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/sample/draws.h"
#include "tests/sample/habits.h"
#include "tests/sample/sample_event.h"
#include "tests/sample/sample_options.h"
#include "tests/sample/told.h"
#include "tutti/ingest/v1/ingest.pb.h"

namespace tutti {

// A made-up organisation: its people, their habits and what they do on each day.
// Nothing is kept: every answer is worked out from the seed, so a million people
// take no memory, and days and people may be asked for in any order. Thread-safe.
//
// Days are counted from 0, the first day, in the organisation's time zone; people
// from 0. The events are what was *meant*: everything else (the log, the truth)
// follows from them.
class SampleOrganization {
 public:
  // InvalidArgument as ValidateSampleOptions says; Internal without libsodium.
  static absl::StatusOr<SampleOrganization> Create(const SampleOptions& options);

  const SampleOptions& options() const { return options_; }
  const SampleKey& key() const { return key_; }
  int days() const { return 7 * options_.weeks; }
  uint32_t people() const { return static_cast<uint32_t>(options_.people); }
  int64_t licensed_people() const { return LicensedPeople(options_.people); }
  Day DayAt(int day) const { return options_.first_day() + day; }
  // The first second of a day, since 1970; of days() as well, where the log ends.
  int64_t DayStart(int day) const { return starts_[static_cast<size_t>(day)]; }
  // Whether most people have the day off: Saturday, Sunday, a holiday.
  bool IsDayOff(int day) const { return off_[static_cast<size_t>(day)]; }

  // "acme.example", and a person's name there in lower case: the subject of the
  // person's activities.
  const std::string& domain() const { return domain_; }
  std::string PersonName(uint32_t person) const;
  // The GUID of the organisation in the log.
  std::string TenantId() const { return key_.Guid("tenant", 0); }
  // Addresses of group mailboxes, in lower case.
  std::vector<std::string> GroupAddresses() const;
  std::string GroupAddress(uint32_t group) const;
  uint32_t group_count() const { return 3 + team_count() / 4; }

  // People work in teams of this size; the last one may be smaller.
  static constexpr uint32_t kTeamSize = 8;
  uint32_t team_count() const { return (people() + kTeamSize - 1) / kTeamSize; }
  static uint32_t TeamOf(uint32_t person) { return person / kTeamSize; }

  SampleHabits HabitsOf(uint32_t person) const;
  // Whether the person is at work. Some things may be done on other days, too.
  bool IsPresent(const SampleHabits& habits, int day) const;
  // Appends what a person does on a day, in no order.
  void AppendDay(const SampleHabits& habits, int day, std::vector<SampleEvent>& events) const;
  // The meetings and group calls of a team on a day.
  std::vector<SampleMeeting> MeetingsOf(uint32_t team, int day) const;

  ingest::v1::Activity ToActivity(const SampleEvent& event) const;
  ingest::v1::Activity ToActivity(uint32_t person, const ToldActivity& told) const;
  // Calls with everything that people do, person by person and day by day.
  void ForEachEvent(const std::function<void(const SampleEvent&)>& take) const;
  // Likewise, with every intended activity.
  void ForEachActivity(const std::function<void(const ingest::v1::Activity&)>& take) const;

 private:
  explicit SampleOrganization(const SampleOptions& options);
  void DrawHolidays();
  double PresenceChance(const SampleHabits& habits, int day) const;
  void ChooseVolume();
  double EstimateRecords() const;
  friend class DayWriter;

  SampleOptions options_;
  SampleKey key_;
  std::string domain_;
  std::vector<int64_t> starts_;  // days() + 1
  std::vector<bool> off_;        // days()
  double volume_ = 0;            // how much is repeated on a day
};

// How many records the log has for an event, without re-deliveries.
int RecordsOf(const SampleEvent& event);

}  // namespace tutti

#endif  // TUTTI_TESTS_SAMPLE_SAMPLE_ORGANIZATION_H_
