#ifndef TUTTI_TESTS_SUPPORT_DISCRETE_GAUSSIAN_DELTA_H_
#define TUTTI_TESTS_SUPPORT_DISCRETE_GAUSSIAN_DELTA_H_

#include <cmath>
#include <cstdint>

namespace tutti {

// The exact delta at epsilon >= 0 of one count that a subject changes by one, with
// a discrete Gaussian of sigma_squared (1..10^6) added:
//   P[Y > epsilon s2 - 1/2] - e^epsilon P[Y > epsilon s2 + 1/2], Y ~ N_Z(0, s2).
// Never above ZcdpDelta(1 / (2 sigma_squared), epsilon).
inline double DiscreteGaussianDelta(uint64_t sigma_squared, double epsilon) {
  const double s2 = static_cast<double>(sigma_squared);
  // Beyond this many standard deviations a discrete Gaussian is below the smallest double.
  constexpr double kTail = 40;
  const double reach = std::ceil(kTail * std::sqrt(s2));
  const auto weight = [&](double y) { return std::exp(-y * y / (2 * s2)); };
  double normaliser = 1;
  for (double y = reach; y >= 1; --y) normaliser += 2 * weight(y);
  // The difference of the two tails, cell by cell, so that no digits cancel: the
  // cells y > epsilon s2 - 1/2, where P[y] exceeds e^epsilon P[y + 1].
  double sum = 0;
  const double first = std::floor(epsilon * s2 - 0.5) + 1;
  for (double y = first + 2 * reach; y >= first; --y) {
    sum += weight(y) * -std::expm1(epsilon - (2 * y + 1) / (2 * s2));
  }
  return sum / normaliser;
}

}  // namespace tutti

#endif  // TUTTI_TESTS_SUPPORT_DISCRETE_GAUSSIAN_DELTA_H_
