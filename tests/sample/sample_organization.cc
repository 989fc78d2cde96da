#include "tests/sample/sample_organization.h"

#include <sodium.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "common/status/status_macros.h"
#include "tests/sample/day_writer.h"
#include "tests/sample/record_forms.h"

namespace tutti {
namespace {

// The default density: 150,000 records for 600 people in 112 days.
constexpr double kRecordsPerPersonDay = 150'000.0 / (600 * 112);

}  // namespace

absl::StatusOr<SampleOrganization> SampleOrganization::Create(const SampleOptions& options) {
  RETURN_IF_ERROR(ValidateSampleOptions(options));
  if (sodium_init() < 0) return absl::InternalError("libsodium cannot be initialised");
  ASSIGN_OR_RETURN(const absl::TimeZone zone, LoadZone(options.time_zone));
  SampleOrganization organization(options);
  for (int day = 0; day <= organization.days(); ++day) {
    const absl::CivilSecond midnight(organization.DayAt(day));
    organization.starts_.push_back(absl::ToUnixSeconds(absl::FromCivil(midnight, zone)));
  }
  organization.DrawHolidays();
  organization.ChooseVolume();
  return organization;
}

SampleOrganization::SampleOrganization(const SampleOptions& options)
    : options_(options),
      key_(options.seed, options.organization),
      domain_(absl::StrCat(options.organization, ".example")) {}

void SampleOrganization::DrawHolidays() {
  for (int day = 0; day < days(); ++day) {
    const absl::Weekday weekday = absl::GetWeekday(DayAt(day));
    off_.push_back(weekday == absl::Weekday::saturday || weekday == absl::Weekday::sunday);
  }
  // One working day in about six weeks, from the third week on.
  for (int week = 2; week < options_.weeks; week += 6) {
    const uint64_t drawn = key_.Number("holiday", static_cast<uint64_t>(week));
    const int day = 7 * week + static_cast<int>(drawn % 7);
    off_[static_cast<size_t>(day)] = true;
  }
  if (options_.rest_week < 0) return;
  const auto rest = off_.begin() + std::ptrdiff_t{7} * options_.rest_week;
  std::fill(rest, rest + std::min<std::ptrdiff_t>(14, off_.end() - rest), true);
}

std::string SampleOrganization::PersonName(uint32_t person) const {
  return absl::StrFormat("person-%04d@%s", person + 1, domain_);
}

std::string SampleOrganization::GroupAddress(uint32_t group) const {
  return absl::StrFormat("group-%02d@%s", group + 1, domain_);
}

std::vector<std::string> SampleOrganization::GroupAddresses() const {
  std::vector<std::string> addresses;
  for (uint32_t group = 0; group < group_count(); ++group) addresses.push_back(GroupAddress(group));
  return addresses;
}

SampleHabits SampleOrganization::HabitsOf(uint32_t person) const {
  SampleHabits habits = DrawHabits(key_, person, days(),
                                   options_.campaign_week < 0 ? -1 : 7 * options_.campaign_week);
  // Files are shared on working days: the next one, if the drawn day is none.
  for (int& shared : habits.share_day) {
    while (shared >= 0 && shared < days() &&
           (IsDayOff(shared) || (shared >= habits.leave_from && shared < habits.leave_until))) {
      ++shared;
    }
    if (shared >= days()) shared = -1;
  }
  return habits;
}

double SampleOrganization::PresenceChance(const SampleHabits& habits, int day) const {
  if (day >= habits.leave_from && day < habits.leave_until) return 0;
  const int weekday = static_cast<int>(absl::GetWeekday(DayAt(day)));
  return double{IsDayOff(day) || weekday == habits.day_off ? habits.weekend : habits.present};
}

bool SampleOrganization::IsPresent(const SampleHabits& habits, int day) const {
  // The first draw of the day, as in DayWriter.
  Draws draws(key_, SampleStream::kPersonDay, habits.person, static_cast<uint32_t>(day));
  return draws.Chance(PresenceChance(habits, day));
}

std::vector<SampleMeeting> SampleOrganization::MeetingsOf(uint32_t team, int day) const {
  std::vector<SampleMeeting> meetings;
  if (IsDayOff(day)) return meetings;
  const uint32_t first = team * kTeamSize;
  const uint32_t size = std::min(kTeamSize, people() - first);
  const uint32_t weekday = static_cast<uint32_t>(absl::GetWeekday(DayAt(day)));
  Draws habit(key_, SampleStream::kTeam, team, 0);
  Draws draws(key_, SampleStream::kTeamDay, team, static_cast<uint32_t>(day));
  const auto add = [&](SampleMeetingKind kind, uint32_t hour, uint32_t organizer) {
    SampleMeeting meeting;
    meeting.kind = kind;
    meeting.organizer = first + organizer % size;
    meeting.start = DayStart(day) + int64_t{hour} * 3600 + int64_t{draws.Below(4)} * 900;
    meeting.minutes = 15 + 15 * static_cast<int>(draws.Below(4));
    meeting.item = (uint64_t{team} << 24 | static_cast<uint32_t>(day)) << 8 | meetings.size();
    meetings.push_back(meeting);
  };
  const uint32_t recurring_day = habit.Below(5);
  const uint32_t second_day = habit.Chance(0.4) ? (recurring_day + 2) % 5 : 7;
  const uint32_t lead = habit.Below(size);
  if (weekday == recurring_day || weekday == second_day) {
    add(SampleMeetingKind::kRecurring, 9 + habit.Below(3), lead);
  }
  if (draws.Chance(0.16)) add(SampleMeetingKind::kOneOff, 13 + draws.Below(3), draws.Below(size));
  if (draws.Chance(0.07)) add(SampleMeetingKind::kMeetNow, 14 + draws.Below(3), draws.Below(size));
  if (draws.Chance(0.06))
    add(SampleMeetingKind::kGroupCall, 10 + draws.Below(6), draws.Below(size));
  return meetings;
}

void SampleOrganization::AppendDay(const SampleHabits& habits, int day,
                                   std::vector<SampleEvent>& events) const {
  DayWriter(*this, habits, day, events).Write();
}

ingest::v1::Activity SampleOrganization::ToActivity(const SampleEvent& event) const {
  return ToActivity(event.person, {kSampleActTypes[static_cast<size_t>(event.act)], event.seconds,
                                   event.app, event.platform, event.traits});
}

ingest::v1::Activity SampleOrganization::ToActivity(uint32_t person,
                                                    const ToldActivity& told) const {
  ingest::v1::Activity activity;
  activity.set_subject(PersonName(person));
  activity.set_type(told.type.data(), told.type.size());
  activity.mutable_occurred_at()->set_seconds(told.seconds);
  activity.set_app(told.app.data(), told.app.size());
  activity.set_platform(told.platform.data(), told.platform.size());
  const auto& names = SampleTraitNames();
  for (size_t bit = 0; bit < names.size(); ++bit) {
    if (told.traits & (SampleTraits{1} << bit)) activity.add_traits(names[bit]);
  }
  return activity;
}

void SampleOrganization::ForEachActivity(
    const std::function<void(const ingest::v1::Activity&)>& take) const {
  ForEachEvent([&](const SampleEvent& event) { take(ToActivity(event)); });
}

void SampleOrganization::ForEachEvent(const std::function<void(const SampleEvent&)>& take) const {
  std::vector<SampleEvent> events;
  for (uint32_t person = 0; person < people(); ++person) {
    const SampleHabits habits = HabitsOf(person);
    for (int day = 0; day < days(); ++day) {
      events.clear();
      AppendDay(habits, day, events);
      for (const SampleEvent& event : events) take(event);
    }
  }
}

double SampleOrganization::EstimateRecords() const {
  constexpr uint32_t kPeople = 120;
  constexpr int kDays = 28;
  const uint32_t some = std::min(kPeople, people());
  const int several = std::min(kDays, days());
  double records = 0;
  std::vector<SampleEvent> events;
  for (uint32_t i = 0; i < some; ++i) {
    const uint32_t person = static_cast<uint32_t>(uint64_t{people()} * i / some);
    const SampleHabits habits = HabitsOf(person);
    for (int k = 0; k < several; ++k) {
      // Whole weeks, spread over the range.
      const int week = (k / 7) * options_.weeks / ((several + 6) / 7);
      const int day = 7 * week + k % 7;
      events.clear();
      AppendDay(habits, day, events);
      for (const SampleEvent& event : events) records += RecordsOf(event);
      if (IsPresent(habits, day)) records += kNoisePerPresence;
    }
  }
  const double scale = static_cast<double>(people()) * days() / (double{1} * some * several);
  return records * scale / (1 - kRedeliveredShare);
}

void SampleOrganization::ChooseVolume() {
  const double target = options_.records > 0
                            ? static_cast<double>(options_.records)
                            : kRecordsPerPersonDay * static_cast<double>(people()) * days();
  double low = 0;
  double high = 64;
  for (int i = 0; i < 14; ++i) {
    volume_ = (low + high) / 2;
    (EstimateRecords() < target ? low : high) = volume_;
  }
  volume_ = low;
}

}  // namespace tutti
