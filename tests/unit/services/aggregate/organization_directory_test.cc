#include "services/aggregate/organization_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "tests/doubles/fake_clock.h"
#include "tests/support/local_suite.h"

namespace tutti {
namespace {

using aggregate::v1::Organization;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OrganizationDirectoryTest : public testing::Test {
 protected:
  static Organization Weekly() {
    Organization wanted;
    wanted.set_headcount(1000);
    wanted.set_first_day("2026-01-05");
    return wanted;
  }

  FakeWallClock clock_{absl::FromCivil(absl::CivilHour(2026, 3, 4, 12), absl::UTCTimeZone())};
  MemoryStore store_;
  OrganizationDirectory directory_{store_,           store_, store_,        store_,
                                   ShippedCatalog(), clock_, WindowTiming()};
};

TEST_F(OrganizationDirectoryTest, NamesTheFieldThatIsWrong) {
  const auto refused = [&](const std::function<void(Organization&)>& change) {
    Organization wanted = Weekly();
    change(wanted);
    const absl::Status status = directory_.Create("acme", wanted, true).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    return std::string(status.message());
  };
  EXPECT_THAT(refused([](auto& o) { o.set_headcount(0); }), HasSubstr("headcount"));
  EXPECT_THAT(refused([](auto& o) { o.set_headcount(-5); }), HasSubstr("headcount"));
  EXPECT_THAT(refused([](auto& o) { o.set_time_zone("Mars/Olympus"); }), HasSubstr("time_zone"));
  EXPECT_THAT(refused([](auto& o) { o.set_first_day("2026-13-01"); }), HasSubstr("first_day"));
  EXPECT_THAT(refused([](auto& o) { o.set_first_day("2019-01-01"); }), HasSubstr("first_day"));
  EXPECT_THAT(refused([](auto& o) { o.set_first_day("2026-03-05"); }), HasSubstr("first_day"));
  EXPECT_THAT(refused([](auto& o) { o.add_entitlements()->set_people(3); }),
              HasSubstr("entitlements.product"));
  EXPECT_THAT(refused([](auto& o) {
                auto& entitlement = *o.add_entitlements();
                entitlement.set_product("assistant");
                entitlement.set_people(1001);
              }),
              HasSubstr("entitlements.people"));
}

TEST_F(OrganizationDirectoryTest, UsesAnIdOnce) {
  ASSERT_TRUE(directory_.Create("acme", Weekly(), true).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(directory_.Create("acme", Weekly(), true).status()));
  ASSERT_TRUE(directory_.Erase("acme").ok());
  EXPECT_TRUE(absl::IsNotFound(directory_.Get("acme").status()));
  EXPECT_TRUE(absl::IsAlreadyExists(directory_.Create("acme", Weekly(), true).status()));
}

TEST_F(OrganizationDirectoryTest, RefusesAChangeOfWhatWasChangedMeanwhile) {
  ASSERT_TRUE(directory_.Create("acme", Weekly(), true).ok());
  Organization first = directory_.Get("acme").value();
  Organization second = first;
  first.set_headcount(1200);
  ASSERT_TRUE(directory_.Update("acme", first).ok());
  second.set_headcount(1300);
  EXPECT_TRUE(absl::IsAborted(directory_.Update("acme", second).status()));
  EXPECT_EQ(directory_.Get("acme")->headcount(), 1200);
}

// Mutation: a change that applies to windows that have begun.
TEST_F(OrganizationDirectoryTest, LetsAChangeApplyToWindowsThatStartLater) {
  ASSERT_TRUE(directory_.Create("acme", Weekly(), true).ok());
  ASSERT_TRUE(directory_.FinishBackfill("acme").ok());
  Organization wanted = directory_.Get("acme").value();
  wanted.set_cadence(window::v1::CADENCE_FOUR_WEEKLY);
  ASSERT_TRUE(directory_.Update("acme", wanted).ok());
  const auto read = directory_.Read("acme");
  ASSERT_TRUE(read.ok());
  const Schedule& schedule = (*read)->schedule();
  // Begun on 2026-02-23, weekly then; the next weekly one would begin on 03-02.
  EXPECT_TRUE(schedule.IsReachEnd(Day(2026, 3, 22)));
  EXPECT_TRUE(schedule.IsReachEnd(Day(2026, 3, 29)));
  int ends = 0;
  for (Day day(2026, 4, 1); day < Day(2026, 5, 27); ++day) ends += schedule.IsReachEnd(day) ? 1 : 0;
  EXPECT_EQ(ends, 2) << "four-weekly from then on";
  // And not faster than the size permits.
  wanted = directory_.Get("acme").value();
  wanted.set_cadence(window::v1::CADENCE_DAILY);
  const auto faster = directory_.Update("acme", wanted);
  EXPECT_TRUE(!faster.ok() || faster->effective_cadence() != window::v1::CADENCE_DAILY);
}

// The clock shows noon of 2026-03-04, a Wednesday. Mutations: the first window that is over; one
// that ends earlier; no look at the state.
TEST_F(OrganizationDirectoryTest, SaysWhenTheFirstScoreIsToBeExpected) {
  const auto expected = [](const absl::StatusOr<Organization>& organization) {
    if (!organization.ok() || !organization->has_first_score_expected()) return std::string();
    return absl::FormatTime("%F %T",
                            absl::FromUnixSeconds(organization->first_score_expected().seconds()),
                            absl::UTCTimeZone());
  };
  EXPECT_EQ(expected(directory_.Create("acme", Weekly(), true)), "");
  // It begins on 2026-01-05; by the lease it can be closed after the back-fill was finished.
  EXPECT_EQ(expected(directory_.FinishBackfill("acme")), "2026-03-04 12:00:20");
  EXPECT_EQ(expected(directory_.Get("acme")), "2026-03-04 12:00:20");
  EXPECT_EQ(expected(directory_.Pause("acme")), "");
  // From the 5th on; the first Sunday with 28 days before it is 04-05: and a day, and 48 hours.
  EXPECT_EQ(expected(directory_.Resume("acme")), "2026-04-09 00:00:20");
  EXPECT_EQ(expected(directory_.Create("new", Weekly(), false)), "2026-04-09 00:00:20");

  // What is too small is told from which headcount it is not.
  Organization small = Weekly();
  small.set_headcount(20);
  const auto created = directory_.Create("small", small, false);
  ASSERT_TRUE(created.ok());
  EXPECT_EQ(expected(created), "");
  const int64_t enough = created->first_score_headcount();
  EXPECT_GT(enough, 20);
  small.set_headcount(enough - 1);
  EXPECT_EQ(directory_.Create("almost", small, false)->first_score_headcount(), enough);
  small.set_headcount(enough);
  const auto large = directory_.Create("large", small, false);
  EXPECT_EQ(large->first_score_headcount(), 0);
  EXPECT_NE(expected(large), "");
  // Nothing of it is stored, and what a caller says of it is of no account.
  EXPECT_FALSE((*directory_.Read("large"))->stored().organization().has_first_score_expected());
  Organization changed = *large;
  changed.set_headcount(20);
  EXPECT_EQ(directory_.Update("large", changed)->has_first_score_expected(), false);
}

// Mutation: a list of the windows that were begun.
TEST_F(OrganizationDirectoryTest, SaysWhatFinishingABackfillWouldClose) {
  ASSERT_TRUE(directory_.Create("acme", Weekly(), true).ok());
  const auto would = directory_.ClosedByFinishing("acme");
  ASSERT_TRUE(would.ok());
  // The next ends on 03-01 and is open until the 5th.
  EXPECT_THAT(*would,
              ElementsAre(Day(2026, 2, 1), Day(2026, 2, 8), Day(2026, 2, 15), Day(2026, 2, 22)));
  EXPECT_EQ(directory_.Get("acme")->state(), aggregate::v1::ORGANIZATION_STATE_BACKFILLING);
  ASSERT_TRUE(directory_.FinishBackfill("acme").ok());
  EXPECT_THAT(*directory_.ClosedByFinishing("acme"), ElementsAre());
  ASSERT_TRUE(directory_.Pause("acme").ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(directory_.ClosedByFinishing("acme").status()));
  EXPECT_TRUE(absl::IsNotFound(directory_.ClosedByFinishing("none").status()));
}

// Mutation: every call takes a new etag, and a retry makes another caller's change fail.
TEST_F(OrganizationDirectoryTest, ACallThatChangesNothingLeavesTheEtag) {
  ASSERT_TRUE(directory_.Create("acme", Weekly(), true).ok());
  const std::string first = directory_.Get("acme")->etag();
  const std::string finished = directory_.FinishBackfill("acme")->etag();
  EXPECT_NE(finished, first);
  EXPECT_EQ(directory_.FinishBackfill("acme")->etag(), finished);
  EXPECT_EQ(directory_.Update("acme", *directory_.Get("acme"))->etag(), finished);
  Organization other = *directory_.Get("acme");
  other.set_display_name("Other");
  EXPECT_NE(directory_.Update("acme", other)->etag(), finished);
}

TEST_F(OrganizationDirectoryTest, ListsEveryOrganisationOnce) {
  for (int i = 0; i < 25; ++i) {
    ASSERT_TRUE(directory_.Create(absl::StrCat("org-", i), Weekly(), true).ok());
  }
  ASSERT_TRUE(directory_.Erase("org-7").ok());
  std::set<std::string> names;
  std::string cursor;
  do {
    const auto page = directory_.List(4, cursor);
    ASSERT_TRUE(page.ok());
    for (const Organization& organization : *page) {
      EXPECT_TRUE(names.insert(organization.name()).second) << organization.name();
    }
  } while (!cursor.empty());
  EXPECT_EQ(names.size(), 24u);
  EXPECT_EQ(names.count("organizations/org-7"), 0u);
}

TEST_F(OrganizationDirectoryTest, TakesNothingWhilePausedAndStartsWithAFullWindowAfterwards) {
  ASSERT_TRUE(directory_.Create("acme", Weekly(), true).ok());
  ASSERT_TRUE(directory_.FinishBackfill("acme").ok());
  ASSERT_TRUE(directory_.Pause("acme").ok());
  EXPECT_FALSE((*directory_.Read("acme"))->TakesActivity());
  EXPECT_EQ(directory_.NextDue(**directory_.Read("acme")), absl::InfiniteFuture());
  EXPECT_TRUE(absl::IsFailedPrecondition(directory_.FinishBackfill("acme").status()));
  ASSERT_TRUE(directory_.Resume("acme").ok());
  const auto resumed = directory_.Read("acme");
  EXPECT_TRUE((*resumed)->TakesActivity());
  EXPECT_GT((*resumed)->next_reach_end() - int64_t{27}, Day(2026, 3, 4));
}

// Mutation: a pause that does not wait lets a close that is under way publish after it.
TEST_F(OrganizationDirectoryTest, PausesWhenNoCloseIsUnderWay) {
  ASSERT_TRUE(directory_.Create("acme", Weekly(), true).ok());
  ASSERT_TRUE(directory_.FinishBackfill("acme").ok());
  ASSERT_TRUE(store_.TakeLease("acme", LeaseToken("a close"), absl::Minutes(1)).value());
  std::thread pausing([this] { EXPECT_TRUE(directory_.Pause("acme").ok()); });
  for (int i = 0; i < 100; ++i) {
    ASSERT_NE(directory_.Get("acme")->state(), aggregate::v1::ORGANIZATION_STATE_PAUSED);
  }
  ASSERT_TRUE(store_.ReleaseLease("acme", LeaseToken("a close")).ok());
  pausing.join();
  EXPECT_EQ(directory_.Get("acme")->state(), aggregate::v1::ORGANIZATION_STATE_PAUSED);
}

// Mutation: a pause that closes a window which has not begun, so that it takes nothing when
// it comes.
TEST_F(OrganizationDirectoryTest, LeavesAWindowThatIsStillToComeWhenItPausesAndResumes) {
  ASSERT_TRUE(directory_.Create("acme", Weekly(), false).ok());
  const Window first{WindowKind::kReach, (*directory_.Read("acme"))->next_reach_end()};
  ASSERT_TRUE(directory_.Pause("acme").ok());
  ASSERT_TRUE(directory_.Resume("acme").ok());
  ASSERT_EQ((*directory_.Read("acme"))->next_reach_end(), first.end_day);
  const auto begun = directory_.Modify(
      "acme", [&](const ScheduledOrganization&, aggregate::v1::StoredOrganization&,
                  std::vector<NewBitmap>& bitmaps) {
        bitmaps.push_back({{"acme", first, "person"}, 4096});
        return absl::OkStatus();
      });
  EXPECT_TRUE(begun.ok()) << begun.status();
}

}  // namespace
}  // namespace tutti
