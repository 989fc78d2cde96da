#include "common/redis/bit_mirror.h"

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

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
  BitMirror mirror(1 << 20);
  EXPECT_THAT(Unknown(mirror, "a", {0, 63, 64, 4000}), ElementsAre(0, 63, 64, 4000));
  mirror.Learn(Bitmap("a"), {0, 64}, 1);
  EXPECT_THAT(Unknown(mirror, "a", {0, 63, 64, 4000}), ElementsAre(63, 4000));
  EXPECT_THAT(Unknown(mirror, "b", {0, 64}), ElementsAre(0, 64));
}

TEST(BitMirror, KnowsThatABitmapExistsFromTheFirstLesson) {
  BitMirror mirror(1 << 20);
  EXPECT_FALSE(Knows(mirror, "a"));
  mirror.Learn(Bitmap("a"), {}, 1);
  EXPECT_TRUE(Knows(mirror, "a"));
  mirror.Forget(Bitmap("a"));
  EXPECT_FALSE(Knows(mirror, "a"));
  EXPECT_EQ(mirror.bytes(), 0U);
}

TEST(BitMirror, ForgetsEverythingInANewEpoch) {
  BitMirror mirror(1 << 20);
  EXPECT_FALSE(Knows(mirror, "a", 1));
  mirror.Learn(Bitmap("a"), {1}, 1);
  EXPECT_THAT(Unknown(mirror, "a", {1}, 2), ElementsAre(1));
  EXPECT_FALSE(Knows(mirror, "a", 2));
}

TEST(BitMirror, LearnsNothingFromAnEarlierEpoch) {
  BitMirror mirror(1 << 20);
  EXPECT_FALSE(Knows(mirror, "a", 2));
  mirror.Learn(Bitmap("a"), {1}, 1);
  EXPECT_FALSE(Knows(mirror, "a", 2));
}

TEST(BitMirror, StaysWithinItsBoundAndForgetsTheLeastRecentlyUsed) {
  constexpr size_t kBound = 4096;
  BitMirror mirror(kBound);
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
  BitMirror mirror(1000);
  EXPECT_FALSE(Knows(mirror, "a"));
  mirror.Learn(Bitmap("a"), {1'000'000}, 1);
  EXPECT_FALSE(Knows(mirror, "a"));
  EXPECT_EQ(mirror.bytes(), 0U);
}

TEST(BitMirror, TakesLessonsFromManyThreads) {
  BitMirror mirror(1 << 20);
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
