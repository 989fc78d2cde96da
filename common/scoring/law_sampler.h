#ifndef TUTTI_COMMON_SCORING_LAW_SAMPLER_H_
#define TUTTI_COMMON_SCORING_LAW_SAMPLER_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace tutti {

// Turns public bytes into a seed: the same bytes, cut in the same way, give the same seed
// for ever, in every process.
class SeedBuilder {
 public:
  SeedBuilder& Add(absl::string_view bytes);
  SeedBuilder& Add(absl::Span<const int64_t> numbers);
  uint64_t Seed() const { return state_; }

 private:
  void Mix(uint64_t word);

  uint64_t state_ = 0;
};

// Draws from the law of an error that is public anyway, to learn how wide a margin has to
// be. It protects nobody: who knows the record knows every draw. Noise that protects comes
// from a NoiseSource, and nothing that publishes may be linked with this.
//
// Integers and exact sums alone, so that all machines draw the same. Not thread-safe.
class LawSampler {
 public:
  explicit LawSampler(uint64_t seed) : state_(seed) {}

  // Twelve uniform numbers less their mean: the mean is 0, the variance 1, and the 97.5%
  // quantile 1.957 where the normal law's is 1.960. Nothing is beyond 6.
  double NearlyNormal();

 private:
  uint64_t state_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_SCORING_LAW_SAMPLER_H_
