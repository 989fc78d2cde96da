#include "common/redis/bit_mirror.h"

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/doubles/fake_clock.h"
#include "tests/support/own_memory.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

BitmapId Bitmap(const std::string& kind) {
  return {"acme", {WindowKind::kReach, Day(2026, 3, 1)}, kind};
}

std::vector<uint32_t> Unknown(BitMirror& mirror, const std::string& kind,
                              const std::vector<uint32_t>& positions, uint64_t epoch = 1) {
  bool known = false;
  return mirror.Unknown(Bitmap(kind), positions, epoch, known);
}

bool Knows(BitMirror& mirror, const std::string& kind, uint64_t epoch = 1) {
  bool known = false;
  mirror.Unknown(Bitmap(kind), {}, epoch, known);
  return known;
}

TEST(BitMirror, LeavesOutWhatItHasLearnt) {
  const FakeSteadyClock clock;
  BitMirror mirror({.max_bytes = 1 << 20}, clock);
  EXPECT_THAT(Unknown(mirror, "a", {0, 63, 64, 4000}), ElementsAre(0, 63, 64, 4000));
  mirror.Learn(Bitmap("a"), {0, 64}, 1);
  EXPECT_THAT(Unknown(mirror, "a", {0, 63, 64, 4000}), ElementsAre(63, 4000));
  EXPECT_THAT(Unknown(mirror, "b", {0, 64}), ElementsAre(0, 64));
}

TEST(BitMirror, KnowsThatABitmapExistsFromTheFirstLesson) {
  const FakeSteadyClock clock;
  BitMirror mirror({.max_bytes = 1 << 20}, clock);
  EXPECT_FALSE(Knows(mirror, "a"));
  mirror.Learn(Bitmap("a"), {}, 1);
  EXPECT_TRUE(Knows(mirror, "a"));
  mirror.Forget(Bitmap("a"));
  EXPECT_FALSE(Knows(mirror, "a"));
  EXPECT_EQ(mirror.bytes(), 0U);
}

TEST(BitMirror, ForgetsEverythingInANewEpoch) {
  const FakeSteadyClock clock;
  BitMirror mirror({.max_bytes = 1 << 20}, clock);
  EXPECT_FALSE(Knows(mirror, "a", 1));
  mirror.Learn(Bitmap("a"), {1}, 1);
  EXPECT_THAT(Unknown(mirror, "a", {1}, 2), ElementsAre(1));
  EXPECT_FALSE(Knows(mirror, "a", 2));
}

TEST(BitMirror, LearnsNothingFromAnEarlierEpoch) {
  const FakeSteadyClock clock;
  BitMirror mirror({.max_bytes = 1 << 20}, clock);
  EXPECT_FALSE(Knows(mirror, "a", 2));
  mirror.Learn(Bitmap("a"), {1}, 1);
  EXPECT_FALSE(Knows(mirror, "a", 2));
}

TEST(BitMirror, StaysWithinItsBoundAndForgetsTheLeastRecentlyUsed) {
  constexpr size_t kBound = 4096;
  const FakeSteadyClock clock;
  BitMirror mirror({.max_bytes = kBound}, clock);
  EXPECT_FALSE(Knows(mirror, "kept"));
  mirror.Learn(Bitmap("kept"), {7}, 1);
  for (int i = 0; i < 100; ++i) {
    mirror.Learn(Bitmap(absl::StrCat("other", i)), {500}, 1);
    EXPECT_LE(mirror.bytes(), kBound);
    EXPECT_THAT(Unknown(mirror, "kept", {7}), IsEmpty());
  }
  EXPECT_FALSE(Knows(mirror, "other0"));
  EXPECT_TRUE(Knows(mirror, "other99"));
}

TEST(BitMirror, KeepsNothingThatIsLargerThanItsBound) {
  const FakeSteadyClock clock;
  BitMirror mirror({.max_bytes = 1000}, clock);
  EXPECT_FALSE(Knows(mirror, "a"));
  mirror.Learn(Bitmap("a"), {1'000'000}, 1);
  EXPECT_FALSE(Knows(mirror, "a"));
  EXPECT_EQ(mirror.bytes(), 0U);
}

BitmapId BitmapOf(const std::string& organization, Day end_day) {
  return {organization, {WindowKind::kReach, end_day}, "person"};
}

