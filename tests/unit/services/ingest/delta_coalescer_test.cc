#include "services/ingest/delta_coalescer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

#include "ingest_fixture.h"

namespace tutti {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// What became of a batch.
struct Finished {
  int settled = 0;
  int times = 0;
  int dropped = 0;
  absl::Duration remaining = absl::InfiniteDuration();
  absl::Status status;
  std::vector<aggregate::v1::DeltaOutcome> outcomes;
};

class FakeBatch final : public PendingBatch {
 public:
  explicit FakeBatch(Finished& finished) : finished_(finished) {
    remaining = [&finished] { return finished.remaining; };
  }
  void Drop() override { ++finished_.dropped; }
  void Settle(const absl::Status& status) override {
    ++finished_.settled;
    finished_.status = status;
    for (const BatchDelta& delta : deltas) finished_.outcomes.push_back(delta.outcome);
  }
  void Answer() override {
    ++finished_.times;
    EXPECT_LE(finished_.times, finished_.settled);
  }

 private:
  Finished& finished_;
};

class DeltaCoalescerTest : public IngestFixture {
 protected:
  DeltaCoalescerTest() {
    for (const char* organization : {"acme", "other"}) {
      compiled_.push_back(*OrganizationPolicy::Create(organization, AcmePolicy(), SmallCatalog(),
                                                      keys->snapshot()));
    }
  }

  // Submits positions for windows of an organisation's policy, of so many activities.
  bool Submit(DeltaCoalescer& to, Finished& finished,
              const std::vector<std::pair<int, std::vector<uint32_t>>>& windows,
              size_t organization = 0, size_t activities = 1) {
    std::unique_ptr<PendingBatch> batch = std::make_unique<FakeBatch>(finished);
    batch->policy = compiled_[organization];
    batch->activities = activities;
    for (const auto& [window, positions] : windows) {
      batch->deltas.emplace_back();
      batch->deltas.back().window = window;
      batch->deltas.back().positions = positions;
    }
    return to.Submit(batch);
  }

