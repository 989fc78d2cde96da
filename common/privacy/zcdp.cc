#include "common/privacy/zcdp.h"

#include <algorithm>
#include <cmath>

namespace tutti {
namespace {

// Halvings of an interval, after which a double has no bits left.
constexpr int kHalvings = 200;

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

}  // namespace tutti
