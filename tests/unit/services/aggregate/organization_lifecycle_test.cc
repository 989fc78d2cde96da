
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <thread>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "services/aggregate/closing_times.h"
#include "tests/doubles/fake_clock.h"
#include "tests/support/local_suite.h"

namespace tutti {
namespace {

using aggregate::v1::Organization;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Looks, whenever something changes, whether a close could begin.
class LeaseWatch final : public MemoryStore {
 public:
  absl::StatusOr<VersionedOrganization> Replace(
      const std::string& organization, const VersionedOrganization& old,
      const aggregate::v1::StoredOrganization& stored) override {
    Look(organization);
    return MemoryStore::Replace(organization, old, stored);
  }
  absl::Status DropTallies(const std::string& organization) override {
    Look(organization);
    return MemoryStore::DropTallies(organization);
  }
  absl::StatusOr<int64_t> Erase(const std::string& organization,
                                const aggregate::v1::StoredOrganization& tombstone) override {
    Look(organization);
    return MemoryStore::Erase(organization, tombstone);
  }

  void Watch() { watching_ = true; }
  int looks() const { return looks_; }

 private:
  void Look(const std::string& organization) {
    if (!watching_) return;
    ++looks_;
    EXPECT_FALSE(TakeLease(organization, LeaseToken("a close"), absl::Minutes(1)).value());
  }

  bool watching_ = false;
  int looks_ = 0;
};

class OrganizationLifecycleTest : public testing::Test {
 protected:
  static Organization Weekly() {
    Organization wanted;
    wanted.set_headcount(1000);
    wanted.set_first_day("2026-01-05");
    return wanted;
  }

