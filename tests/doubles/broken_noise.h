#ifndef TUTTI_TESTS_DOUBLES_BROKEN_NOISE_H_
#define TUTTI_TESTS_DOUBLES_BROKEN_NOISE_H_

#include <cmath>
#include <cstdint>
#include <random>

#include "absl/status/statusor.h"
#include "common/privacy/noise.h"

namespace tutti {

// Mechanisms that claim sigma_squared and have less: every audit must catch them.

// Half the variance.
class HalvedNoise final : public NoiseSource {
 public:
  explicit HalvedNoise(NoiseSource& sound) : sound_(sound) {}

  absl::StatusOr<int64_t> Draw(uint64_t sigma_squared) override {
    return sound_.Draw((sigma_squared + 1) / 2);
  }

 private:
  NoiseSource& sound_;
};

// A quarter of it.
class QuarteredNoise final : public NoiseSource {
 public:
  explicit QuarteredNoise(NoiseSource& sound) : sound_(sound) {}

  absl::StatusOr<int64_t> Draw(uint64_t sigma_squared) override {
    return sound_.Draw((sigma_squared + 3) / 4);
  }

 private:
  NoiseSource& sound_;
};

// Drawn twice and averaged: what a reader gets who is shown two draws.
class AveragedNoise final : public NoiseSource {
 public:
  explicit AveragedNoise(NoiseSource& sound) : sound_(sound) {}

  absl::StatusOr<int64_t> Draw(uint64_t sigma_squared) override {
    absl::StatusOr<int64_t> first = sound_.Draw(sigma_squared);
    if (!first.ok()) return first;
    absl::StatusOr<int64_t> second = sound_.Draw(sigma_squared);
    if (!second.ok()) return second;
    const int64_t sum = *first + *second;
    // One draw of an odd sum is even: as often the first as the second, so halves
    // go up as often as down.
    return (sum + (*first % 2 == 0 ? sum & 1 : 0)) >> 1;
  }

 private:
  NoiseSource& sound_;
};

// A continuous Gaussian rounded to integers: its variance is sigma_squared + 1/12.
class RoundedNoise final : public NoiseSource {
 public:
  explicit RoundedNoise(uint64_t seed) : engine_(seed) {}

  absl::StatusOr<int64_t> Draw(uint64_t sigma_squared) override {
    std::normal_distribution<double> normal(0, std::sqrt(static_cast<double>(sigma_squared)));
    return std::llround(normal(engine_));
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace tutti

#endif  // TUTTI_TESTS_DOUBLES_BROKEN_NOISE_H_
