#include "common/estimate/union_counts.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace tutti {
namespace {

constexpr double kDailyBias = 0.004;

double Slots(SlotSize size) { return static_cast<double>(size.slots()); }
double Kept(SlotSize size) { return size.kept(); }

// The variance of linear counting, for tau subjects a slot.
double CountingVariance(SlotSize size, double tau) {
  const double v = Slots(size);
  const double m = Kept(size);
  return v * v / m * (std::expm1(tau) - m / v * tau);
}

// Noise can bring the number of empty slots to nothing or above all; half a slot
// keeps the logarithm finite.
double BoundMissing(double missing) { return std::max(missing, 0.5); }

}  // namespace

UnionCounts::UnionCounts(SlotSize size, int features, uint64_t sigma_squared)
    : size_(size),
      features_(features),
      sigma_squared_(static_cast<double>(sigma_squared)),
      missing_(size_t{1} << features, Kept(size)),
      counts_(size_t{1} << features, 0) {}

UnionCounts UnionCounts::FromCells(SlotSize size, int features, absl::Span<const int64_t> cells,
                                   uint64_t sigma_squared) {
  UnionCounts result(size, features, sigma_squared);
  const size_t patterns = size_t{1} << features;
  std::vector<double> slots(patterns, 0);
  if (features == 1) {
    slots[1] = cells.empty() ? 0 : static_cast<double>(cells[0]);
    slots[0] = Kept(size) - slots[1];
  } else {
    double sum = 0;
    for (size_t p = 0; p < std::min(patterns, cells.size()); ++p) {
      slots[p] = static_cast<double>(cells[p]);
      sum += slots[p];
    }
    for (double& slot : slots) slot -= (sum - Kept(size)) / static_cast<double>(patterns);
  }
  for (size_t set = 1; set < patterns; ++set) {
    double missing = 0;
    for (size_t p = 0; p < patterns; ++p) missing += (p & set) == 0 ? slots[p] : 0;
    result.missing_[set] = BoundMissing(missing);
    result.counts_[set] = -Slots(size) * std::log(result.missing_[set] / Kept(size));
  }
  return result;
}

UnionCounts UnionCounts::Planned(SlotSize size, int features, double population, double share,
                                 uint64_t sigma_squared) {
  UnionCounts result(size, features, sigma_squared);
  for (size_t set = 1; set < result.counts_.size(); ++set) {
    const double without = std::pow(1 - share, std::popcount(set));
    result.counts_[set] = population * (1 - without);
    result.missing_[set] = Kept(size) * std::exp(-result.counts_[set] / Slots(size));
  }
  return result;
}

double UnionCounts::SetCovariance(size_t s, size_t t) const {
  const double both = std::max(0.0, counts_[s] + counts_[t] - counts_[s | t]);
  double noise = sigma_squared_;
  if (features_ > 1) {
    const double cells = std::ldexp(1.0, features_);
    const auto missing_cells = [this](size_t set) {
      return std::ldexp(1.0, features_ - std::popcount(set));
    };
    noise *= missing_cells(s | t) - missing_cells(s) * missing_cells(t) / cells;
  }
  const double v = Slots(size_);
  return CountingVariance(size_, both / v) + v / missing_[s] * (v / missing_[t]) * noise;
}

double UnionCounts::Covariance(absl::Span<const double> a, absl::Span<const double> b) const {
  double covariance = 0;
  for (size_t s = 1; s < counts_.size(); ++s) {
    for (size_t t = 1; t < counts_.size(); ++t) {
      if (a[s] != 0 && b[t] != 0) covariance += a[s] * b[t] * SetCovariance(s, t);
    }
  }
  return covariance;
}

Figure UnionCounts::Sum(absl::Span<const double> coefficients) const {
  Figure figure;
  for (size_t set = 1; set < counts_.size(); ++set) {
    figure.value += coefficients[set] * counts_[set];
  }
  figure.deviation = std::sqrt(std::max(0.0, Covariance(coefficients, coefficients)));
  return figure;
}

Figure MeanDailyCount(SlotSize size, int days, int64_t sum, uint64_t sigma_squared) {
  const double v = Slots(size);
  const double all = days * Kept(size);
  const double missing = std::max(all - static_cast<double>(sum), 0.5);
  Figure figure;
  figure.value = -v * std::log(missing / all);
  const double counting = CountingVariance(size, std::max(0.0, figure.value) / v) / days;
  const double noise = static_cast<double>(sigma_squared) * (v / missing) * (v / missing);
  figure.deviation = std::sqrt(counting + noise);
  figure.bias = kDailyBias * std::max(0.0, figure.value);
  return figure;
}

Figure PlannedDailyCount(SlotSize size, int days, double population, double share,
                         uint64_t sigma_squared) {
  const double all = days * Kept(size);
  const double sum = all * -std::expm1(-population * share / Slots(size));
  return MeanDailyCount(size, days, std::llround(sum), sigma_squared);
}

}  // namespace tutti
