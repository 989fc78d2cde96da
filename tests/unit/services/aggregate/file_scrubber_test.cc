#include "services/aggregate/file_scrubber.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include "tests/doubles/memory_store.h"

namespace tutti {
namespace {

// What happens at each scrub, by its number.
class ScriptedStore final : public MemoryStore {
 public:
  std::function<absl::Status(int, const std::function<bool()>&)> on_scrub;
  std::atomic<int> scrubs = 0;

  absl::Status ScrubFiles(const std::function<bool()>& stop) override {
    return on_scrub(++scrubs, stop);
  }
};

void AwaitIdle(const FileScrubber& scrubber) {
  while (scrubber.pending()) std::this_thread::yield();
}

TEST(FileScrubberTest, BeginsWithWhatAnotherProcessMayHaveLeft) {
  ScriptedStore store;
  store.on_scrub = [](int, const auto&) { return absl::OkStatus(); };
  FileScrubber scrubber(store, absl::Hours(1));
  EXPECT_TRUE(scrubber.pending());
  scrubber.Start();
  AwaitIdle(scrubber);
  EXPECT_EQ(store.scrubs, 1);
}

// Mutation: a scrub that counts for what was deleted while it went on.
TEST(FileScrubberTest, ScrubsAgainForWhoAsksWhileItIsAtIt) {
  ScriptedStore store;
  FileScrubber scrubber(store, absl::Hours(1));
  store.on_scrub = [&](int number, const auto&) {
    if (number == 1) {
      scrubber.ScrubSoon();
      scrubber.ScrubSoon();
    }
    return absl::OkStatus();
  };
  scrubber.Start();
  AwaitIdle(scrubber);
  EXPECT_EQ(store.scrubs, 2);
}

// Mutation: a scrubber that lets a failure be.
TEST(FileScrubberTest, RepeatsWhatFailedAndCountsIt) {
  ScriptedStore store;
  store.on_scrub = [](int number, const auto&) {
    return number < 3 ? absl::UnavailableError("no disk") : absl::OkStatus();
  };
  FileScrubber scrubber(store, absl::ZeroDuration());
  scrubber.Start();
  AwaitIdle(scrubber);
  EXPECT_EQ(store.scrubs, 3);
  EXPECT_EQ(scrubber.failures(), 2U);
}

// Every try rewrites the files of the nodes that are there. Mutation: a pause that stays as
// it is.
TEST(FileScrubberTest, RepeatsWhatGoesOnFailingLessAndLessOften) {
  constexpr auto kRetry = std::chrono::milliseconds(2);
  ScriptedStore store;
  store.on_scrub = [](int number, const auto&) {
    return number < 8 ? absl::UnavailableError("a node is away") : absl::OkStatus();
  };
  const auto begin = std::chrono::steady_clock::now();
  FileScrubber scrubber(store, absl::FromChrono(kRetry));
  scrubber.Start();
  AwaitIdle(scrubber);
  // 1 + 2 + 4 + ... + 64; how much longer a pause lasts nobody knows.
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 127 * kRetry);
}

TEST(FileScrubberTest, StopsInTheMiddleAndLeavesTheRest) {
  ScriptedStore store;
  store.on_scrub = [](int, const std::function<bool()>& stop) {
    while (!stop()) std::this_thread::yield();
    return absl::CancelledError("told to");
  };
  FileScrubber scrubber(store, absl::Hours(1));
  scrubber.Start();
  while (store.scrubs == 0) std::this_thread::yield();
  scrubber.Stop();
  EXPECT_TRUE(scrubber.pending());
  EXPECT_EQ(scrubber.failures(), 0U);
}

}  // namespace
}  // namespace tutti
