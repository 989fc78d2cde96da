#include "services/score/publication_lookup.h"

#include <atomic>
#include <condition_variable>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/services/score/fake_publications.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Day kEnd(2026, 3, 1);

// Answers Find when it is let, and remembers what each call asked.
class SlowPublications final : public PublicationReader {
 public:
  absl::StatusOr<std::vector<std::optional<Day>>> Find(
      absl::Span<const PublicationQuery> queries) override {
    std::unique_lock<std::mutex> lock(mutex_);
    calls_.emplace_back(queries.begin(), queries.end());
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
    if (!failure_.ok()) return failure_;
    std::vector<std::optional<Day>> found;
    for (const PublicationQuery& query : queries) {
      found.push_back(query.organization == "nobody" ? std::nullopt : std::make_optional(kEnd));
    }
    return found;
  }
  absl::StatusOr<std::vector<Day>> ListEndDays(const std::string&) override { return failure_; }
  absl::StatusOr<Day> LatestEndDay(const std::string&) override { return failure_; }
  absl::StatusOr<std::vector<std::string>> Read(const std::string&,
                                                absl::Span<const Day>) override {
    return failure_;
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
  void Fail() { failure_ = absl::UnavailableError("the store is away"); }
  std::vector<std::vector<PublicationQuery>> calls() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return calls_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  absl::Status failure_ = absl::OkStatus();
  std::vector<std::vector<PublicationQuery>> calls_;
};

TEST(PublicationLookup, AsksOnceForAllWhoComeMeanwhile) {
  SlowPublications publications;
  PublicationLookup lookup(publications);
  std::vector<std::string> answered;
  const auto note = [&answered](const std::string& who) {
    return [&answered, who](const absl::StatusOr<std::optional<Day>>& day) {
      answered.push_back(who + (day.ok() && day->has_value() ? " yes" : " no"));
    };
  };
  std::thread first([&] { lookup.Ask({"acme", std::nullopt}, note("first")); });
  publications.AwaitCalls(1);
  // These come while the store is being asked: they neither wait nor share its answer.
  lookup.Ask({"acme", std::nullopt}, note("second"));
  lookup.Ask({"acme", std::nullopt}, note("third"));
  lookup.Ask({"nobody", kEnd}, note("fourth"));
  EXPECT_THAT(answered, IsEmpty());
  publications.Open();
  first.join();
  EXPECT_THAT(answered, ElementsAre("first yes", "second yes", "third yes", "fourth no"));
  EXPECT_THAT(publications.calls(), ElementsAre(ElementsAre(PublicationQuery{"acme", std::nullopt}),
                                                ElementsAre(PublicationQuery{"acme", std::nullopt},
                                                            PublicationQuery{"nobody", kEnd})));
}

TEST(PublicationLookup, AsksAgainForEachWhoComesLater) {
  SlowPublications publications;
  publications.Open();
  PublicationLookup lookup(publications);
  int answers = 0;
  for (int i = 0; i < 3; ++i) {
    lookup.Ask({"acme", std::nullopt},
               [&answers](const auto& day) { answers += day.ok() ? 1 : 0; });
  }
  EXPECT_EQ(answers, 3);
  EXPECT_EQ(publications.calls().size(), 3U);
}

TEST(PublicationLookup, TellsEverybodyThatTheStoreFailed) {
  SlowPublications publications;
  publications.Fail();
  publications.Open();
  PublicationLookup lookup(publications);
  absl::Status status;
  lookup.Ask({"acme", kEnd}, [&status](const auto& day) { status = day.status(); });
  EXPECT_TRUE(absl::IsUnavailable(status));
}

TEST(PublicationLookup, AnswersEachOfManyThreadsOnce) {
  FakePublications publications;
  PublicationLookup lookup(publications);
  std::atomic<int> answers = 0;
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 500; ++j) {
        lookup.Ask({"acme", std::nullopt}, [&answers](const auto&) { ++answers; });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answers, 8 * 500);
}

}  // namespace
}  // namespace tutti
