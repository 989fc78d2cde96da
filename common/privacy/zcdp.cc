#include "common/privacy/zcdp.h"

#include <algorithm>
#include <cmath>

namespace tutti {
namespace {

// Halvings of an interval, after which a double has no bits left.
constexpr int kHalvings = 200;

// Beyond this many standard deviations a discrete Gaussian is below the smallest
// double.
constexpr double kTail = 40;

}  // namespace

double ZcdpEpsilon(double rho, double delta) {
  if (rho <= 0) return 0;
  const double log_inverse_delta = -std::log(delta);
  // Solved for x = alpha - 1: the left side grows, the right side falls.
  double low = 0;
  double high = std::sqrt(log_inverse_delta / rho);
  for (int i = 0; i < kHalvings; ++i) {
    const double x = (low + high) / 2;
    (rho * x * x < log_inverse_delta - std::log1p(x) ? low : high) = x;
  }
  const double x = high;
  const double alpha = 1 + x;
  return std::max(0.0, alpha * rho - std::log1p(1 / x) + (log_inverse_delta - std::log1p(x)) / x);
}

double ZcdpDelta(double rho, double epsilon) {
  if (rho <= 0) return 0;
  // Solved for x = alpha - 1: grows with x, from below zero to above it.
  const auto slope = [&](double x) { return (2 * x + 1) * rho - epsilon - std::log1p(1 / x); };
  double low = 0;
  double high = 1;
  while (slope(high) < 0) high *= 2;
  for (int i = 0; i < kHalvings; ++i) {
    const double x = (low + high) / 2;
    (slope(x) < 0 ? low : high) = x;
  }
  const double x = high;
  const double alpha = 1 + x;
  return std::min(1.0,
                  std::exp(x * (alpha * rho - epsilon) - std::log(x) - alpha * std::log1p(1 / x)));
}

double DiscreteGaussianDelta(uint64_t sigma_squared, double epsilon) {
  const double s2 = static_cast<double>(sigma_squared);
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