  std::vector<std::shared_ptr<const OrganizationPolicy>> compiled_;
};

// Mutation: positions in the order in which they came.
TEST_F(DeltaCoalescerTest, MergesBatchesIntoSortedDeltasWithoutRepetition) {
  Finished a;
  Finished b;
  Finished c;
  ASSERT_TRUE(Submit(*coalescer, a, {{0, {9, 3, 9}}, {1, {4}}}));
  ASSERT_TRUE(Submit(*coalescer, b, {{0, {5, 3}}}));
  ASSERT_TRUE(Submit(*coalescer, c, {{0, {}}}, 1));
  coalescer->Tick();
  coalescer->AnswerWritten();
  ASSERT_THAT(client.merges, SizeIs(1));
  ASSERT_THAT(SentDeltas(), SizeIs(3));
  EXPECT_THAT(SentDeltas()[0].positions(), ElementsAre(3, 5, 9));
  EXPECT_THAT(SentDeltas()[1].positions(), ElementsAre(4));
  EXPECT_EQ(SentDeltas()[2].organization(), "other");
  EXPECT_THAT(SentDeltas()[2].positions(), IsEmpty());
  EXPECT_EQ(a.times + b.times + c.times, 3);
  EXPECT_THAT(a.outcomes, SizeIs(2));
}

// Else a batch that waits for others and then for its own call is answered after twice the bound,
// when its caller is gone. Mutation: to count from the call, or from the last batch.
TEST_F(DeltaCoalescerTest, LimitsACallByWhatItsFirstBatchWaited) {
  CoalescerLimits limits;
  limits.max_flushes_in_flight = 1;
  DeltaCoalescer small(client, SmallCatalog(), limits, steady_clock);
  client.hold_merges = true;
  Finished a;
  Finished b;
  Finished c;
  ASSERT_TRUE(Submit(small, a, {{0, {1}}}));
  steady_clock.Advance(absl::Milliseconds(4));
  small.Tick();
  ASSERT_TRUE(Submit(small, b, {{0, {2}}}));
  steady_clock.Advance(absl::Seconds(2));
  ASSERT_TRUE(Submit(small, c, {{0, {3}}}));
  steady_clock.Advance(absl::Seconds(1));
  client.AnswerMerges();
  small.Tick();
  EXPECT_THAT(client.limits, ElementsAre(limits.patience - absl::Milliseconds(4),
                                         limits.patience - absl::Seconds(3)));
  client.AnswerMerges();
  small.AnswerWritten();
}

// Mutations: no such limit; that of the caller who waits the shortest.
TEST_F(DeltaCoalescerTest, LimitsACallByHowLongSomebodyWaits) {
  Finished a;
  Finished b;
  a.remaining = absl::Seconds(1);
  b.remaining = absl::Seconds(2);
  ASSERT_TRUE(Submit(*coalescer, a, {{0, {1}}}));
  ASSERT_TRUE(Submit(*coalescer, b, {{0, {2}}}));
  coalescer->Tick();
  coalescer->AnswerWritten();
  EXPECT_THAT(client.limits, ElementsAre(absl::Seconds(2)));
}

// Mutation: to send it.
TEST_F(DeltaCoalescerTest, DropsWhatNobodyWaitsFor) {
  Finished gone;
  Finished there;
  gone.remaining = absl::ZeroDuration();
  ASSERT_TRUE(Submit(*coalescer, gone, {{0, {1}}}));
  ASSERT_TRUE(Submit(*coalescer, there, {{0, {2}}}));
  coalescer->Tick();
  coalescer->AnswerWritten();
  ASSERT_THAT(SentDeltas(), SizeIs(1));
  EXPECT_THAT(SentDeltas()[0].positions(), ElementsAre(2));
  EXPECT_EQ(gone.dropped, 1);
  EXPECT_EQ(gone.settled + gone.times, 0);
  EXPECT_EQ(there.times, 1);
}

// Mutation: everything that waits in one flush, which is never done in time.
TEST_F(DeltaCoalescerTest, SendsNoMoreThanSoManyActivitiesInOneFlush) {
  CoalescerLimits limits;
  limits.flush_activities = 5;
  limits.max_flushes_in_flight = 1;
  DeltaCoalescer small(client, SmallCatalog(), limits, steady_clock);
  client.hold_merges = true;
  Finished a;
  for (const uint32_t position : {1U, 2U, 3U, 4U}) {
    ASSERT_TRUE(Submit(small, a, {{0, {position}}}, 0, 2));
  }
  EXPECT_THAT(SentDeltas().back().positions(), ElementsAre(1, 2));
  client.AnswerMerges();
  small.Tick();
  EXPECT_THAT(SentDeltas().back().positions(), ElementsAre(3, 4));
  client.AnswerMerges();
  small.AnswerWritten();
  EXPECT_EQ(a.times, 4);
}

// Mutation: as much in flight as ever.
TEST_F(DeltaCoalescerTest, GivesASlowStoreLessAtOnce) {
  CoalescerLimits limits;
  limits.flush_activities = 10;
  DeltaCoalescer small(client, SmallCatalog(), limits, steady_clock);
  client.hold_merges = true;
  Finished a;
  int submitted = 0;
  // The flushes that are under way when more waits than may be.
  const auto fill = [&] {
    const size_t before = client.merges.size();
    for (int i = 0; i < 10; ++i) {
      submitted += Submit(small, a, {{0, {1}}}, 0, 10) ? 1 : 0;
      small.Tick();
    }
    return client.merges.size() - before;
  };
  const auto answer_after = [&](absl::Duration time) {
    steady_clock.Advance(time);
    client.AnswerMerges();
  };
  EXPECT_EQ(fill(), 4);
  answer_after(absl::Seconds(4));
  EXPECT_EQ(fill(), 1) << "15 activities in place of 40";
  answer_after(absl::Seconds(2));
  EXPECT_EQ(fill(), 1) << "neither slow nor fast";
  answer_after(absl::Milliseconds(5));
  EXPECT_EQ(fill(), 2);
  answer_after(absl::Milliseconds(5));
  EXPECT_EQ(fill(), 4);
  for (int i = 0; i < submitted; ++i) {
    answer_after(absl::Milliseconds(5));
    small.Tick();
  }
  small.AnswerWritten();
  EXPECT_EQ(a.settled, submitted);
}

// Mutation: whatever there is room for.
TEST_F(DeltaCoalescerTest, TakesNothingThatWouldWaitInVain) {
  client.hold_merges = true;
  Finished a;
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(Submit(*coalescer, a, {{0, {1}}}));
    coalescer->Tick();
    steady_clock.Advance(absl::Seconds(8));
    client.AnswerMerges();
  }
  EXPECT_TRUE(Submit(*coalescer, a, {{0, {1}}}));
  EXPECT_FALSE(Submit(*coalescer, a, {{0, {1}}}));
  coalescer->Tick();
  EXPECT_TRUE(Submit(*coalescer, a, {{0, {1}}})) << "one is always tried";
  client.AnswerMerges();
  coalescer->Tick();
  client.AnswerMerges();
  coalescer->AnswerWritten();
}

// What is to be done for what was new must not hold up the answers of a tick. Mutation: to
// settle on the tick.
TEST_F(DeltaCoalescerTest, SettlesWhenItIsWrittenAndAnswersOnTheNextTick) {
  client.hold_merges = true;
  Finished a;
  ASSERT_TRUE(Submit(*coalescer, a, {{0, {1}}}));
  coalescer->Tick();
  EXPECT_EQ(a.settled, 0);
  client.AnswerMerges();
  EXPECT_EQ(a.settled, 1);
  EXPECT_EQ(a.times, 0);
  coalescer->Tick();
  EXPECT_EQ(a.times, 1);
}

