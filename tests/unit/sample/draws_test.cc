#include "tests/sample/draws.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace tutti {
namespace {

std::vector<uint32_t> Some(const SampleKey& key, SampleStream stream, uint32_t subject,
                           uint32_t day) {
  Draws draws(key, stream, subject, day);
  std::vector<uint32_t> words;
  for (int i = 0; i < 100; ++i) words.push_back(draws.Next());
  return words;
}

TEST(Draws, AreTheSameForTheSameSeedForEver) {
  // A changed generator would change every organisation that was ever made up.
  EXPECT_EQ(SampleKey(1, "sample").Guid("person", 0), "424cc9c3-60ac-46d1-9c81-58074d426071");
  EXPECT_EQ(Draws(SampleKey(1, "sample"), SampleStream::kPersonDay, 3, 4).Next(), 2434329609u);
}

TEST(Draws, DifferBySeedOrganizationStreamSubjectAndDay) {
  const SampleKey key(1, "a");
  const std::vector<uint32_t> words = Some(key, SampleStream::kPersonDay, 3, 4);
  EXPECT_EQ(words, Some(SampleKey(1, "a"), SampleStream::kPersonDay, 3, 4));
  EXPECT_NE(words, Some(SampleKey(2, "a"), SampleStream::kPersonDay, 3, 4));
  EXPECT_NE(words, Some(SampleKey(1, "b"), SampleStream::kPersonDay, 3, 4));
  EXPECT_NE(words, Some(key, SampleStream::kNoise, 3, 4));
  EXPECT_NE(words, Some(key, SampleStream::kPersonDay, 4, 4));
  EXPECT_NE(words, Some(key, SampleStream::kPersonDay, 3, 5));
}

TEST(Draws, DoNotRepeatWhenTheBufferIsRefilled) {
  const std::vector<uint32_t> words = Some(SampleKey(1, "a"), SampleStream::kPersonDay, 0, 0);
  for (size_t i = 32; i < words.size(); ++i) EXPECT_NE(words[i], words[i - 32]);
}

TEST(Draws, HaveTheMomentsTheyPromise) {
  const SampleKey key(7, "moments");
  Draws draws(key, SampleStream::kHabits, 0, 0);
  constexpr int kDraws = 100000;
  double normal = 0;
  double square = 0;
  double exponential = 0;
  int below = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = draws.Normal();
    normal += x;
    square += x * x;
    exponential += draws.Exponential();
    below += draws.Below(3) == 2;
  }
  EXPECT_NEAR(normal / kDraws, 0, 0.02);
  EXPECT_NEAR(square / kDraws, 1, 0.03);
  EXPECT_NEAR(exponential / kDraws, 1, 0.02);
  EXPECT_NEAR(double{1} * below / kDraws, 1 / 3.0, 0.01);
}

}  // namespace
}  // namespace tutti
