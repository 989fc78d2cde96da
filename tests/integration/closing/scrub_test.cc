// Scrubbing the files of every node after a close, also when a rewriting fails.

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "services/aggregate/file_scrubber.h"
#include "tests/integration/closing/closing_test.h"

namespace tutti {
namespace {

class ScrubTest : public ClosingTest {
 protected:
  static bool HoldsBits(const RedisServer& server) {
    return absl::StrContains(server.AppendOnlyFiles(), "BITOP");
  }

  // Waits for something that comes by itself.
  static bool Comes(const std::function<bool()>& there) {
    const absl::Time deadline = absl::Now() + absl::Seconds(60);
    while (!there()) {
      if (absl::Now() > deadline) return false;
      absl::SleepFor(absl::Milliseconds(10));
    }
    return true;
  }
};

// Mutation: a scrub that takes a rewriting that began for done, or asks the primary alone;
// a scrubber that does not try again.
TEST_F(ScrubTest, RepeatsARewritingThatFailedOnAReplica) {
  const auto replica = RedisServer::StartReplicaOf(*server_);
  ASSERT_TRUE(replica.ok()) << replica.status();
  Connect(/*wait_replicas=*/1);
  Fill("acme");
  ASSERT_TRUE(directory_->Pause("acme").ok());
  ASSERT_TRUE(HoldsBits(*server_) && HoldsBits(**replica)) << "the control";
  ASSERT_TRUE((*replica)->WaitForRewrite()) << "what it makes of the primary's data";
  (*replica)->SlowRewrites(true);
  FileScrubber scrubber(stores_->counters(), absl::Milliseconds(10));
  scrubber.Start();
  ASSERT_TRUE((*replica)->KillRewrite());
  ASSERT_TRUE(Comes([&] { return scrubber.failures() > 0; }));
  EXPECT_TRUE(scrubber.pending());
  EXPECT_TRUE(HoldsBits(**replica)) << "the control";
  (*replica)->SlowRewrites(false);
  ASSERT_TRUE((*replica)->KillRewrite()) << "the one that was begun before";
  ASSERT_TRUE(Comes([&] { return !scrubber.pending(); }));
  EXPECT_FALSE(HoldsBits(*server_));
  EXPECT_FALSE(HoldsBits(**replica));
}

}  // namespace
}  // namespace tutti
