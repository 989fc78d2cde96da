#include "tests/e2e/truth/counting_error.h"

#include <algorithm>
#include <bitset>
#include <cmath>

#include "common/catalog/predicate.h"
#include "common/scoring/table_counts.h"

namespace tutti {
namespace {

// A single number's variance; of two numbers' covariance, `common` is in both.
double Covariance(const SlotModel& model, double common) {
  const double tau = common / model.slots;
  return model.slots * model.slots / model.kept *
         (std::exp(tau) - 1 - model.kept / model.slots * tau);
}

// What multiplies each union in a weighted sum of the numbers with exactly a pattern.
std::vector<double> UnionsOf(const std::vector<double>& weights) {
  const size_t all = weights.size() - 1;
  std::vector<double> unions(weights.size());
  for (size_t pattern = 1; pattern <= all; ++pattern) {
    for (size_t part = 0; part <= all; ++part) {
      if ((part & ~pattern) != 0) continue;
      const bool even = std::bitset<8>(pattern ^ part).count() % 2 == 0;
      unions[all ^ part] += (even ? -1 : 1) * weights[pattern];
    }
  }
  unions[0] = 0;
  return unions;
}

}  // namespace

void Gradient::Add(const Gradient& term, double factor) {
  for (const auto& [table, weights] : term.patterns) {
    std::vector<double>& sum = patterns[table];
    sum.resize(weights.size());
    for (size_t i = 0; i < weights.size(); ++i) sum[i] += factor * weights[i];
  }
  for (const auto& [table, weight] : term.habits) habits[table] += factor * weight;
}

Gradient CountingError::OfPatterns(int table, const std::vector<bool>& patterns) {
  Gradient gradient;
  gradient.patterns[table].assign(patterns.begin(), patterns.end());
  return gradient;
}

Gradient CountingError::OfPredicate(const catalog::v1::Predicate& predicate) const {
  const int table = catalog_.FindTable(predicate.table());
  const CatalogTable& compiled = catalog_.table(table);
  const PatternSet set = SelectedPatterns(predicate, *compiled.proto);
  std::vector<bool> patterns(size_t{1} << compiled.feature_count());
  for (size_t i = 0; i < patterns.size(); ++i) patterns[i] = (set >> i & 1U) != 0;
  return OfPatterns(table, patterns);
}

Gradient CountingError::OfMeasure(const catalog::v1::Measure& measure) const {
  Gradient gradient;
  if (measure.has_count()) return OfPredicate(measure.count());
  if (measure.has_habit()) {
    gradient.habits[catalog_.FindTable(measure.habit().table())] =
        1 / static_cast<double>(truth_.Entitled(measure.habit().entitled_product()));
    return gradient;
  }
  const catalog::v1::Share& share = measure.share();
  if (!share.has_subjects()) {
    catalog::v1::Predicate above = share.numerator();
    // What is left of those entitled is as far off as what is counted.
    if (SelectsNone(above)) above.set_at_least(1);
    gradient.Add(OfPredicate(above),
                 1 / static_cast<double>(truth_.Entitled(share.entitled_product())));
    return gradient;
  }
  const auto below = static_cast<double>(Truth::Subjects(catalog_, window_, share.subjects()));
  gradient.Add(OfPredicate(share.numerator()), 1 / below);
  gradient.Add(OfPredicate(share.subjects()), -*truth_.Measure(catalog_, window_, measure) / below);
  return gradient;
}

Gradient CountingError::OfPractice(const catalog::v1::Practice& practice) const {
  const int table = catalog_.FindTable(practice.table());
  const CatalogTable& compiled = catalog_.table(table);
  const size_t followed = size_t{1} << compiled.FindFeature(practice.followed_feature());
  const size_t large = size_t{1} << compiled.FindFeature(practice.double_weight_feature());
  const std::vector<int64_t>& subjects = window_.subjects[static_cast<size_t>(table)];
  auto below = static_cast<double>(Truth::Subjects(catalog_, window_, practice.denominator()));
  Gradient counted;
  Gradient all = OfPredicate(practice.denominator());
  counted.patterns[table].resize(subjects.size());
  all.patterns[table].resize(subjects.size());
  for (size_t i = 0; i < subjects.size(); ++i) {
    const bool is_large = (i & large) != 0;
    if ((i & followed) != 0) counted.patterns[table][i] = is_large ? 2 : 1;
    if (!is_large) continue;
    all.patterns[table][i] += 1;
    below += static_cast<double>(subjects[i]);
  }
  Gradient gradient;
  gradient.Add(counted, 1 / below);
  gradient.Add(all, -*Truth::Practice(catalog_, window_, practice) / below);
  return gradient;
}

Gradient CountingError::OfPoints(const catalog::v1::Category& category) const {
  Gradient gradient;
  if (category.has_reach_and_habit()) {
    const catalog::v1::ReachAndHabit& formula = category.reach_and_habit();
    const catalog::v1::Measure& habit = *catalog_.FindMeasure(formula.habit_measure());
    const double full =
        double{1} * formula.full_habit_numerator() / formula.full_habit_denominator();
    gradient.Add(OfMeasure(*catalog_.FindMeasure(formula.reach_measure())), formula.reach_points());
    if (*truth_.Measure(catalog_, window_, habit) < full) {
      gradient.Add(OfMeasure(habit), formula.habit_points() / full);
    }
    return gradient;
  }
  double weights = 0;
  for (const catalog::v1::Practice& practice : category.practices().practices()) {
    gradient.Add(OfPractice(practice), practice.weight());
    weights += practice.weight();
  }
  for (const std::string& id : category.fault_free().fault_measures()) {
    gradient.Add(OfMeasure(*catalog_.FindMeasure(id)), -1);
    ++weights;
  }
  for (const std::string& id : category.fault_free().health_measures()) {
    gradient.Add(OfMeasure(*catalog_.FindMeasure(id)), 1);
    ++weights;
  }
  Gradient points;
  points.Add(gradient, 100 / weights);
  return points;
}

double CountingError::DeviationOf(const Gradient& gradient) const {
  double variance = 0;
  for (const auto& [table, weights] : gradient.patterns) variance += TableVariance(table, weights);
  for (const auto& [table, weight] : gradient.habits) {
    variance += weight * weight * HabitVariance(table);
  }
  return std::sqrt(std::max(variance, 0.0));
}

double CountingError::TableVariance(int table, const std::vector<double>& weights) const {
  const SlotModel model = ModelOf(catalog_, terms_, table);
  const std::vector<double> unions = UnionsOf(weights);
  const std::vector<int64_t>& subjects = window_.subjects[static_cast<size_t>(table)];
  double variance = 0;
  for (size_t s = 1; s < unions.size(); ++s) {
    for (size_t t = 1; t < unions.size(); ++t) {
      double common = 0;
      for (size_t i = 1; i < subjects.size(); ++i) {
        if ((i & s) != 0 && (i & t) != 0) common += static_cast<double>(subjects[i]);
      }
      variance += unions[s] * unions[t] * Covariance(model, common);
    }
  }
  return variance;
}

std::vector<double> CountingError::HabitDays(int table) const {
  const std::vector<int64_t>& days = truth_.habits[static_cast<size_t>(table)];
  const auto end = days.begin() + (window_.end_day - truth_.first_day) + 1;
  return {end - truth_.step_days, end};
}

double CountingError::AbsentSlots(int table) const {
  const SlotModel model = ModelOf(catalog_, terms_, table);
  double absent = 0;
  for (const double subjects : HabitDays(table)) {
    absent += model.kept * std::exp(-subjects / model.slots) / truth_.step_days;
  }
  return absent;
}

double CountingError::HabitVariance(int table) const {
  const SlotModel model = ModelOf(catalog_, terms_, table);
  // The slots that show nothing on a mean day count, for days have keys of their own.
  double variance = 0;
  for (const double subjects : HabitDays(table)) {
    const double slope = model.kept / model.slots * std::exp(-subjects / model.slots);
    variance += slope * slope * Covariance(model, subjects) / truth_.step_days / truth_.step_days;
  }
  const double slope = model.slots / AbsentSlots(table);
  return slope * slope * variance;
}

double CountingError::BiasOf(const Gradient& gradient) const {
  double bias = 0;
  for (const auto& [table, weight] : gradient.habits) {
    const SlotModel model = ModelOf(catalog_, terms_, table);
    const double even = -model.slots * std::log(AbsentSlots(table) / model.kept);
    bias += std::abs(weight) * HabitMeanFromSubjects(model, truth_.step_days, even).bias;
  }
  return bias;
}

}  // namespace tutti
