// What an aggregate remembers of counters itself, not to write bits twice.

#include "absl/time/clock.h"
#include "tests/integration/closing/closing_test.h"

namespace tutti {
namespace {

class MirrorTest : public ClosingTest {
 protected:
  static bool Knows(RedisStores& stores, Window window) {
    bool known = false;
    stores.counters().mirror().Unknown({"acme", window, "person"}, {}, /*epoch=*/0, known);
    return known;
  }
};

// Mutation: a store that forgets nothing of what it seals and drops.
TEST_F(MirrorTest, KnowsNothingOfWindowsThatAreClosed) {
  const auto before = organizations_->repository.Read("acme");
  ASSERT_TRUE(before.ok()) << before.status();
  for (const auto& [window, begun] : (*before)->begun()) EXPECT_TRUE(Knows(*stores_, window));
  ASSERT_TRUE(Close().ok());
  const auto after = organizations_->repository.Read("acme");
  ASSERT_TRUE(after.ok()) << after.status();
  int closed = 0;
  for (const auto& [window, begun] : (*before)->begun()) {
    EXPECT_EQ(Knows(*stores_, window), !(*after)->IsClosed(window));
    closed += (*after)->IsClosed(window) ? 1 : 0;
  }
  EXPECT_EQ(closed, 1 + 7) << "the first window, and the days whose habits it takes";
  EXPECT_GT(stores_->counters().remembered_bytes(), 0U) << "the control: other windows are open";
}

// Mutation: a mirror that keeps what nobody merges into.
TEST_F(MirrorTest, KnowsNothingOfWindowsThatAnotherReplicaClosed) {
  RedisStores other(server_->OptionsFor("aggregate"), {.max_idle = absl::Milliseconds(1)});
  const Window window{WindowKind::kReach, kEndDay};
  const std::vector<uint32_t> positions = {7, 14};
  const std::vector<BitmapDelta> deltas = {{{"acme", window, "person"}, positions}};
  ASSERT_EQ(other.counters().Merge(deltas)->at(0), MergeOutcome::kMerged);
  ASSERT_TRUE(Close().ok());
  EXPECT_TRUE(Knows(other, window)) << "the control: nobody told it of the close";
  const absl::Time deadline = absl::Now() + absl::Seconds(10);
  while (other.counters().remembered_bytes() > 0 && absl::Now() < deadline)
    other.counters().ForgetIdle();
  EXPECT_EQ(other.counters().remembered_bytes(), 0U);
}

// Mutation: a replica that has nothing to write takes the window for open.
TEST_F(MirrorTest, IsLateForAWindowThatAnotherReplicaClosedWhateverItKnows) {
  RedisStores other(server_->OptionsFor("aggregate"));
  const Window window{WindowKind::kReach, kEndDay};
  const std::vector<uint32_t> positions = {7, 14};
  const std::vector<BitmapDelta> deltas = {{{"acme", window, "person"}, positions}};
  ASSERT_EQ(other.counters().Merge(deltas)->at(0), MergeOutcome::kMerged);
  ASSERT_TRUE(Close().ok());
  ASSERT_TRUE(Knows(other, window));
  EXPECT_EQ(other.counters().Merge(deltas)->at(0), MergeOutcome::kLate);
  EXPECT_FALSE(Knows(other, window));
}

// Mutation: a pause, or an erasure, after which counters that it deleted are remembered.
TEST_F(MirrorTest, KnowsNothingOfAnOrganisationThatPausedOrWasErased) {
  EXPECT_GT(stores_->counters().remembered_bytes(), 0U);
  ASSERT_TRUE(organizations_->lifecycle.Pause("acme").ok());
  EXPECT_EQ(stores_->counters().remembered_bytes(), 0U);

  aggregate::v1::Organization wanted;
  wanted.set_headcount(kHeadcount);
  wanted.set_first_day(FormatDay(kFirstDay));
  ASSERT_TRUE(organizations_->lifecycle.Create("leaver", wanted, /*backfill=*/true).ok());
  Fill("leaver");
  EXPECT_GT(stores_->counters().remembered_bytes(), 0U);
  ASSERT_TRUE(organizations_->lifecycle.Erase("leaver").ok());
  EXPECT_EQ(stores_->counters().remembered_bytes(), 0U);
}

}  // namespace
}  // namespace tutti
