#include "common/privacy/noise.h"

#include <cmath>
#include <cstdint>
#include <limits>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "tests/doubles/broken_noise.h"
#include "tests/doubles/failing_random_words.h"
#include "tests/doubles/seeded_random_words.h"
#include "tests/doubles/zero_noise.h"
#include "tests/privacy/audit/noise_fit.h"

namespace tutti {
namespace {

constexpr int64_t kDraws = 200'000;

class DiscreteGaussianTest : public testing::TestWithParam<uint64_t> {};

TEST_P(DiscreteGaussianTest, FollowsTheExactProbabilities) {
  SeededNoise noise(GetParam());
  const auto histogram = CollectNoise(noise, GetParam(), kDraws);
  ASSERT_TRUE(histogram.ok());
  const NoiseFit fit = FitNoise(*histogram, GetParam());
  EXPECT_TRUE(fit.ok()) << fit.chi_square << " at " << fit.degrees << " degrees";
  EXPECT_LT(std::abs(SignScore(*histogram)), 5);
  EXPECT_LT(std::abs(ParityScore(*histogram, GetParam())), 5);
}

TEST_P(DiscreteGaussianTest, IsToldFromHalfTheVariance) {
  SeededNoise sound(GetParam());
  HalvedNoise broken(sound);
  const auto histogram = CollectNoise(broken, GetParam(), kDraws);
  ASSERT_TRUE(histogram.ok());
  // (1 + 1) / 2 is 1: there is no half of one.
  EXPECT_EQ(FitNoise(*histogram, GetParam()).ok(), GetParam() == 1);
}

TEST_P(DiscreteGaussianTest, IsToldFromTheMeanOfTwoDraws) {
  SeededNoise sound(GetParam());
  AveragedNoise broken(sound);
  const auto histogram = CollectNoise(broken, GetParam(), kDraws);
  ASSERT_TRUE(histogram.ok());
  EXPECT_FALSE(FitNoise(*histogram, GetParam()).ok());
}

INSTANTIATE_TEST_SUITE_P(Sigmas, DiscreteGaussianTest, testing::Values(1u, 2u, 38u, 15'833u),
                         testing::PrintToStringParamName());

TEST(DiscreteGaussian, IsToldFromARoundedContinuousOne) {
  RoundedNoise broken(1);
  const auto histogram = CollectNoise(broken, 1, kDraws);
  ASSERT_TRUE(histogram.ok());
  EXPECT_FALSE(FitNoise(*histogram, 1).ok());
}

TEST(NoiseFit, NoticesNoiseOfOneSignOrParity) {
  NoiseHistogram positive;
  NoiseHistogram even;
  SeededNoise noise(3);
  const auto histogram = CollectNoise(noise, 38, 10'000);
  ASSERT_TRUE(histogram.ok());
  for (const auto& [value, count] : *histogram) {
    positive[std::abs(value)] += count;
    even[value & ~int64_t{1}] += count;
  }
  EXPECT_GT(SignScore(positive), 50);
  EXPECT_GT(ParityScore(even, 38), 50);
}

TEST(DiscreteGaussian, DrawsAtBothEndsOfItsRange) {
  SeededNoise noise(5);
  double squares = 0;
  constexpr int kFew = 20'000;
  for (int i = 0; i < kFew; ++i) {
    const auto draw = noise.Draw(kMaxSigmaSquared);
    ASSERT_TRUE(draw.ok());
    squares += static_cast<double>(*draw) * static_cast<double>(*draw);
  }
  // Five standard errors, of sqrt(2 / 20,000).
  EXPECT_NEAR(squares / kFew / static_cast<double>(kMaxSigmaSquared), 1, 0.05);
  EXPECT_TRUE(noise.Draw(1).ok());
}

TEST(DiscreteGaussian, RefusesParametersOutOfRange) {
  KernelNoise noise;
  ZeroNoise zero;
  for (const uint64_t sigma_squared :
       {uint64_t{0}, kMaxSigmaSquared + 1, std::numeric_limits<uint64_t>::max()}) {
    EXPECT_EQ(noise.Draw(sigma_squared).status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(zero.Draw(sigma_squared).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(DiscreteGaussian, FailsWhenTheGeneratorFailsAndEverAfter) {
  // At different moments of a draw, since parameters use up different numbers of
  // words.
  for (const uint64_t sigma_squared : {1u, 2u, 3u, 10u, 38u, 130u, 1000u, 15'833u, 1'000'000u}) {
    FailingNoise noise(1);
    int drawn = 0;
    while (noise.Draw(sigma_squared).ok()) ASSERT_LT(++drawn, 512);
    EXPECT_GT(drawn, 10);
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(noise.Draw(sigma_squared).status().code(), absl::StatusCode::kInternal);
    }
  }
  FailingNoise never(0);
  EXPECT_EQ(never.Draw(38).status().code(), absl::StatusCode::kInternal);
}

// Words with which every geometric series goes on for ever: all trials of
// exp(-1) succeed.
class EndlessWords final : public RandomWords {
 private:
  absl::Status Fill(absl::Span<uint64_t> words) override {
    for (size_t i = 0; i < words.size(); ++i) {
      words[i] = i % 2 == 0 ? 0 : std::numeric_limits<uint64_t>::max();
    }
    return absl::OkStatus();
  }
};

TEST(DiscreteGaussian, FailsInsteadOfOverflowing) {
  EndlessWords words;
  DiscreteGaussian noise(words);
  const auto draw = noise.Draw(1);
  EXPECT_EQ(draw.status().code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(words.ok());
}

}  // namespace
}  // namespace tutti
