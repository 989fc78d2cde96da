#include "services/score/coalesced_lookup.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/doubles/fake_clock.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Lookup = CoalescedLookup<std::string, int>;

// Answers when it is let, and remembers what each call asked.
class SlowStore {
 public:
  absl::StatusOr<std::vector<std::optional<int>>> Find(absl::Span<const std::string> queries) {
    std::unique_lock<std::mutex> lock(mutex_);
    calls_.emplace_back(queries.begin(), queries.end());
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
    if (!failure_.ok()) return failure_;
    std::vector<std::optional<int>> found;
    for (const std::string& query : queries) {
      found.push_back(query == "nobody" ? std::nullopt : std::make_optional(value_));
    }
    return found;
  }

  void AwaitCalls(size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return calls_.size() >= count; });
  }
  void Open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void Set(int value) {
    const std::lock_guard<std::mutex> lock(mutex_);
    value_ = value;
  }
  void Fail(const absl::Status& failure) {
    const std::lock_guard<std::mutex> lock(mutex_);
    failure_ = failure;
  }
  std::vector<std::vector<std::string>> calls() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return calls_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int value_ = 1;
  absl::Status failure_ = absl::OkStatus();
  std::vector<std::vector<std::string>> calls_;
};

// What callers were told, in turn.
class Told {
 public:
  Lookup::Done Note(const std::string& who) {
    return [this, who](const Lookup::Answer& answer) {
      const std::lock_guard<std::mutex> lock(mutex_);
      told_.push_back(who + (!answer.ok()          ? " failed"
                             : answer->has_value() ? " " + std::to_string(**answer)
                                                   : " nothing"));
      changed_.notify_all();
    };
  }
  std::vector<std::string> Await(size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return told_.size() >= count; });
    return told_;
  }
  std::vector<std::string> Now() { return Await(0); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> told_;
};

class CoalescedLookupTest : public ::testing::Test {
 protected:
  SlowStore store_;
  Told told_;
  FakeSteadyClock clock_;
  Lookup lookup_{[this](absl::Span<const std::string> queries) { return store_.Find(queries); },
                 clock_, workers_};
  Workers workers_{2};
};

// Mutation: a lookup that has each caller ask for itself.
TEST_F(CoalescedLookupTest, AsksOnceForAllWhoComeMeanwhile) {
  lookup_.Ask("acme", told_.Note("first"));
  store_.AwaitCalls(1);
  lookup_.Ask("acme", told_.Note("second"));
  lookup_.Ask("beta", told_.Note("third"));
  lookup_.Ask("beta", told_.Note("fourth"));
  EXPECT_THAT(told_.Now(), IsEmpty());
  store_.Open();
  EXPECT_THAT(told_.Await(4), ElementsAre("first 1", "second 1", "third 1", "fourth 1"));
  EXPECT_THAT(store_.calls(), ElementsAre(ElementsAre("acme"), ElementsAre("beta")));
}

// Mutation: to give those who came meanwhile what was found, also when that is nothing.
TEST_F(CoalescedLookupTest, AsksAgainForThoseWhoCameMeanwhileWhenNothingWasFound) {
  lookup_.Ask("nobody", told_.Note("first"));
  store_.AwaitCalls(1);
  lookup_.Ask("nobody", told_.Note("second"));
  store_.Open();
  EXPECT_THAT(told_.Await(2), ElementsAre("first nothing", "second nothing"));
  EXPECT_THAT(store_.calls(), ElementsAre(ElementsAre("nobody"), ElementsAre("nobody")));
}

TEST_F(CoalescedLookupTest, GivesWhatItFoundForAsLongAsItIsFresh) {
  store_.Open();
  lookup_.Ask("acme", told_.Note("first"));
  told_.Await(1);
  store_.Set(2);
  clock_.Advance(kFreshFor - absl::Nanoseconds(1));
  EXPECT_EQ(lookup_.Fresh("acme"), 1);
  lookup_.Ask("acme", told_.Note("second"));
  EXPECT_THAT(told_.Now(), ElementsAre("first 1", "second 1"));
  EXPECT_EQ(store_.calls().size(), 1U);
  clock_.Advance(absl::Nanoseconds(1));
  EXPECT_EQ(lookup_.Fresh("acme"), std::nullopt);
  lookup_.Ask("acme", told_.Note("third"));
  EXPECT_THAT(told_.Await(3), ElementsAre("first 1", "second 1", "third 2"));
  EXPECT_EQ(store_.calls().size(), 2U);
}

// Mutation: to count from when the store answered, which may have taken long.
TEST_F(CoalescedLookupTest, CountsFromWhenTheStoreWasAsked) {
  lookup_.Ask("acme", told_.Note("first"));
  store_.AwaitCalls(1);
  clock_.Advance(kFreshFor);
  store_.Open();
  told_.Await(1);
  EXPECT_EQ(lookup_.Fresh("acme"), std::nullopt);
}

TEST_F(CoalescedLookupTest, KeepsNoFailureAndNothing) {
  store_.Open();
  store_.Fail(absl::UnavailableError("away"));
  lookup_.Ask("acme", told_.Note("first"));
  told_.Await(1);
  store_.Fail(absl::OkStatus());
  lookup_.Ask("acme", told_.Note("second"));
  told_.Await(2);
  lookup_.Ask("nobody", told_.Note("third"));
  told_.Await(3);
  lookup_.Ask("nobody", told_.Note("fourth"));
  EXPECT_THAT(told_.Await(4),
              ElementsAre("first failed", "second 1", "third nothing", "fourth nothing"));
  EXPECT_EQ(store_.calls().size(), 4U);
}

TEST_F(CoalescedLookupTest, AnswersEachOfManyThreadsOnce) {
  store_.Open();
  std::atomic<int> answers = 0;
  {
    std::vector<std::thread> threads;
    threads.reserve(8);
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < 500; ++j) {
          lookup_.Ask(j % 2 == 0 ? "nobody" : "acme", [&](const auto&) { ++answers; });
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  lookup_.Ask("beta", told_.Note("last"));  // is answered after all others
  told_.Await(1);
  EXPECT_EQ(answers, 8 * 500);
}

}  // namespace
}  // namespace tutti
