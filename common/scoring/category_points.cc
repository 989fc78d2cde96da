#include "common/scoring/category_points.h"

#include <algorithm>
#include <functional>
#include <set>

namespace tutti {
namespace {

using catalog::v1::Category;
using catalog::v1::Measure;
using catalog::v1::Practice;

constexpr double kHalf = 0.5;

// Where shares come from: what was published, or a plan.
struct Shares {
  // The second argument is the share to plan for.
  std::function<Figure(const Measure&, double)> of_measure;
  std::function<Figure(const Practice&)> of_practice;
};

Figure ReachAndHabitPoints(const Catalog& catalog, const catalog::v1::ReachAndHabit& formula,
                           const Shares& shares) {
  const double full = static_cast<double>(formula.full_habit_numerator()) /
                      static_cast<double>(formula.full_habit_denominator());
  Figure points =
      HabitPoints(shares.of_measure(*catalog.FindMeasure(formula.habit_measure()), kHalf * full),
                  full, formula.habit_points());
  if (formula.reach_points() > 0) {
    Add(shares.of_measure(*catalog.FindMeasure(formula.reach_measure()), kHalf), points,
        formula.reach_points());
  }
  return points;
}

Figure PracticePoints(const catalog::v1::WeightedPractices& formula, const Shares& shares) {
  double weights = 0;
  for (const Practice& practice : formula.practices()) weights += practice.weight();
  Figure points;
  for (const Practice& practice : formula.practices()) {
    Add(shares.of_practice(practice), points, kCategoryPoints * practice.weight() / weights);
  }
  return points;
}

Figure FaultFreePoints(const Catalog& catalog, const catalog::v1::FaultFree& formula,
                       const Shares& shares) {
  Figure points;
  const double each =
      kCategoryPoints / (formula.fault_measures_size() + formula.health_measures_size());
  for (const std::string& id : formula.fault_measures()) {
    Add(Rest(shares.of_measure(*catalog.FindMeasure(id), kHalf)), points, each);
  }
  for (const std::string& id : formula.health_measures()) {
    Add(shares.of_measure(*catalog.FindMeasure(id), kHalf), points, each);
  }
  return points;
}

Figure Points(const Catalog& catalog, const Category& category, const Shares& shares) {
  switch (category.formula_case()) {
    case Category::kReachAndHabit:
      return ReachAndHabitPoints(catalog, category.reach_and_habit(), shares);
    case Category::kPractices:
      return PracticePoints(category.practices(), shares);
    case Category::kFaultFree:
      return FaultFreePoints(catalog, category.fault_free(), shares);
    case Category::FORMULA_NOT_SET:
      break;
  }
  return {};
}

}  // namespace

Figure HabitPoints(const Figure& habit, double full, double points) {
  const double slope = points / full;
  const auto points_at = [&](double share) { return slope * std::min(share, full); };
  const double value = points_at(habit.value);
  const double margin = StatisticalMargin(habit);
  const double lost = std::max(value - points_at(habit.value - margin), 0.0);
  // Below the full mark the error counts in full; above it, as far as it reaches
  // below.
  const double factor = habit.value < full ? slope : margin > 0 ? lost / margin : 0;
  Figure out;
  if (factor > 0) out = Scaled(habit, factor);
  out.value = value;
  const auto reached = [&](const Distance& distance) {
    return Distance{points_at(habit.value + distance.above) - value,
                    value - points_at(habit.value - distance.below)};
  };
  out.bias = reached(habit.bias);
  out.open = reached(habit.open);
  return out;
}

Figure MeasuredPoints(const Catalog& catalog, const MeasureFormulas& formulas,
                      const Category& category, const PublishedCounts& counts) {
  return Points(
      catalog, category,
      {[&](const Measure& measure, double) { return formulas.Measured(measure, counts); },
       [&](const Practice& practice) { return formulas.MeasuredPractice(practice, counts); }});
}

Figure PlannedPoints(const Catalog& catalog, const MeasureFormulas& formulas,
                     const Category& category) {
  return Points(
      catalog, category,
      {[&](const Measure& measure, double share) {
         Figure planned = formulas.Planned(measure, share);
         planned.value = share;
         return planned;
       },
       [&](const Practice& practice) { return formulas.PlannedPractice(practice, kHalf); }});
}

std::vector<int> TablesOf(const Catalog& catalog, const MeasureFormulas& formulas,
                          const Category& category) {
  std::set<int> tables;
  const auto add = [&](const std::vector<int>& more) { tables.insert(more.begin(), more.end()); };
  if (category.has_reach_and_habit()) {
    add(formulas.TablesOf(*catalog.FindMeasure(category.reach_and_habit().reach_measure())));
    add(formulas.TablesOf(*catalog.FindMeasure(category.reach_and_habit().habit_measure())));
  }
  for (const Practice& practice : category.practices().practices()) {
    add(formulas.TablesOf(practice));
  }
  const catalog::v1::FaultFree& faults = category.fault_free();
  for (const auto* measures : {&faults.fault_measures(), &faults.health_measures()}) {
    for (const std::string& id : *measures) add(formulas.TablesOf(*catalog.FindMeasure(id)));
  }
  return {tables.begin(), tables.end()};
}

}  // namespace tutti
