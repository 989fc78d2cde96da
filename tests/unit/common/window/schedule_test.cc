#include "common/window/schedule.h"

#include <map>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/reach_ends.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using window::v1::CADENCE_AUTO;
using window::v1::CADENCE_DAILY;
using window::v1::CADENCE_FOUR_WEEKLY;
using window::v1::CADENCE_UNSPECIFIED;
using window::v1::CADENCE_WEEKLY;

void AddTerms(aggregate::v1::StoredOrganization& stored, const char* from,
              window::v1::Cadence cadence, int64_t headcount = 1000, const char* zone = "UTC") {
  aggregate::v1::Terms& terms = *stored.add_terms();
  terms.set_from_day(from);
  terms.set_cadence(cadence);
  terms.set_headcount(headcount);
  terms.set_time_zone(zone);
}

Schedule Make(const aggregate::v1::StoredOrganization& stored) {
  return Schedule::Create(stored, absl::Hours(48)).value();
}

Schedule MakePlain(window::v1::Cadence cadence, const char* first_day = "2026-01-05",
                   int64_t headcount = 1000, const char* zone = "UTC") {
  aggregate::v1::StoredOrganization stored;
  stored.mutable_organization()->set_first_day(first_day);
  AddTerms(stored, "2026-01-01", cadence, headcount, zone);
  return Make(stored);
}

TEST(ScheduleTest, EndsWeeklyWindowsOnSundays) {
  const Schedule schedule = MakePlain(CADENCE_WEEKLY);
  EXPECT_THAT(ReachEndsContaining(schedule, Day(2026, 3, 4)),
              ElementsAre(Day(2026, 3, 8), Day(2026, 3, 15), Day(2026, 3, 22), Day(2026, 3, 29)));
  EXPECT_EQ(absl::GetWeekday(Day(2026, 3, 8)), absl::Weekday::sunday);
}

TEST(ScheduleTest, EndsDailyWindowsEveryDay) {
  EXPECT_THAT(ReachEndsContaining(MakePlain(CADENCE_DAILY), Day(2026, 3, 4)), SizeIs(28));
}

TEST(ScheduleTest, EndsFourWeeklyWindowsOnEveryFourthSundayFromTheOrigin) {
  const Schedule schedule = MakePlain(CADENCE_FOUR_WEEKLY);
  const std::vector<Day> ends = ReachEndsContaining(schedule, Day(2026, 3, 4));
  ASSERT_THAT(ends, SizeIs(1));
  EXPECT_EQ((ends[0] - Day(2000, 1, 2)) % 28, 0);
}

TEST(ScheduleTest, HasNoWindowThatBeginsBeforeTheFirstDay) {
  const Schedule schedule = MakePlain(CADENCE_WEEKLY, "2026-01-05");  // a Monday
  EXPECT_FALSE(schedule.IsReachEnd(Day(2026, 1, 25)));
  EXPECT_TRUE(schedule.IsReachEnd(Day(2026, 2, 1)));  // 28 days from the first day
  EXPECT_EQ(schedule.NextReachEnd(Day(2026, 1, 1)), Day(2026, 2, 1));
}

TEST(ScheduleTest, AChangeOfCadenceOpensOnlyWindowsThatStartAfterIt) {
  aggregate::v1::StoredOrganization stored;
  stored.mutable_organization()->set_first_day("2026-01-05");
  AddTerms(stored, "2026-01-01", CADENCE_WEEKLY);
  AddTerms(stored, "2026-03-02", CADENCE_FOUR_WEEKLY);
  const Schedule schedule = Make(stored);
  EXPECT_TRUE(schedule.IsReachEnd(Day(2026, 3, 22)));  // begins 2026-02-23
  EXPECT_FALSE(schedule.IsReachEnd(Day(2026, 4, 5)));  // begins 2026-03-09, not a fourth Sunday
}

