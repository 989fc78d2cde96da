// Scrubbing the files of every node after a close, also when a rewriting fails.

#include "absl/strings/match.h"
#include "services/aggregate/file_scrubber.h"
#include "tests/integration/closing/closing_test.h"
#include "tests/support/wait_until.h"

namespace tutti {
namespace {

class ScrubTest : public ClosingTest {
 protected:
  static bool HoldsBits(const RedisServer& server) {
    return absl::StrContains(server.AppendOnlyFiles(), "BITOP");
  }
};

// Mutation: a scrub that takes a rewriting that began for done, or asks the primary alone;
// a scrubber that does not try again.
TEST_F(ScrubTest, RepeatsARewritingThatFailedOnAReplica) {
  const auto replica = RedisServer::StartReplicaOf(*server_);
  ASSERT_TRUE(replica.ok()) << replica.status();
  Connect(/*wait_replicas=*/1);
  Fill("acme");
  ASSERT_TRUE(organizations_->lifecycle.Pause("acme").ok());
  ASSERT_TRUE(HoldsBits(*server_) && HoldsBits(**replica)) << "the control";
  ASSERT_TRUE((*replica)->WaitForRewrite()) << "what it makes of the primary's data";
  (*replica)->SlowRewrites(true);
  FileScrubber scrubber(stores_->counters(), absl::Milliseconds(10));
  scrubber.Start();
  ASSERT_TRUE((*replica)->KillRewrite());
  ASSERT_TRUE(WaitUntil([&] { return scrubber.failures() > 0; }));
  EXPECT_TRUE(scrubber.pending());
  EXPECT_TRUE(HoldsBits(**replica)) << "the control";
  (*replica)->SlowRewrites(false);
  // The scrubber may have begun a slow one before, or not yet.
  (*replica)->KillRewriteIfAny();
  ASSERT_TRUE(WaitUntil([&] { return !scrubber.pending(); }));
  EXPECT_FALSE(HoldsBits(*server_));
  EXPECT_FALSE(HoldsBits(**replica));
}

// Mutation: the replicas that the primary lists taken for all that there are.
TEST_F(ScrubTest, IsNotOverBeforeAReplicaIsBack) {
  const auto replica = RedisServer::StartReplicaOf(*server_);
  ASSERT_TRUE(replica.ok()) << replica.status();
  Connect(/*wait_replicas=*/1);
  Fill("acme");
  ASSERT_TRUE(organizations_->lifecycle.Pause("acme").ok());
  (*replica)->Kill();
  ASSERT_TRUE(HoldsBits(**replica)) << "the control";
  FileScrubber scrubber(stores_->counters(), absl::Milliseconds(10));
  scrubber.Start();
  ASSERT_TRUE(WaitUntil([&] { return scrubber.failures() > 3; }));
  EXPECT_TRUE(scrubber.pending());
  ASSERT_EQ((*replica)->Resume(), absl::OkStatus());
  ASSERT_TRUE(WaitUntil([&] { return !scrubber.pending(); }));
  EXPECT_FALSE(HoldsBits(*server_));
  EXPECT_FALSE(HoldsBits(**replica));
}

// A rewriting copies what is still there.
//
// Mutation: a replica that is listed taken for one that has followed.
TEST_F(ScrubTest, RewritesNoReplicaThatHasNotHeardOfADeletion) {
  const auto replica = RedisServer::StartReplicaOf(*server_);
  ASSERT_TRUE(replica.ok()) << replica.status();
  ASSERT_TRUE((*replica)->WaitForRewrite()) << "what it makes of the primary's data";
  Connect(/*wait_replicas=*/1);
  Fill("acme");
  Connect();
  RedisPool there((*replica)->OptionsFor("inspector"));
  ASSERT_EQ(AsOk(there.Call({"CLIENT", "PAUSE", "3600000", "WRITE"})), absl::OkStatus());
  ASSERT_TRUE(organizations_->lifecycle.Pause("acme").ok());
  FileScrubber scrubber(stores_->counters(), absl::Milliseconds(10));
  scrubber.Start();
  ASSERT_TRUE(WaitUntil([&] { return scrubber.failures() > 0; }));
  EXPECT_TRUE(HoldsBits(**replica)) << "the control";
  ASSERT_EQ(AsOk(there.Call({"CLIENT", "UNPAUSE"})), absl::OkStatus());
  ASSERT_TRUE(WaitUntil([&] { return !scrubber.pending(); }));
  EXPECT_FALSE(HoldsBits(**replica));
}

}  // namespace
}  // namespace tutti