  FakeWallClock clock_{absl::FromCivil(absl::CivilHour(2026, 3, 4, 12), absl::UTCTimeZone())};
  MemoryStore store_;
  Organizations organizations_{store_, store_, store_, store_, ShippedCatalog(), clock_};
};

TEST_F(OrganizationLifecycleTest, NamesTheFieldThatIsWrong) {
  const auto refused = [&](const std::function<void(Organization&)>& change) {
    Organization wanted = Weekly();
    change(wanted);
    const absl::Status status = organizations_.lifecycle.Create("acme", wanted, true).status();
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

TEST_F(OrganizationLifecycleTest, UsesAnIdOnce) {
  ASSERT_TRUE(organizations_.lifecycle.Create("acme", Weekly(), true).ok());
  EXPECT_TRUE(
      absl::IsAlreadyExists(organizations_.lifecycle.Create("acme", Weekly(), true).status()));
  ASSERT_TRUE(organizations_.lifecycle.Erase("acme").ok());
  EXPECT_TRUE(absl::IsNotFound(organizations_.Get("acme").status()));
  EXPECT_TRUE(
      absl::IsAlreadyExists(organizations_.lifecycle.Create("acme", Weekly(), true).status()));
}

TEST_F(OrganizationLifecycleTest, RefusesAChangeOfWhatWasChangedMeanwhile) {
  ASSERT_TRUE(organizations_.lifecycle.Create("acme", Weekly(), true).ok());
  Organization first = organizations_.Get("acme").value();
  Organization second = first;
  first.set_headcount(1200);
  ASSERT_TRUE(organizations_.lifecycle.Update("acme", first).ok());
  second.set_headcount(1300);
  EXPECT_TRUE(absl::IsAborted(organizations_.lifecycle.Update("acme", second).status()));
  EXPECT_EQ(organizations_.Get("acme")->headcount(), 1200);
}

// Mutation: a change that applies to windows that have begun.
TEST_F(OrganizationLifecycleTest, LetsAChangeApplyToWindowsThatStartLater) {
  ASSERT_TRUE(organizations_.lifecycle.Create("acme", Weekly(), true).ok());
  ASSERT_TRUE(organizations_.lifecycle.FinishBackfill("acme").ok());
  Organization wanted = organizations_.Get("acme").value();
  wanted.set_cadence(window::v1::CADENCE_FOUR_WEEKLY);
  ASSERT_TRUE(organizations_.lifecycle.Update("acme", wanted).ok());
  const auto read = organizations_.repository.Read("acme");
  ASSERT_TRUE(read.ok());
  const Schedule& schedule = (*read)->schedule();
  // Begun on 2026-02-23, weekly then; the next weekly one would begin on 03-02.
  EXPECT_TRUE(schedule.IsReachEnd(Day(2026, 3, 22)));
  EXPECT_TRUE(schedule.IsReachEnd(Day(2026, 3, 29)));
  int ends = 0;
  for (Day day(2026, 4, 1); day < Day(2026, 5, 27); ++day) ends += schedule.IsReachEnd(day) ? 1 : 0;
  EXPECT_EQ(ends, 2) << "four-weekly from then on";
  // And not faster than the size permits.
  wanted = organizations_.Get("acme").value();
  wanted.set_cadence(window::v1::CADENCE_DAILY);
  const auto faster = organizations_.Told(organizations_.lifecycle.Update("acme", wanted));
  EXPECT_TRUE(!faster.ok() || faster->effective_cadence() != window::v1::CADENCE_DAILY);
}

// The clock shows noon of 2026-03-04, a Wednesday. Mutations: the first window that is over; one
// that ends earlier; no look at the state; the first record where it shows nothing yet.
TEST_F(OrganizationLifecycleTest, SaysWhenTheFirstScoreIsToBeExpected) {
  const auto expected = [](const absl::StatusOr<Organization>& organization) {
    if (!organization.ok() || !organization->has_first_score_expected()) return std::string();
    return absl::FormatTime("%F %T",
                            absl::FromUnixSeconds(organization->first_score_expected().seconds()),
                            absl::UTCTimeZone());
  };
  EXPECT_EQ(expected(organizations_.Told(organizations_.lifecycle.Create("acme", Weekly(), true))),
            "");
  // It begins on 2026-01-05; by the lease it can be closed after the back-fill was finished.
  EXPECT_EQ(expected(organizations_.Told(organizations_.lifecycle.FinishBackfill("acme"))),
            "2026-03-04 12:00:20");
  EXPECT_EQ(expected(organizations_.Get("acme")), "2026-03-04 12:00:20");
  EXPECT_EQ(expected(organizations_.Told(organizations_.lifecycle.Pause("acme"))), "");
  // From the 5th on; the first Sunday with 28 days before it is 04-05: and a day, and 48 hours.
  EXPECT_EQ(expected(organizations_.Told(organizations_.lifecycle.Resume("acme"))),
            "2026-04-09 00:00:20");
  EXPECT_EQ(expected(organizations_.Told(organizations_.lifecycle.Create("new", Weekly(), false))),
            "2026-04-09 00:00:20");

  // What is too small is told from which headcount it is not.
  Organization small = Weekly();
  small.set_headcount(20);
  small.add_sources("activities");
  const auto created = organizations_.Told(organizations_.lifecycle.Create("small", small, false));
  ASSERT_TRUE(created.ok());
  EXPECT_EQ(expected(created), "");
  const int64_t enough = created->first_score_headcount();
  EXPECT_GT(enough, 20);
  small.set_headcount(enough - 1);
  EXPECT_EQ(organizations_.Told(organizations_.lifecycle.Create("almost", small, false))
                ->first_score_headcount(),
            enough);
  small.set_headcount(enough);
  const auto large = organizations_.Told(organizations_.lifecycle.Create("large", small, false));
  EXPECT_EQ(large->first_score_headcount(), 0);
  // One that is just large enough sees its first categories some records after one that sees them
  // in its first record, four weeks each.
  small.set_headcount(200);
  const auto larger = organizations_.Told(organizations_.lifecycle.Create("larger", small, false));
  int records = 1000;
  for (const auto& shown : large->first_shown()) {
    if (shown.record() > 0) records = std::min(records, shown.record());
  }
  EXPECT_GE(records, 3);
  EXPECT_LT(records, 1000);
  ASSERT_GT(larger->first_shown_size(), 0);
  EXPECT_EQ(larger->first_shown(0).record(), 1);
  EXPECT_EQ(large->first_score_expected().seconds() - larger->first_score_expected().seconds(),
            int64_t{records - 1} * 28 * 24 * 3600);
  // Nothing of it is stored, and what a caller says of it is of no account.
  EXPECT_FALSE((*organizations_.repository.Read("large"))
                   ->stored()
                   .organization()
                   .has_first_score_expected());
  Organization changed = *large;
  changed.set_headcount(20);
  EXPECT_EQ(organizations_.Told(organizations_.lifecycle.Update("large", changed))
                ->has_first_score_expected(),
            false);
}

// Mutations: the size from which the sources could show something that they are not declared to
// give; a measure that is fed beside a category that is not, as mail alone feeds one, shows
// nothing.
TEST_F(OrganizationLifecycleTest, TellsTheSizeFromWhichWhatIsDeclaredIsShown) {
  Organization wanted = Weekly();
  wanted.add_sources("activities");
  const auto of = [&](const std::string& id, int64_t headcount) {
    wanted.set_headcount(headcount);
    return organizations_.Told(
        organizations_.lifecycle.Create(absl::StrCat(id, "-", headcount), wanted, false));
  };
  const int64_t of_everything = of("all", 20)->first_score_headcount();
  EXPECT_GT(of_everything, 20);
  for (const std::string type : {"chat.sent", "community.posted", "file.written", "mail.sent"}) {
    wanted.clear_source_contents();
    aggregate::v1::SourceContents& declared = *wanted.add_source_contents();
    declared.set_source("activities");
    declared.add_types()->set_type(type);
    const std::string id = type.substr(0, type.find('.'));
    const int64_t enough = of(id, 20)->first_score_headcount();
    ASSERT_GT(enough, of_everything) << type << " alone feeds a measure and no category";
    EXPECT_FALSE(of(id, enough - 1)->has_first_score_expected()) << type;
    EXPECT_TRUE(of(id, enough)->has_first_score_expected()) << type;
  }
}

// Mutations: everybody is taken for entitled; a total is promised though a category in it is never
// shown; a record is of no day.
TEST_F(OrganizationLifecycleTest, PromisesOnlyWhatWillCome) {
  Organization wanted = Weekly();
  wanted.set_headcount(300);
  wanted.add_sources("m365_audit");
  aggregate::v1::Entitlement& entitled = *wanted.add_entitlements();
  entitled.set_product("assistant");
  entitled.set_people(20);
  const auto some = organizations_.Told(organizations_.lifecycle.Create("some", wanted, false));
  ASSERT_TRUE(some.ok());
  std::map<std::string, aggregate::v1::FirstShown> shown;
  for (const auto& one : some->first_shown()) shown[one.category()] = one;
  EXPECT_EQ(shown.at("communication").record(), 1);
  EXPECT_EQ(shown.at("communication").expected().seconds(), some->first_score_expected().seconds());
  EXPECT_EQ(shown.at("communication").needed_people(), 0);
  EXPECT_EQ(shown.at("ai_assistance").record(), 0);
  EXPECT_EQ(shown.at("ai_assistance").entitled_product(), "assistant");
  EXPECT_FALSE(shown.at("ai_assistance").has_expected());
  EXPECT_EQ(some->first_total().record(), 0);
  EXPECT_FALSE(some->first_total().has_expected());
  // So many are enough, and one fewer is not.
  const int64_t needed = shown.at("ai_assistance").needed_people();
  EXPECT_GT(needed, 20);
  entitled.set_people(needed - 1);
  const auto almost = organizations_.Told(organizations_.lifecycle.Create("few", wanted, false));
  EXPECT_EQ(almost->first_total().record(), 0);
  entitled.set_people(needed);
  const auto enough = organizations_.Told(organizations_.lifecycle.Create("enough", wanted, false));
  EXPECT_GE(enough->first_total().record(), 3);
  EXPECT_EQ(enough->first_total().expected().seconds() - enough->first_score_expected().seconds(),
            int64_t{enough->first_total().record() - 1} * 7 * 24 * 3600);
  // Where few are entitled to all that is measured, nothing is promised, and not the size is why.
  entitled.set_people(20);
  wanted.clear_sources();
  wanted.add_sources("m365_copilot_report");
  const auto none = organizations_.Told(organizations_.lifecycle.Create("none", wanted, false));
  EXPECT_FALSE(none->has_first_score_expected());
  EXPECT_EQ(none->first_score_headcount(), 0);
  EXPECT_EQ(none->first_shown_size(), 1);
}

// Mutation: a list of the windows that were begun.
TEST_F(OrganizationLifecycleTest, SaysWhatFinishingABackfillWouldClose) {
  ASSERT_TRUE(organizations_.lifecycle.Create("acme", Weekly(), true).ok());
  const auto closed = [this] {
    return ClosedByFinishing(**organizations_.repository.Read("acme"), clock_.Now());
  };
  const auto would = closed();
  ASSERT_TRUE(would.ok());
  // The next ends on 03-01 and is open until the 5th.
  EXPECT_THAT(*would,
              ElementsAre(Day(2026, 2, 1), Day(2026, 2, 8), Day(2026, 2, 15), Day(2026, 2, 22)));
  EXPECT_EQ(organizations_.Get("acme")->state(), aggregate::v1::ORGANIZATION_STATE_BACKFILLING);
  ASSERT_TRUE(organizations_.lifecycle.FinishBackfill("acme").ok());
  EXPECT_THAT(*closed(), ElementsAre());
  ASSERT_TRUE(organizations_.lifecycle.Pause("acme").ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(closed().status()));
}

// Mutation: every call takes a new etag, and a retry makes another caller's change fail.
TEST_F(OrganizationLifecycleTest, ACallThatChangesNothingLeavesTheEtag) {
  ASSERT_TRUE(organizations_.lifecycle.Create("acme", Weekly(), true).ok());
  const std::string first = organizations_.Get("acme")->etag();
  const std::string finished =
      organizations_.Told(organizations_.lifecycle.FinishBackfill("acme"))->etag();
  EXPECT_NE(finished, first);
  EXPECT_EQ(organizations_.Told(organizations_.lifecycle.FinishBackfill("acme"))->etag(), finished);
  EXPECT_EQ(
      organizations_.Told(organizations_.lifecycle.Update("acme", *organizations_.Get("acme")))
          ->etag(),
      finished);
  Organization other = *organizations_.Get("acme");
  other.set_display_name("Other");
  EXPECT_NE(organizations_.Told(organizations_.lifecycle.Update("acme", other))->etag(), finished);
}

TEST_F(OrganizationLifecycleTest, ListsEveryOrganisationOnce) {
  for (int i = 0; i < 25; ++i) {
    ASSERT_TRUE(organizations_.lifecycle.Create(absl::StrCat("org-", i), Weekly(), true).ok());
  }
  ASSERT_TRUE(organizations_.lifecycle.Erase("org-7").ok());
  std::set<std::string> names;
  std::string cursor;
  do {
    const auto page = organizations_.repository.List(4, cursor);
    ASSERT_TRUE(page.ok());
    for (const auto& organization : *page) {
      const std::string& name = organization->stored().organization().name();
      EXPECT_TRUE(names.insert(name).second) << name;
    }
  } while (!cursor.empty());
  EXPECT_EQ(names.size(), 24u);
  EXPECT_EQ(names.count("organizations/org-7"), 0u);
}

TEST_F(OrganizationLifecycleTest, TakesNothingWhilePausedAndStartsWithAFullWindowAfterwards) {
  ASSERT_TRUE(organizations_.lifecycle.Create("acme", Weekly(), true).ok());
  ASSERT_TRUE(organizations_.lifecycle.FinishBackfill("acme").ok());
  ASSERT_TRUE(organizations_.lifecycle.Pause("acme").ok());
  EXPECT_FALSE((*organizations_.repository.Read("acme"))->TakesActivity());
  EXPECT_EQ(NextDue(**organizations_.repository.Read("acme")), absl::InfiniteFuture());
  EXPECT_TRUE(absl::IsFailedPrecondition(organizations_.lifecycle.FinishBackfill("acme").status()));
  ASSERT_TRUE(organizations_.lifecycle.Resume("acme").ok());
  const auto resumed = organizations_.repository.Read("acme");
  EXPECT_TRUE((*resumed)->TakesActivity());
  EXPECT_GT((*resumed)->next_reach_end() - int64_t{27}, Day(2026, 3, 4));
}

// Mutation: a pause that does not wait lets a close that is under way publish after it.
TEST_F(OrganizationLifecycleTest, PausesWhenNoCloseIsUnderWay) {
  ASSERT_TRUE(organizations_.lifecycle.Create("acme", Weekly(), true).ok());
  ASSERT_TRUE(organizations_.lifecycle.FinishBackfill("acme").ok());
  ASSERT_TRUE(store_.TakeLease("acme", LeaseToken("a close"), absl::Minutes(1)).value());
  std::thread pausing([this] { EXPECT_TRUE(organizations_.lifecycle.Pause("acme").ok()); });
  for (int i = 0; i < 100; ++i) {
    ASSERT_NE(organizations_.Get("acme")->state(), aggregate::v1::ORGANIZATION_STATE_PAUSED);
  }
  ASSERT_TRUE(store_.ReleaseLease("acme", LeaseToken("a close")).ok());
  pausing.join();
  EXPECT_EQ(organizations_.Get("acme")->state(), aggregate::v1::ORGANIZATION_STATE_PAUSED);
}

// Mutation: the lease is given back as soon as it was had.
TEST_F(OrganizationLifecycleTest, LetsNoCloseBeginUntilAPauseOrAnErasureIsDone) {
  LeaseWatch store;
  Organizations organizations(store, store, store, store, ShippedCatalog(), clock_);
  ASSERT_TRUE(organizations.lifecycle.Create("acme", Weekly(), true).ok());
  ASSERT_TRUE(organizations.lifecycle.FinishBackfill("acme").ok());
  store.Watch();
  ASSERT_TRUE(organizations.lifecycle.Pause("acme").ok());
  EXPECT_GE(store.looks(), 3);
  const int looks = store.looks();
  ASSERT_TRUE(organizations.lifecycle.Erase("acme").ok());
  EXPECT_GT(store.looks(), looks);
}

// Mutation: a pause that closes a window which has not begun, so that it takes nothing when
// it comes.
TEST_F(OrganizationLifecycleTest, LeavesAWindowThatIsStillToComeWhenItPausesAndResumes) {
  ASSERT_TRUE(organizations_.lifecycle.Create("acme", Weekly(), false).ok());
  const Window first{WindowKind::kReach,
                     (*organizations_.repository.Read("acme"))->next_reach_end()};
  ASSERT_TRUE(organizations_.lifecycle.Pause("acme").ok());
  ASSERT_TRUE(organizations_.lifecycle.Resume("acme").ok());
  ASSERT_EQ((*organizations_.repository.Read("acme"))->next_reach_end(), first.end_day);
  const auto begun = organizations_.repository.Modify(
      "acme", [&](const ScheduledOrganization&, aggregate::v1::StoredOrganization&,
                  std::vector<NewBitmap>& bitmaps) {
        bitmaps.push_back({{"acme", first, "person"}, 4096});
        return absl::OkStatus();
      });
  EXPECT_TRUE(begun.ok()) << begun.status();
}

// Mutations: one size for every category, or for everything that is fed.
TEST(NeededSizesTest, KeepsWhatASearchFinds) {
  NeededSizes sizes(ShippedCatalog());
  const CadenceRule rule{window::v1::CADENCE_AUTO, window::v1::CADENCE_FOUR_WEEKLY};
  for (int again = 0; again < 2; ++again) {
    for (const char* const id : {"network", "communication"}) {
      const catalog::v1::Category& category = *ShippedCatalog().FindCategory(id);
      EXPECT_EQ(sizes.OfCategory(category, rule),
                FindSmallestSizes(ShippedCatalog(), category, CategoryBy::kLevel, rule).here.people)
          << id;
    }
    for (const char* const source : {"device_telemetry", "m365_audit"}) {
      const auto by_source = [&](const auto& figure) {
        return absl::c_linear_search(figure.sources(), source);
      };
      const WhatIsFed fed{by_source, by_source};
      EXPECT_EQ(sizes.OfFed(fed, rule), FindSmallestSizes(ShippedCatalog(), fed, rule).here.people)
          << source;
    }
  }
}

}  // namespace
}  // namespace tutti