TEST(ScheduleTest, GivesEveryDayToAtMostOnePublicationWhateverTheChanges) {
  for (const auto& [before, after] :
       std::vector<std::pair<window::v1::Cadence, window::v1::Cadence>>{
           {CADENCE_WEEKLY, CADENCE_FOUR_WEEKLY},
           {CADENCE_FOUR_WEEKLY, CADENCE_WEEKLY},
           {CADENCE_DAILY, CADENCE_FOUR_WEEKLY},
           {CADENCE_FOUR_WEEKLY, CADENCE_DAILY},
           {CADENCE_DAILY, CADENCE_WEEKLY}}) {
    aggregate::v1::StoredOrganization stored;
    stored.mutable_organization()->set_first_day("2026-01-05");
    AddTerms(stored, "2026-01-01", before);
    AddTerms(stored, "2026-03-11", after);
    const Schedule schedule = Make(stored);
    std::map<Day, int> taken;
    for (Day end(2026, 1, 5); end < Day(2026, 8, 1); ++end) {
      if (!schedule.IsReachEnd(end)) continue;
      const std::vector<Day> days = schedule.StepDays(end);
      EXPECT_LE(days.size(), size_t{28});
      for (const Day day : days) {
        ++taken[day];
        EXPECT_TRUE((Window{WindowKind::kReach, end}).Contains(day));
        EXPECT_EQ(schedule.PublicationTaking(day), end);
      }
    }
    for (const auto& [day, times] : taken) EXPECT_EQ(times, 1) << FormatDay(day);
    // In the steady state before and after, no day is left out.
    EXPECT_EQ(taken.count(Day(2026, 2, 20)), 1U);
    EXPECT_EQ(taken.count(Day(2026, 6, 10)), 1U);
  }
}

TEST(ScheduleTest, TakesTheStepOfTheCadence) {
  EXPECT_THAT(MakePlain(CADENCE_WEEKLY).StepDays(Day(2026, 3, 8)), SizeIs(7));
  EXPECT_THAT(MakePlain(CADENCE_DAILY).StepDays(Day(2026, 3, 8)), ElementsAre(Day(2026, 3, 8)));
  EXPECT_THAT(MakePlain(CADENCE_WEEKLY).StepDays(Day(2026, 3, 9)), IsEmpty());
}

TEST(ScheduleTest, ClosesADayAndTheGraceAfterTheEndDayInItsZone) {
  const Schedule schedule = MakePlain(CADENCE_WEEKLY, "2026-01-05", 1000, "America/Los_Angeles");
  // 8 March 2026 has 23 hours there; it ends at 07:00 UTC on the 9th.
  EXPECT_EQ(schedule.CloseTime({WindowKind::kReach, Day(2026, 3, 8)}),
            absl::FromCivil(absl::CivilSecond(2026, 3, 12, 7, 0, 0), absl::UTCTimeZone()));
}

TEST(ScheduleTest, CountsDaysInTheZone) {
  const Schedule schedule = MakePlain(CADENCE_WEEKLY, "2026-01-05", 1000, "Pacific/Auckland");
  const absl::Time noon =
      absl::FromCivil(absl::CivilSecond(2026, 3, 8, 12, 0, 0), absl::UTCTimeZone());
  EXPECT_EQ(schedule.calendar().DayOf(noon), Day(2026, 3, 9));
}

// Mutation: a close time, or a size, that follows from the newest terms.
TEST(ScheduleTest, AChangeOfZoneMovesNoWindowThatHasBegun) {
  aggregate::v1::StoredOrganization stored;
  stored.mutable_organization()->set_first_day("2026-01-05");
  AddTerms(stored, "2026-01-01", CADENCE_WEEKLY, 1000, "America/Los_Angeles");
  const Schedule before = Make(stored);
  AddTerms(stored, "2026-03-11", CADENCE_WEEKLY, 1000, "Pacific/Auckland");
  const Schedule after = Make(stored);
  catalog::v1::SubjectKind kind;
  kind.set_expected_per_100_people(100);
  kind.set_slots_per_subject(8);
  kind.set_max_slots_log2(20);
  int kept = 0;
  int moved = 0;
  for (Day end(2026, 2, 1); end < Day(2026, 6, 1); ++end) {
    const Window window{WindowKind::kReach, end};
    ASSERT_EQ(after.IsReachEnd(end), before.IsReachEnd(end));
    if (!after.IsReachEnd(end)) continue;
    EXPECT_EQ(after.StepDays(end), before.StepDays(end));
    EXPECT_EQ(after.SizeOf(kind, window), before.SizeOf(kind, window));
    if (window.first_day() < Day(2026, 3, 11)) {
      ++kept;
      EXPECT_EQ(after.CloseTime(window), before.CloseTime(window));
    } else {
      ++moved;
      EXPECT_LT(after.CloseTime(window), before.CloseTime(window));
    }
  }
  EXPECT_GT(kept, 3);
  EXPECT_GT(moved, 3);
}

