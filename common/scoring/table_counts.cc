#include "common/scoring/table_counts.h"

#include <algorithm>
#include <bitset>
#include <cmath>

namespace tutti {
namespace {

constexpr double kLeastAbsent = 0.5;
constexpr double kMostAbsentOfKept = 2;
constexpr double kLeastUnevenness = 0.004;
constexpr double kDaysInUse = 5.0 / 7;
constexpr double kFullestDay = 0.99;

double Bounded(const SlotModel& model, double absent) {
  return std::clamp(absent, kLeastAbsent, kMostAbsentOfKept * model.kept);
}

double NumberFrom(const SlotModel& model, double absent) {
  return -model.slots * std::log(absent / model.kept);
}

// Subjects `common` to two numbers; how their counts vary together.
double CountingCovariance(const SlotModel& model, double common) {
  const double tau = std::max(common, 0.0) / model.slots;
  const double kept_share = model.kept / model.slots;
  return model.slots * model.slots / model.kept * (std::expm1(tau) - kept_share * tau);
}

int SizeOf(unsigned features) { return static_cast<int>(std::bitset<4>(features).count()); }

// Covariance of A_S and A_T by the noise of the projected cells.
double NoiseCovariance(const SlotModel& model, unsigned s, unsigned t) {
  if (model.features == 1) return model.sigma_squared;
  const double cells = std::exp2(model.features);
  const double in_both = std::exp2(model.features - SizeOf(s | t));
  const double in_s = std::exp2(model.features - SizeOf(s));
  const double in_t = std::exp2(model.features - SizeOf(t));
  return model.sigma_squared * (in_both - in_s * in_t / cells);
}

HabitMean HabitMeanFromAbsent(const SlotModel& model, int days, double absent) {
  const double d = static_cast<double>(days);
  const double even = NumberFrom(model, absent);
  HabitMean mean;
  mean.error.counting = std::sqrt(CountingCovariance(model, even) / d);
  mean.error.noise = model.slots / absent * std::sqrt(model.sigma_squared) / d;
  mean.value = even;
  if (days == 1) return mean;
  const double load = std::max(even, 0.0) / model.slots;
  // The load if five days in seven had shown all of it, and two days nothing.
  const double shown = std::min(-std::expm1(-load) / kDaysInUse, kFullestDay);
  const double uneven = -kDaysInUse * std::log1p(-shown);
  mean.bias = model.slots * std::max(uneven - load, kLeastUnevenness * load) / 2;
  mean.value += mean.bias;
  return mean;
}

}  // namespace

UnionWeights WeightsOf(PatternSet patterns, int features) {
  const unsigned all = (1U << features) - 1;
  UnionWeights weights{};
  for (unsigned pattern = 1; pattern <= all; ++pattern) {
    if ((patterns >> pattern & 1U) == 0) continue;
    for (unsigned part = 0; part <= pattern; ++part) {
      if ((part & pattern) != part) continue;
      weights[all & ~part] -= SizeOf(pattern & ~part) % 2 == 0 ? 1 : -1;
    }
  }
  weights[0] = 0;
  return weights;
}

void TableCounts::SetAbsent(unsigned features, double absent) {
  const double bounded = Bounded(model_, absent);
  unions_[features] = NumberFrom(model_, bounded);
  slopes_[features] = model_.slots / bounded;
}

TableCounts TableCounts::FromCells(const SlotModel& model, absl::Span<const int64_t> cells) {
  TableCounts counts(model);
  if (model.features == 1) {
    counts.SetAbsent(1, model.kept - static_cast<double>(cells[0]));
    return counts;
  }
  double sum = 0;
  for (const int64_t cell : cells) sum += static_cast<double>(cell);
  const double shift = (model.kept - sum) / static_cast<double>(cells.size());
  for (unsigned features = 1; features < cells.size(); ++features) {
    double absent = 0;
    for (unsigned pattern = 0; pattern < cells.size(); ++pattern) {
      if ((pattern & features) == 0) absent += static_cast<double>(cells[pattern]) + shift;
    }
    counts.SetAbsent(features, absent);
  }
  return counts;
}

TableCounts TableCounts::FromSubjects(const SlotModel& model, absl::Span<const double> subjects) {
  TableCounts counts(model);
  for (unsigned features = 1; features < subjects.size(); ++features) {
    double number = 0;
    for (unsigned pattern = 1; pattern < subjects.size(); ++pattern) {
      if ((pattern & features) != 0) number += subjects[pattern];
    }
    counts.SetAbsent(features, model.kept * std::exp(-number / model.slots));
  }
  return counts;
}

double TableCounts::Sum(const UnionWeights& weights) const {
  double sum = 0;
  for (unsigned t = 1; t < weights.size(); ++t) sum += weights[t] * unions_[t];
  return sum;
}

TableError TableCounts::ErrorOf(const UnionWeights& weights) const {
  double counting = 0;
  double noise = 0;
  for (unsigned s = 1; s < weights.size(); ++s) {
    if (weights[s] == 0) continue;
    for (unsigned t = 1; t < weights.size(); ++t) {
      if (weights[t] == 0) continue;
      const double both = weights[s] * weights[t];
      counting += both * CountingCovariance(model_, unions_[s] + unions_[t] - unions_[s | t]);
      noise += both * slopes_[s] * slopes_[t] * NoiseCovariance(model_, s, t);
    }
  }
  return {std::sqrt(std::max(counting, 0.0)), std::sqrt(std::max(noise, 0.0))};
}

UnionMatrix TableCounts::Covariance() const {
  UnionMatrix covariance{};
  const unsigned size = 1U << model_.features;
  for (unsigned s = 1; s < size; ++s) {
    for (unsigned t = 1; t <= s; ++t) {
      covariance[s][t] = covariance[t][s] =
          CountingCovariance(model_, unions_[s] + unions_[t] - unions_[s | t]) +
          slopes_[s] * slopes_[t] * NoiseCovariance(model_, s, t);
    }
  }
  return covariance;
}

HabitMean HabitMeanFromSum(const SlotModel& model, int days, int64_t sum) {
  const double absent = model.kept - static_cast<double>(sum) / static_cast<double>(days);
  return HabitMeanFromAbsent(model, days, Bounded(model, absent));
}

HabitMean HabitMeanFromSubjects(const SlotModel& model, int days, double subjects) {
  const double absent = model.kept * std::exp(-subjects / model.slots);
  return HabitMeanFromAbsent(model, days, Bounded(model, absent));
}

}  // namespace tutti