TEST_F(DeltaCoalescerTest, AnswersManyActivitiesATickLaterHoweverLittleTheyBring) {
  CoalescerLimits limits;
  limits.large_activities = 3;
  DeltaCoalescer small(client, SmallCatalog(), limits, steady_clock);
  Finished few;
  ASSERT_TRUE(Submit(small, few, {{0, {1, 2, 3, 4}}}, 0, 2));
  small.Tick();
  Finished many;
  ASSERT_TRUE(Submit(small, many, {{0, {}}}, 0, 3));
  small.Tick();
  EXPECT_EQ(few.times, 1);
  small.Tick();
  EXPECT_EQ(many.settled, 1);
  EXPECT_EQ(many.times, 0);
  small.Tick();
  EXPECT_EQ(many.times, 1);
}

TEST_F(DeltaCoalescerTest, SendsNothingOnAnIdleTick) {
  coalescer->Tick();
  coalescer->AnswerWritten();
  EXPECT_THAT(client.merges, IsEmpty());
}

TEST_F(DeltaCoalescerTest, GivesEachDeltaItsOutcome) {
  client.outcome = [](const aggregate::v1::WindowDelta& delta) {
    return delta.end_day() == "2026-11-29" ? aggregate::v1::DELTA_OUTCOME_LATE
                                           : aggregate::v1::DELTA_OUTCOME_MERGED;
  };
  Finished a;
  Finished b;
  ASSERT_TRUE(Submit(*coalescer, a, {{0, {1}}, {1, {2}}}));
  ASSERT_TRUE(Submit(*coalescer, b, {{1, {7}}}));
  coalescer->Tick();
  coalescer->AnswerWritten();
  EXPECT_THAT(a.outcomes,
              ElementsAre(aggregate::v1::DELTA_OUTCOME_MERGED, aggregate::v1::DELTA_OUTCOME_LATE));
  EXPECT_THAT(b.outcomes, ElementsAre(aggregate::v1::DELTA_OUTCOME_LATE));
}

TEST_F(DeltaCoalescerTest, SplitsWhatIsTooLargeForOneCall) {
  CoalescerLimits limits;
  limits.call_positions = 4;
  DeltaCoalescer small(client, SmallCatalog(), limits, steady_clock);
  client.hold_merges = true;
  Finished a;
  ASSERT_TRUE(Submit(small, a, {{0, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}}, {1, {4}}}));
  small.Tick();
  EXPECT_THAT(client.merges, SizeIs(3));
  EXPECT_THAT(SentTo(WindowKind::kReach, "2026-11-22"), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  EXPECT_EQ(a.times, 0);
  client.AnswerMerges();
  small.AnswerWritten();
  EXPECT_EQ(a.times, 1);
  EXPECT_THAT(a.outcomes, ElementsAre(aggregate::v1::DELTA_OUTCOME_MERGED,
                                      aggregate::v1::DELTA_OUTCOME_MERGED));
}

// What became of two windows that close after the first call of a flush, by how many
// positions the flush has. Mutations: a piece that is late makes its delta late; a delta
// goes out in the call in which there is room for it.
TEST_F(DeltaCoalescerTest, TheNumberOfPositionsDoesNotMakeADeltaLate) {
  CoalescerLimits limits;
  limits.call_positions = 4;
  for (const size_t positions : {0U, 1U, 4U, 5U, 9U}) {
    for (const bool in_time : {false, true}) {
      FakeAggregateClient aggregate;
      DeltaCoalescer small(aggregate, SmallCatalog(), limits, steady_clock);
      aggregate.hold_merges = true;
      Finished a;
      std::vector<uint32_t> first(positions);
      std::iota(first.begin(), first.end(), 0);
      ASSERT_TRUE(Submit(small, a, {{0, first}, {1, {}}}));
      small.Tick();
      ASSERT_THAT(aggregate.merges.front().deltas(), SizeIs(2));
      int deltas = 0;
      aggregate.outcome = [&deltas, in_time](const aggregate::v1::WindowDelta&) {
        return ++deltas <= 2 && in_time ? aggregate::v1::DELTA_OUTCOME_MERGED
                                        : aggregate::v1::DELTA_OUTCOME_LATE;
      };
      aggregate.AnswerMerges();
      small.AnswerWritten();
      ASSERT_EQ(a.times, 1);
      if (!in_time) {
        EXPECT_THAT(a.outcomes, ElementsAre(aggregate::v1::DELTA_OUTCOME_LATE,
                                            aggregate::v1::DELTA_OUTCOME_LATE));
        continue;
      }
      // Not all of it is durable: to be sent again.
      EXPECT_THAT(a.outcomes, ElementsAre(positions <= 4 ? aggregate::v1::DELTA_OUTCOME_MERGED
                                                         : aggregate::v1::DELTA_OUTCOME_UNSPECIFIED,
                                          aggregate::v1::DELTA_OUTCOME_MERGED));
    }
  }
}

