// That no organisation is left out of sweeps, whatever comes between the writes of its profile
// and of its due time.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/aggregate/closing_times.h"
#include "services/aggregate/due_reconciler.h"
#include "services/aggregate/window_closer.h"
#include "tests/doubles/fake_clock.h"
#include "tests/doubles/no_journal.h"
#include "tests/support/local_suite.h"

namespace tutti {
namespace {

using aggregate::v1::Organization;
using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

// Due times are written late, or by nobody any more.
class TroubledStore final : public MemoryStore {
 public:
  absl::StatusOr<VersionedOrganization> Begin(const std::string& organization,
                                              const VersionedOrganization& old,
                                              const aggregate::v1::StoredOrganization& stored,
                                              const std::vector<NewBitmap>& bitmaps,
                                              std::set<Window>& guarded) override {
    if (before_profile) std::exchange(before_profile, nullptr)();
    if (dead) return absl::UnavailableError("the process has ended");
    auto begun = MemoryStore::Begin(organization, old, stored, bitmaps, guarded);
    if (after_profile) std::exchange(after_profile, nullptr)();
    return begun;
  }
  absl::Status SetDue(const std::string& organization, absl::Time due) override {
    EXPECT_NE(due, absl::InfiniteFuture()) << "nobody may say never";
    if (before_due && writes_before_due-- == 0) std::exchange(before_due, nullptr)();
    if (dead) return absl::UnavailableError("the process has ended");
    return MemoryStore::SetDue(organization, due);
  }

  std::function<void()> before_profile;
  std::function<void()> after_profile;
  std::function<void()> before_due;
  int writes_before_due = 0;
  bool dead = false;
};

class DueTimeTest : public testing::Test {
 protected:
  void SetUp() override {
    Organization wanted;
    wanted.set_headcount(300);
    wanted.set_first_day("2026-01-05");
    ASSERT_TRUE(organizations_.lifecycle.Create("acme", wanted, /*backfill=*/true).ok());
  }

  // What every replica does: looks at all that are due. It must come to an end.
  void Sweep() {
    for (int i = 0; i < 200; ++i) {
      const std::vector<std::string> due = store_.ListDue(clock_.Now(), 50).value();
      if (due.empty()) return;
      for (const std::string& id : due) {
        const auto report = closer_.CloseDue(id);
        ASSERT_TRUE(report.ok()) << report.status();
        ASSERT_FALSE(report->busy);
        closed_ += report->windows.size();
      }
    }
    FAIL() << "the sweep has no end";
  }

  // Whether sweeps find what is to be closed within six hours, as they do when nothing goes wrong.
  void ExpectClosedInTime() {
    const auto organization = organizations_.repository.Read("acme");
    ASSERT_TRUE(organization.ok());
    ASSERT_EQ((*organization)->state(), aggregate::v1::ORGANIZATION_STATE_ACTIVE);
    clock_.Set(std::max(clock_.Now(), NextDue(**organization)) + absl::Hours(6));
    Sweep();
    const auto closed = organizations_.repository.Read("acme");
    EXPECT_TRUE((*closed)->next_day() > (*organization)->next_day() ||
                (*closed)->next_reach_end() > (*organization)->next_reach_end())
        << "active, and never looked at";
  }

