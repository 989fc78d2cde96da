#include "services/score/answer_cache.h"

#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;

AnswerKey KeyOf(const std::string& organization, AnswerKind kind = AnswerKind::kFullScore) {
  return {organization, Day(2026, 11, 22), kind, ""};
}

TEST(AnswerCache, TellsViewsAndTablesApart) {
  AnswerCache cache(1 << 20);
  cache.Keep(KeyOf("acme"), "full");
  cache.Keep(KeyOf("acme", AnswerKind::kBasicScore), "basic");
  cache.Keep({"acme", Day(2026, 11, 22), AnswerKind::kFullTable, "modes"}, "modes");
  EXPECT_EQ(*cache.Find(KeyOf("acme")), "full");
  EXPECT_EQ(*cache.Find(KeyOf("acme", AnswerKind::kBasicScore)), "basic");
  EXPECT_EQ(cache.Find(KeyOf("acme", AnswerKind::kFullTable)), nullptr);
  EXPECT_EQ(cache.Find({"acme", Day(2026, 11, 15), AnswerKind::kFullScore, ""}), nullptr);
}

// Mutation: a bound that forgets what is kept beside the bytes, or drops the newest.
TEST(AnswerCache, DropsWhatWasAskedForLongestAgo) {
  AnswerCache cache(3 * (BoundedCache<AnswerKey, std::string>::kBytesOfAnEntry + 10));
  for (const char* name : {"a", "b", "c"}) cache.Keep(KeyOf(name), std::string(10, '.'));
  EXPECT_NE(cache.Find(KeyOf("a")), nullptr);
  const AnswerCache::Answer held = cache.Find(KeyOf("c"));
  cache.Find(KeyOf("a"));
  cache.Keep(KeyOf("d"), std::string(10, '.'));
  EXPECT_EQ(cache.Find(KeyOf("b")), nullptr);
  cache.Keep(KeyOf("e"), std::string(10, '.'));
  EXPECT_EQ(cache.Find(KeyOf("c")), nullptr);
  EXPECT_EQ(held->size(), 10U);
  for (const char* name : {"a", "d", "e"}) EXPECT_NE(cache.Find(KeyOf(name)), nullptr) << name;
}

// Mutation: a cache in which each caller makes what is not there.
TEST(AnswerCache, MakesOnceWhatManyAskForMeanwhile) {
  AnswerCache cache(1 << 20);
  std::vector<std::string> told;
  const auto note = [&told](const std::string& who) {
    return [&told, who](const absl::StatusOr<AnswerCache::Answer>& answer) {
      told.push_back(who + " " + (answer.ok() ? **answer : "failed"));
    };
  };
  int made = 0;
  const auto other = [&]() -> absl::StatusOr<AnswerCache::Answer> {
    ++made;
    return absl::InternalError("made twice");
  };
  cache.Get(
      KeyOf("acme"),
      [&]() -> absl::StatusOr<AnswerCache::Answer> {
        ++made;
        cache.Get(KeyOf("acme"), other, note("second"));
        EXPECT_THAT(told, ElementsAre());
        return cache.Keep(KeyOf("acme"), "answer");
      },
      note("first"));
  cache.Get(KeyOf("acme"), other, note("third"));
  EXPECT_THAT(told, ElementsAre("first answer", "second answer", "third answer"));
  EXPECT_EQ(made, 1);
}

TEST(AnswerCache, KeepsNoFailure) {
  AnswerCache cache(1 << 20);
  const auto failed = cache.Get(KeyOf("acme"), []() -> absl::StatusOr<AnswerCache::Answer> {
    return absl::UnavailableError("away");
  });
  EXPECT_TRUE(absl::IsUnavailable(failed.status()));
  const auto made = cache.Get(KeyOf("acme"), [&]() -> absl::StatusOr<AnswerCache::Answer> {
    return cache.Keep(KeyOf("acme"), "answer");
  });
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(**made, "answer");
}

TEST(AnswerCache, WaitsForAnotherWhoMakesIt) {
  AnswerCache cache(1 << 20);
  std::thread waiting;
  absl::StatusOr<AnswerCache::Answer> told;
  const auto made = cache.Get(KeyOf("acme"), [&]() -> absl::StatusOr<AnswerCache::Answer> {
    waiting = std::thread([&] {
      told = cache.Get(KeyOf("acme"), [&]() -> absl::StatusOr<AnswerCache::Answer> {
        return cache.Keep(KeyOf("acme"), "answer");
      });
    });
    return cache.Keep(KeyOf("acme"), "answer");
  });
  waiting.join();
  ASSERT_TRUE(told.ok());
  EXPECT_EQ(*told, *made);
}

}  // namespace
}  // namespace tutti
