// What is refused when too much waits, and that who it is about makes no difference.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "ingest_fixture.h"
#include "services/ingest/activity_ingester.h"

namespace tutti {
namespace {

using ingest::v1::REASON_OVERLOADED;

class IngestLimitsTest : public IngestFixture {
 protected:
  void Limit(const CoalescerLimits& limits) {
    coalescer = std::make_unique<DeltaCoalescer>(client, SmallCatalog(), limits, steady_clock);
    ingester = std::make_unique<ActivityIngester>(IngestParts{
        SmallCatalog(), *policies, *acknowledged, *coalescer, *opt_outs, counters, clock});
  }
};

// Somebody who is known, or has opted out, must be refused as somebody new is. Mutation:
// limits that count positions.
TEST_F(IngestLimitsTest, RefusesWhenTooManyActivitiesWaitWhateverTheyBring) {
  SendAndTick(MakeBatch({MakeActivity("known@x", "mail.sent")}));
  CoalescerLimits limits;
  limits.max_pending_activities = 3;
  Limit(limits);
  const auto twice = [](const std::string& subject) {
    return MakeBatch({MakeActivity(subject, "mail.sent"), MakeActivity(subject, "mail.sent")});
  };
  for (const char* const first : {"known@x", "new@x"}) {
    for (const char* const second : {"known@x", "newer@x"}) {
      const auto waiting = Send(twice(first));
      const auto refused = Send(twice(second));
      EXPECT_FALSE(waiting->done);
      ASSERT_FALSE(refused->status.ok()) << first << " " << second;
      EXPECT_EQ(ReasonIn<ingest::v1::Reason>(refused->status), REASON_OVERLOADED);
      coalescer->Tick();
      coalescer->AnswerWritten();
      EXPECT_TRUE(waiting->done);
    }
  }
}

TEST_F(IngestLimitsTest, RefusesWhenTooMuchWaits) {
  CoalescerLimits limits;
  limits.max_pending_batches = 1;
  Limit(limits);
  const auto batch = MakeBatch({MakeActivity("ann@x", "mail.sent")});
  const auto waiting = Send(batch);
  const auto refused = Send(batch);
  ASSERT_TRUE(refused->done && !refused->status.ok());
  EXPECT_EQ(ReasonIn<ingest::v1::Reason>(refused->status), REASON_OVERLOADED);
  EXPECT_EQ(refused->status.code(), absl::StatusCode::kUnavailable);
  coalescer->Tick();
  coalescer->AnswerWritten();
  EXPECT_TRUE(waiting->done);
}

// While aggregate does not answer, callers have sent more than there is memory, for gRPC's own
// bound ends where a message was read. Mutation: no bound.
TEST_F(IngestLimitsTest, BoundsWhatWaitsForAPolicy) {
  client.hold_policies = true;
  auto batch = MakeBatch({MakeActivity("ann@acme.example", "mail.sent")});
  batch.mutable_activities(0)->set_app(std::string(size_t{15} << 20, 'a'));
  std::vector<std::shared_ptr<Reply>> replies(20);
  for (std::shared_ptr<Reply>& reply : replies) reply = Send(batch);
  const auto refused = [](const auto& reply) {
    return !reply->status.ok() && ReasonIn<ingest::v1::Reason>(reply->status) == REASON_OVERLOADED;
  };
  EXPECT_EQ(std::count_if(replies.begin(), replies.end(), refused), 3);
  client.AnswerPolicies();
  coalescer->Tick();
  coalescer->AnswerWritten();
  EXPECT_EQ(std::count_if(replies.begin(), replies.end(), refused), 3);
  // What was judged waits no more.
  client.hold_policies = false;
  EXPECT_EQ(SendAndTick(batch).response.accepted_count(), 1);
}

}  // namespace
}  // namespace tutti
