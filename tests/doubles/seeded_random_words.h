#ifndef TUTTI_TESTS_DOUBLES_SEEDED_RANDOM_WORDS_H_
#define TUTTI_TESTS_DOUBLES_SEEDED_RANDOM_WORDS_H_

#include <cstdint>
#include <random>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/privacy/noise.h"
#include "common/privacy/random_words.h"

namespace tutti {

// The same words for the same seed, on every machine.
class SeededRandomWords final : public RandomWords {
 public:
  explicit SeededRandomWords(uint64_t seed) : engine_(seed) {}

 private:
  absl::Status Fill(absl::Span<uint64_t> words) override {
    for (uint64_t& word : words) word = engine_();
    return absl::OkStatus();
  }

  std::mt19937_64 engine_;
};

// The real sampler over seeded words.
class SeededNoise final : public NoiseSource {
 public:
  explicit SeededNoise(uint64_t seed) : words_(seed) {}

  absl::StatusOr<int64_t> Draw(uint64_t sigma_squared) override {
    return gaussian_.Draw(sigma_squared);
  }

 private:
  SeededRandomWords words_;
  DiscreteGaussian gaussian_{words_};
};

}  // namespace tutti

#endif  // TUTTI_TESTS_DOUBLES_SEEDED_RANDOM_WORDS_H_