// Mutation: a call's error is that of every batch of the tick.
TEST_F(DeltaCoalescerTest, FailsTheBatchesWhoseFirstPiecesAFailedCallCarries) {
  CoalescerLimits limits;
  limits.call_deltas = 1;
  DeltaCoalescer small(client, SmallCatalog(), limits, steady_clock);
  client.outcome =
      [](const aggregate::v1::WindowDelta& delta) -> absl::StatusOr<aggregate::v1::DeltaOutcome> {
    if (delta.end_day() == "2026-11-29") return absl::UnavailableError("down");
    return aggregate::v1::DELTA_OUTCOME_MERGED;
  };
  Finished a;
  Finished b;
  Finished both;
  ASSERT_TRUE(Submit(small, a, {{0, {1}}}));
  ASSERT_TRUE(Submit(small, b, {{1, {1}}}));
  ASSERT_TRUE(Submit(small, both, {{0, {1}}, {1, {1}}}));
  small.Tick();
  small.AnswerWritten();
  EXPECT_EQ(a.status, absl::OkStatus());
  EXPECT_EQ(b.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(both.status.code(), absl::StatusCode::kUnavailable);
}

// Whether a delta needs a second piece tells how much was new: who is refused does not follow
// from it. Mutation: such a call fails the batches that it carries alone.
TEST_F(DeltaCoalescerTest, FailsEveryBatchOfATickWhenACallOfFurtherPiecesFails) {
  CoalescerLimits limits;
  limits.call_positions = 4;
  DeltaCoalescer small(client, SmallCatalog(), limits, steady_clock);
  client.outcome =
      [](const aggregate::v1::WindowDelta& delta) -> absl::StatusOr<aggregate::v1::DeltaOutcome> {
    if (!delta.positions().empty() && delta.positions(0) == 5)
      return absl::UnavailableError("down");
    return aggregate::v1::DELTA_OUTCOME_MERGED;
  };
  Finished much;
  Finished little;
  ASSERT_TRUE(Submit(small, much, {{0, {1, 2, 3, 4, 5}}}));
  ASSERT_TRUE(Submit(small, little, {{1, {}}}));
  small.Tick();
  small.AnswerWritten();
  EXPECT_THAT(client.merges, SizeIs(2)) << "the control";
  EXPECT_EQ(much.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(little.status.code(), absl::StatusCode::kUnavailable);
}

// Mutation: to count positions, so that a flush tells how much was new.
TEST_F(DeltaCoalescerTest, FlushesWithoutATickWhenManyActivitiesWait) {
  CoalescerLimits limits;
  limits.flush_activities = 3;
  DeltaCoalescer small(client, SmallCatalog(), limits, steady_clock);
  Finished a;
  ASSERT_TRUE(Submit(small, a, {{0, {1, 2, 3, 4}}}, 0, 2));
  EXPECT_THAT(client.merges, IsEmpty());
  ASSERT_TRUE(Submit(small, a, {{0, {}}}, 0, 1));
  EXPECT_THAT(client.merges, SizeIs(1));
}

// Mutation: no bound on flushes in flight.
TEST_F(DeltaCoalescerTest, BoundsFlushesInFlightAndWhatWaits) {
  CoalescerLimits limits;
  limits.max_flushes_in_flight = 1;
  limits.max_pending_activities = 3;
  DeltaCoalescer small(client, SmallCatalog(), limits, steady_clock);
  client.hold_merges = true;
  Finished a;
  ASSERT_TRUE(Submit(small, a, {{0, {1}}}));
  small.Tick();
  ASSERT_TRUE(Submit(small, a, {{0, {1, 2, 3, 4}}}, 0, 2));
  small.Tick();
  EXPECT_THAT(client.merges, SizeIs(1));
  EXPECT_FALSE(Submit(small, a, {{0, {}}}, 0, 2));
  EXPECT_TRUE(Submit(small, a, {{0, {3}}}, 0, 1));
  client.AnswerMerges();
  small.AnswerWritten();
  EXPECT_EQ(a.times, 1);
  small.Tick();
  EXPECT_THAT(client.merges, SizeIs(2));
  client.AnswerMerges();
  small.AnswerWritten();
  EXPECT_EQ(a.times, 3);
}

}  // namespace
}  // namespace tutti