  FakeWallClock clock_{absl::FromCivil(absl::CivilHour(2026, 3, 4, 12), absl::UTCTimeZone())};
  TroubledStore store_;
  NoJournal journal_;
  Organizations organizations_{store_, store_, store_, store_, ShippedCatalog(), clock_};
  JournalBinding binding_{
      {journal_, store_, store_, store_, organizations_.repository, ShippedCatalog(), clock_}};
  WindowCloser closer_{{organizations_.repository, organizations_.lifecycle, store_, store_, store_,
                        binding_, ShippedCatalog(), clock_,
                        [] { return std::make_unique<KernelNoise>(); }}};
  DueReconciler reconciler_{organizations_.repository, store_, clock_};
  size_t closed_ = 0;
};

// Mutation: the due time after the profile alone.
TEST_F(DueTimeTest, LosesNoneThatBecameActiveJustBeforeTheProcessEnded) {
  store_.after_profile = [this] { store_.dead = true; };
  EXPECT_FALSE(organizations_.lifecycle.FinishBackfill("acme").ok());
  store_.dead = false;
  ExpectClosedInTime();
  EXPECT_GT(closed_, 0u);
}

// Mutation: the same.
TEST_F(DueTimeTest, LosesNoneThatWentOnJustBeforeTheProcessEnded) {
  ASSERT_TRUE(organizations_.lifecycle.Pause("acme").ok());
  clock_.Advance(absl::Hours(24));
  Sweep();
  store_.after_profile = [this] { store_.dead = true; };
  EXPECT_FALSE(organizations_.lifecycle.Resume("acme").ok());
  store_.dead = false;
  ExpectClosedInTime();
}

// Mutation: a closer that says never.
TEST_F(DueTimeTest, LosesNoneThatBecameActiveWhileACloserLookedAtIt) {
  store_.before_due = [this] { ASSERT_TRUE(organizations_.lifecycle.FinishBackfill("acme").ok()); };
  const auto report = closer_.CloseDue("acme");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->next_due, absl::InfiniteFuture()) << "it saw what was so before";
  ExpectClosedInTime();
  EXPECT_GT(closed_, 0u);
}

// Mutation: a pause that says never.
TEST_F(DueTimeTest, LosesNoneThatWentOnWhileItsPauseWasEnding) {
  ASSERT_TRUE(organizations_.lifecycle.FinishBackfill("acme").ok());
  // The last of the two due times that a pause writes.
  store_.writes_before_due = 1;
  store_.before_due = [this] { ASSERT_TRUE(organizations_.lifecycle.Resume("acme").ok()); };
  ASSERT_TRUE(organizations_.lifecycle.Pause("acme").ok());
  ASSERT_EQ(store_.before_due, nullptr);
  ExpectClosedInTime();
}

// A closer looks at each of the moments between the writes, and then the process ends or does
// not.
TEST_F(DueTimeTest, LosesNoneHoweverClosersAndChangesMeet) {
  int met = 0;
  for (const bool ends : {false, true}) {
    for (const bool before : {false, true}) {
      const std::string id = absl::StrCat("org-", ends, before);
      Organization wanted;
      wanted.set_headcount(300);
      wanted.set_first_day("2026-01-05");
      ASSERT_TRUE(organizations_.lifecycle.Create(id, wanted, /*backfill=*/true).ok());
      (before ? store_.before_profile : store_.after_profile) = [&, id, ends] {
        clock_.Advance(absl::Hours(6));
        Sweep();
        ++met;
        store_.dead = ends;
      };
      EXPECT_EQ(organizations_.lifecycle.FinishBackfill(id).ok(), !ends);
      store_.dead = false;
      if (before && ends) {
        ASSERT_TRUE(organizations_.lifecycle.FinishBackfill(id).ok());
      }
      clock_.Advance(absl::Hours(7));
      Sweep();
      EXPECT_GT((*organizations_.repository.Read(id))->next_reach_end(), Day(2026, 2, 22)) << id;
    }
  }
  EXPECT_EQ(met, 4);
}

TEST_F(DueTimeTest, LooksNowAndThenAtOneOfWhichNothingIsToBeClosed) {
  for (int day = 0; day < 10; ++day) {
    clock_.Advance(absl::Hours(24));
    EXPECT_THAT(store_.ListDue(clock_.Now(), 10).value(), Contains("acme"));
    Sweep();
    EXPECT_THAT(store_.ListDue(clock_.Now(), 10).value(), IsEmpty());
  }
  EXPECT_EQ(closed_, 0u);
}

// What older versions of this, or somebody by hand, left behind. Mutations: a reconciler that
// looks at the first page alone, or takes a due time for wrong that only was put off.
TEST_F(DueTimeTest, FindsWhatIsDueTooLateAndCountsIt) {
  ASSERT_TRUE(organizations_.lifecycle.FinishBackfill("acme").ok());
  const auto stored = organizations_.repository.Read("acme").value()->stored();
  const absl::Time due = NextDue(**organizations_.repository.Read("acme"));
  std::set<std::string> lost;
  for (int i = 0; i < 3 * DueReconciler::kPage; ++i) {
    const std::string id = absl::StrCat("org-", i);
    const bool lose = i % 100 == 7;
    if (lose) lost.insert(id);
    ASSERT_TRUE(store_.Create(id, stored, lose ? absl::InfiniteFuture() : due).ok());
  }
  Organization wanted;
  wanted.set_headcount(300);
  wanted.set_first_day("2026-01-05");
  ASSERT_TRUE(organizations_.lifecycle.Create("idle", wanted, /*backfill=*/true).ok());
  ASSERT_TRUE(store_.MemoryStore::SetDue("idle", absl::InfiniteFuture()).ok());
  // Put off by a closer that could not close it.
  ASSERT_TRUE(store_.SetDue("acme", std::max(due, clock_.Now()) + absl::Seconds(30)).ok());
  for (int look = 0; look < 4; ++look) ASSERT_TRUE(reconciler_.LookOn().ok());
  EXPECT_EQ(reconciler_.corrected(), lost.size());
  const std::vector<ListedOrganization> all = store_.List("", 10'000).value();
  for (const ListedOrganization& listed : all) {
    if (lost.count(listed.id) == 0) continue;
    EXPECT_EQ(listed.due, due) << listed.id;
  }
  // And again, from the first one.
  ASSERT_TRUE(store_.MemoryStore::SetDue("acme", absl::InfiniteFuture()).ok());
  for (int look = 0; look < 4; ++look) ASSERT_TRUE(reconciler_.LookOn().ok());
  EXPECT_EQ(reconciler_.corrected(), lost.size() + 1);
  EXPECT_THAT(store_.ListDue(due, 10'000).value(), Contains("acme"));
}

// Mutation: a look that ends at the first one that cannot be read.
TEST_F(DueTimeTest, FindsWhatFollowsOneThatIsGone) {
  ASSERT_TRUE(organizations_.lifecycle.FinishBackfill("acme").ok());
  ASSERT_TRUE(store_.Create("aaa", {}, clock_.Now()).ok());
  ASSERT_TRUE(store_.MemoryStore::SetDue("acme", absl::InfiniteFuture()).ok());
  ASSERT_FALSE(organizations_.repository.Read("aaa").ok());
  ASSERT_TRUE(reconciler_.LookOn().ok());
  EXPECT_EQ(reconciler_.corrected(), 1u);
}

}  // namespace
}  // namespace tutti