TEST(ScheduleTest, DaysNeverGoBackAcrossAChangeOfZone) {
  for (const auto& [from, to] : std::vector<std::pair<const char*, const char*>>{
           {"America/Los_Angeles", "Pacific/Auckland"},
           {"Pacific/Auckland", "America/Los_Angeles"}}) {
    aggregate::v1::StoredOrganization stored;
    stored.mutable_organization()->set_first_day("2026-01-05");
    AddTerms(stored, "2026-01-01", CADENCE_WEEKLY, 1000, from);
    AddTerms(stored, "2026-03-11", CADENCE_WEEKLY, 1000, to);
    const Schedule schedule = Make(stored);
    absl::Time time = absl::FromCivil(Day(2026, 3, 8), absl::UTCTimeZone());
    Day last = schedule.calendar().DayOf(time);
    for (int hour = 0; hour < 24 * 7; ++hour, time += absl::Hours(1)) {
      const Day day = schedule.calendar().DayOf(time);
      EXPECT_GE(day, last) << from << " to " << to << " at " << time;
      EXPECT_LE(day - last, 1) << from << " to " << to << " at " << time;
      last = day;
    }
  }
}

TEST(ScheduleTest, SizesEveryDayOfAStepAlike) {
  aggregate::v1::StoredOrganization stored;
  stored.mutable_organization()->set_first_day("2026-01-05");
  AddTerms(stored, "2026-01-01", CADENCE_WEEKLY, 1000);
  AddTerms(stored, "2026-03-11", CADENCE_WEEKLY, 4000);
  const Schedule schedule = Make(stored);
  for (Day end(2026, 2, 8); end < Day(2026, 6, 1); end += 7) {
    for (const Day day : schedule.StepDays(end)) {
      EXPECT_EQ(schedule.SizingTerms({WindowKind::kDay, day}).headcount,
                schedule.SizingTerms({WindowKind::kReach, end}).headcount);
    }
  }
}

TEST(ScheduleTest, RefusesAHistoryOutOfOrder) {
  aggregate::v1::StoredOrganization stored;
  stored.mutable_organization()->set_first_day("2026-01-05");
  EXPECT_FALSE(Schedule::Create(stored, absl::Hours(48)).ok());
  AddTerms(stored, "2026-02-01", CADENCE_WEEKLY);
  AddTerms(stored, "2026-02-01", CADENCE_WEEKLY);
  EXPECT_FALSE(Schedule::Create(stored, absl::Hours(48)).ok());
  stored.mutable_terms(1)->set_from_day("2026-02-02");
  EXPECT_TRUE(Schedule::Create(stored, absl::Hours(48)).ok());
  stored.mutable_terms(1)->set_cadence(CADENCE_AUTO);
  EXPECT_FALSE(Schedule::Create(stored, absl::Hours(48)).ok());
}

// Mutation: any number of people, and sizes that ingest refuses with the whole policy.
TEST(ScheduleTest, RefusesMorePeopleThanAProfileMaySay) {
  aggregate::v1::StoredOrganization stored;
  stored.mutable_organization()->set_first_day("2026-01-05");
  AddTerms(stored, "2026-02-01", CADENCE_WEEKLY, 10'000'000);
  EXPECT_TRUE(Schedule::Create(stored, absl::Hours(48)).ok());
  stored.mutable_terms(0)->set_headcount(10'000'001);
  EXPECT_FALSE(Schedule::Create(stored, absl::Hours(48)).ok());
}

