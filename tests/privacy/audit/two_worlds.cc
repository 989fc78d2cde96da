#include "tests/privacy/audit/two_worlds.h"

#include <algorithm>
#include <cmath>

namespace tutti {
namespace {

// Halvings after which a double has no bits left.
constexpr int kHalvings = 100;

// The continued fraction of the incomplete beta function (Abramowitz, Stegun
// 26.5.8), by the method of Lentz; for x below (a + 1) / (a + b + 2).
double BetaFraction(double x, double a, double b) {
  constexpr double kTiny = 1e-300;
  double c = 1;
  double d = 1 - (a + b) * x / (a + 1);
  d = 1 / (std::abs(d) < kTiny ? kTiny : d);
  double value = d;
  for (int m = 1; m < 1'000'000; ++m) {
    double change = 1;
    for (const bool even : {true, false}) {
      const double n = 2.0 * m;
      const double term = even ? m * (b - m) * x / ((a + n - 1) * (a + n))
                               : -(a + m) * (a + b + m) * x / ((a + n) * (a + n + 1));
      d = 1 + term * d;
      d = 1 / (std::abs(d) < kTiny ? kTiny : d);
      c = 1 + term / c;
      if (std::abs(c) < kTiny) c = kTiny;
      change = c * d;
      value *= change;
    }
    if (std::abs(change - 1) < 1e-14) break;
  }
  return value;
}

// The regularised incomplete beta function I_x(a, b).
double Beta(double x, double a, double b) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - Beta(1 - x, b, a);
  const double log_front =
      std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x);
  return std::exp(log_front) * BetaFraction(x, a, b) / a;
}

}  // namespace

double ClopperPearsonUpper(int64_t hits, int64_t runs, double error) {
  if (hits >= runs) return 1;
  const double k = static_cast<double>(hits);
  const double n = static_cast<double>(runs);
  double low = k / n;
  double high = 1;
  for (int i = 0; i < kHalvings; ++i) {
    const double p = (low + high) / 2;
    (Beta(1 - p, n - k, k + 1) > error ? low : high) = p;
  }
  return high;
}

double NormalQuantile(double p) {
  double low = -40;
  double high = 40;
  for (int i = 0; i < kHalvings; ++i) {
    const double x = (low + high) / 2;
    (std::erfc(-x / std::sqrt(2.0)) / 2 < p ? low : high) = x;
  }
  return (low + high) / 2;
}

TwoWorldsAudit AuditTwoWorlds(const std::function<double(bool present)>& run, int64_t runs,
                              double error) {
  const int64_t trials = std::max<int64_t>(1, runs / 10);
  double threshold = 0;
  for (int64_t i = 0; i < trials; ++i) threshold += run(false) + run(true);
  threshold /= 2 * static_cast<double>(trials);

  TwoWorldsAudit audit;
  audit.runs = runs;
  for (int64_t i = 0; i < runs; ++i) {
    if (run(false) > threshold) ++audit.false_present;
    if (run(true) <= threshold) ++audit.false_absent;
  }
  const double false_present = ClopperPearsonUpper(audit.false_present, runs, error / 2);
  const double false_absent = ClopperPearsonUpper(audit.false_absent, runs, error / 2);
  if (false_present < 1 && false_absent < 1) {
    audit.mu_lower_bound = NormalQuantile(1 - false_present) - NormalQuantile(false_absent);
  }
  return audit;
}

}  // namespace tutti
