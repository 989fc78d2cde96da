#ifndef TUTTI_COMMON_PRIVACY_NOISE_H_
#define TUTTI_COMMON_PRIVACY_NOISE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "common/privacy/random_words.h"

namespace tutti {

// Gives the noise that is added to one count. Not thread-safe: one object for
// each publication that is drawn.
class NoiseSource {
 public:
  virtual ~NoiseSource() = default;

  // Draws one integer, independent of every other draw. InvalidArgument when
  // sigma_squared is not in 1..kMaxSigmaSquared; Internal when the generator
  // fails. After any error the whole publication is given up: a single draw is
  // never repeated.
  virtual absl::StatusOr<int64_t> Draw(uint64_t sigma_squared) = 0;
};

inline constexpr uint64_t kMaxSigmaSquared = 1'000'000;

// The discrete Gaussian: P[x] proportional to exp(-x^2 / (2 sigma_squared)) over
// all integers, exactly: integer arithmetic alone, from uniform words alone
// (Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential Privacy",
// 2020, algorithms 1 to 3). Its variance is at most sigma_squared. The time of a
// draw depends on the value drawn.
class DiscreteGaussian final : public NoiseSource {
 public:
  // `words` must outlive it.
  explicit DiscreteGaussian(RandomWords& words) : words_(words) {}

  absl::StatusOr<int64_t> Draw(uint64_t sigma_squared) override;

 private:
  RandomWords& words_;
};

// The discrete Gaussian from the kernel's generator: what services publish with.
class KernelNoise final : public NoiseSource {
 public:
  absl::StatusOr<int64_t> Draw(uint64_t sigma_squared) override {
    return gaussian_.Draw(sigma_squared);
  }

 private:
  KernelRandomWords words_;
  DiscreteGaussian gaussian_{words_};
};

}  // namespace tutti

#endif  // TUTTI_COMMON_PRIVACY_NOISE_H_
