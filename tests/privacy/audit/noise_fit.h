#ifndef TUTTI_TESTS_PRIVACY_AUDIT_NOISE_FIT_H_
#define TUTTI_TESTS_PRIVACY_AUDIT_NOISE_FIT_H_

#include <cstdint>
#include <map>

#include "absl/status/statusor.h"
#include "common/privacy/noise.h"

namespace tutti {

// How often each value was drawn.
using NoiseHistogram = std::map<int64_t, int64_t>;

// Draws, or returns the first error.
absl::StatusOr<NoiseHistogram> CollectNoise(NoiseSource& noise, uint64_t sigma_squared,
                                            int64_t draws);

// P[value] of the discrete Gaussian.
double NoiseProbability(uint64_t sigma_squared, int64_t value);

// Pearson's chi-square of a histogram against the discrete Gaussian, over cells
// merged until each expects at least 5.
struct NoiseFit {
  double chi_square = 0;
  int degrees = 0;

  // Six standard deviations above what is expected. With few cells the true
  // chance of a false alarm is larger than a normal tail: 1e-4 at 8 degrees, 1e-6
  // at 60.
  double limit() const;
  bool ok() const { return chi_square <= limit(); }
};
NoiseFit FitNoise(const NoiseHistogram& histogram, uint64_t sigma_squared);

// Standard scores: positive against negative draws, and even ones against what is
// expected.
double SignScore(const NoiseHistogram& histogram);
double ParityScore(const NoiseHistogram& histogram, uint64_t sigma_squared);

// The plug-in estimate of delta at epsilon, between the histogram and itself
// shifted by one: sum of max(0, p - e^epsilon q). Biased upwards by sampling.
double PlugInDelta(const NoiseHistogram& histogram, double epsilon);

}  // namespace tutti

#endif  // TUTTI_TESTS_PRIVACY_AUDIT_NOISE_FIT_H_
