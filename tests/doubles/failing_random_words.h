#ifndef TUTTI_TESTS_DOUBLES_FAILING_RANDOM_WORDS_H_
#define TUTTI_TESTS_DOUBLES_FAILING_RANDOM_WORDS_H_

#include <cstdint>
#include <random>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/privacy/noise.h"
#include "common/privacy/random_words.h"

namespace tutti {

// A generator that breaks after some refills, leaving words in the buffer that it
// was to fill, and works again afterwards.
class FailingRandomWords final : public RandomWords {
 public:
  explicit FailingRandomWords(int good_refills) : good_refills_(good_refills) {}

 private:
  absl::Status Fill(absl::Span<uint64_t> words) override {
    for (uint64_t& word : words) word = engine_();
    if (good_refills_-- == 0) return absl::InternalError("the generator failed");
    return absl::OkStatus();
  }

  int good_refills_;
  std::mt19937_64 engine_{1};
};

// The real sampler over such words.
class FailingNoise final : public NoiseSource {
 public:
  explicit FailingNoise(int good_refills) : words_(good_refills) {}

  absl::StatusOr<int64_t> Draw(uint64_t sigma_squared) override {
    return gaussian_.Draw(sigma_squared);
  }

 private:
  FailingRandomWords words_;
  DiscreteGaussian gaussian_{words_};
};

}  // namespace tutti

#endif  // TUTTI_TESTS_DOUBLES_FAILING_RANDOM_WORDS_H_