// Mutation: to forget one bitmap of it, or everybody's.
TEST(BitMirror, ForgetsAnOrganisation) {
  const FakeSteadyClock clock;
  BitMirror mirror({}, clock);
  bool known = false;
  const Day last(2026, 3, 20);
  for (Day day(2026, 3, 1); day <= last; ++day) {
    mirror.Learn(BitmapOf("acme", day), {1, 900}, 0);
    mirror.Learn(BitmapOf("other", day), {1}, 0);
  }
  mirror.Forget("acme");
  for (Day day(2026, 3, 1); day <= last; ++day) {
    mirror.Unknown(BitmapOf("acme", day), {}, 0, known);
    EXPECT_FALSE(known);
    mirror.Unknown(BitmapOf("other", day), {}, 0, known);
    EXPECT_TRUE(known);
  }
  mirror.Forget("other");
  EXPECT_EQ(mirror.bytes(), 0U);
}

// Mutation: a use that does not count as one; to forget at every call, or never.
TEST(BitMirror, ForgetsWhatIsNotAskedForAnyMore) {
  FakeSteadyClock clock;
  BitMirror mirror({.max_idle = absl::Minutes(10)}, clock);
  mirror.Learn(Bitmap("asked"), {1}, 0);
  mirror.Learn(Bitmap("taught"), {1}, 0);
  mirror.Learn(Bitmap("left"), {1}, 0);
  clock.Advance(absl::Minutes(6));
  mirror.ForgetIdle();
  EXPECT_THAT(Unknown(mirror, "asked", {1}, 0), IsEmpty());
  mirror.Learn(Bitmap("taught"), {2}, 0);
  clock.Advance(absl::Minutes(4));
  mirror.ForgetIdle();
  EXPECT_FALSE(Knows(mirror, "left", 0));
  clock.Advance(absl::Minutes(5));
  mirror.ForgetIdle();
  EXPECT_TRUE(Knows(mirror, "asked", 0));
  EXPECT_TRUE(Knows(mirror, "taught", 0));
  clock.Advance(absl::Minutes(10));
  mirror.ForgetIdle();
  EXPECT_EQ(mirror.bytes(), 0U);
}

// Mutation: to free the words as they are, when they are forgotten or outgrown.
TEST(BitMirror, LeavesNothingOfWhatItForgotInMemory) {
  constexpr size_t kWords = 400;
  // Eight words that are like no other.
  const std::vector<uint8_t> masked(64, 0x9d ^ kMemoryMask);
  ASSERT_EQ(CountInMemory(masked), 0);
  const FakeSteadyClock clock;
  BitMirror mirror({}, clock);
  const auto learn = [&] {
    std::vector<uint32_t> positions;
    for (uint32_t bit = 0; bit < kWords * 64; ++bit) {
      const uint8_t byte = masked[0] ^ kMemoryMask;
      if (((byte >> (bit % 8)) & 1U) != 0) positions.push_back(bit);
    }
    mirror.Learn(Bitmap("a"), positions, 0);
  };
  learn();
  const int all = CountInMemory(masked);
  ASSERT_GT(all, 0) << "the control";
  mirror.Learn(Bitmap("a"), {kWords * 64 * 4}, 0);  // needs other memory
  EXPECT_EQ(CountInMemory(masked), all);
  mirror.Forget(Bitmap("a"));
  EXPECT_EQ(CountInMemory(masked), 0);
  learn();
  Unknown(mirror, "a", {}, 1);  // another epoch
  EXPECT_EQ(CountInMemory(masked), 0);
}

TEST(BitMirror, TakesLessonsFromManyThreads) {
  const FakeSteadyClock clock;
  BitMirror mirror({.max_bytes = 1 << 20}, clock);
  EXPECT_FALSE(Knows(mirror, "a"));
  std::vector<std::thread> threads;
  for (uint32_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&mirror, thread] {
      for (uint32_t i = 0; i < 1000; ++i) mirror.Learn(Bitmap("a"), {4 * i + thread}, 1);
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<uint32_t> all(4000);
  for (uint32_t i = 0; i < 4000; ++i) all[i] = i;
  EXPECT_THAT(Unknown(mirror, "a", all), IsEmpty());
}

}  // namespace
}  // namespace tutti