TEST(ChooseCadenceTest, ChoosesByHeadcountWithHysteresis) {
  EXPECT_EQ(ChooseCadence(249, CADENCE_AUTO, CADENCE_UNSPECIFIED), CADENCE_FOUR_WEEKLY);
  EXPECT_EQ(ChooseCadence(250, CADENCE_AUTO, CADENCE_UNSPECIFIED), CADENCE_WEEKLY);
  EXPECT_EQ(ChooseCadence(20'000, CADENCE_AUTO, CADENCE_UNSPECIFIED), CADENCE_DAILY);
  EXPECT_EQ(ChooseCadence(274, CADENCE_AUTO, CADENCE_FOUR_WEEKLY), CADENCE_FOUR_WEEKLY);
  EXPECT_EQ(ChooseCadence(275, CADENCE_AUTO, CADENCE_FOUR_WEEKLY), CADENCE_WEEKLY);
  EXPECT_EQ(ChooseCadence(225, CADENCE_AUTO, CADENCE_WEEKLY), CADENCE_WEEKLY);
  EXPECT_EQ(ChooseCadence(224, CADENCE_AUTO, CADENCE_WEEKLY), CADENCE_FOUR_WEEKLY);
  EXPECT_EQ(ChooseCadence(18'000, CADENCE_AUTO, CADENCE_DAILY), CADENCE_DAILY);
  EXPECT_EQ(ChooseCadence(17'999, CADENCE_AUTO, CADENCE_DAILY), CADENCE_WEEKLY);
}

TEST(ChooseCadenceTest, GrantsASlowerCadenceAndNeverAFasterOne) {
  EXPECT_EQ(ChooseCadence(50'000, CADENCE_FOUR_WEEKLY, CADENCE_DAILY), CADENCE_FOUR_WEEKLY);
  EXPECT_EQ(ChooseCadence(100, CADENCE_DAILY, CADENCE_UNSPECIFIED), CADENCE_FOUR_WEEKLY);
}

TEST(SizeTest, TakesTheNextPowerOfTwoAndSamplesAboveTheBound) {
  catalog::v1::SubjectKind kind;
  kind.set_expected_per_100_people(100);
  kind.set_slots_per_subject(8);
  kind.set_max_slots_log2(18);
  kind.set_max_slots_log2_daily(17);
  EXPECT_EQ(SizeForHeadcount(kind, 600, CADENCE_WEEKLY), (SlotSize{13, 13}));
  EXPECT_EQ(SizeForHeadcount(kind, 1024, CADENCE_WEEKLY), (SlotSize{13, 13}));
  EXPECT_EQ(SizeForHeadcount(kind, 1025, CADENCE_WEEKLY), (SlotSize{14, 14}));
  EXPECT_EQ(SizeForHeadcount(kind, 1'000'000, CADENCE_WEEKLY), (SlotSize{23, 18}));
  EXPECT_EQ(SizeForHeadcount(kind, 1'000'000, CADENCE_DAILY), (SlotSize{23, 17}));
  EXPECT_EQ(SizeForHeadcount(kind, 1, CADENCE_WEEKLY), (SlotSize{6, 6}));
}

TEST(LastFourWeeklyEndTest, IsADayOnWhichEveryCadenceEnds) {
  const Day end = LastFourWeeklyEnd(Day(2026, 11, 23));
  EXPECT_LE(end, Day(2026, 11, 23));
  EXPECT_GT(end, Day(2026, 11, 23) - 28);
  EXPECT_EQ((end - Day(2000, 1, 2)) % 28, 0);
  for (int after = 0; after < 28; ++after) EXPECT_EQ(LastFourWeeklyEnd(end + after), end);
  EXPECT_EQ(LastFourWeeklyEnd(end - 1), end - 28);
  EXPECT_EQ(LastFourWeeklyEnd(Day(2000, 1, 1)), Day(1999, 12, 5));
}

}  // namespace
}  // namespace tutti
