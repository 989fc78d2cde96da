#include "common/estimate/measures.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "common/estimate/predicate_terms.h"

namespace tutti {
namespace {

using catalog::v1::Category;
using catalog::v1::Predicate;

constexpr double kHalf = 0.5;

// Adds independent figures.
Figure Add(const Figure& a, const Figure& b) {
  return {a.value + b.value, std::hypot(a.deviation, b.deviation), a.bias + b.bias};
}

ShownFigure NotShown(score::v1::FigureState state, std::string reason) {
  ShownFigure shown;
  shown.state = state;
  shown.reason = std::move(reason);
  return shown;
}

ShownFigure TooWide(double points) {
  return NotShown(
      score::v1::FIGURE_STATE_WITHHELD,
      absl::StrFormat("at this headcount its margin would be %.0f points; the most that "
                      "is shown is %.0f",
                      points, kWidestMargin));
}

}  // namespace

Measures::Measures(const Catalog& catalog, const publication::v1::Publication& record)
    : catalog_(catalog), record_(record), publics_(PublicFigures::Of(catalog, record)) {
  for (const auto& kind : record.kinds()) {
    if (kind.state() != publication::v1::KIND_STATE_COMPLETE) continue;
    const SlotSize size{kind.slots_log2(), kind.kept_slots_log2()};
    for (const auto& table : kind.tables()) {
      counts_.emplace(catalog.FindTable(table.table()),
                      UnionCounts::FromCells(size, table.features_size(), table.cells(),
                                             table.sigma_squared()));
    }
    for (const auto& habit : kind.habits()) {
      habits_[catalog.FindTable(habit.table())] = habit.sum();
    }
  }
}

const UnionCounts* Measures::Counts(int table) const {
  const auto found = counts_.find(table);
  return found == counts_.end() ? nullptr : &found->second;
}

bool Measures::HasSource(const Category& category) const {
  return std::any_of(
      category.sources().begin(), category.sources().end(), [this](const std::string& source) {
        return std::count(record_.sources().begin(), record_.sources().end(), source) != 0;
      });
}

// Why a table is not in the record; FIGURE_STATE_MEASURED when it is.
ShownFigure Measures::Missing(const std::string& id) const {
  const int table = catalog_.FindTable(id);
  if (counts_.count(table) != 0 || habits_.count(table) != 0) return {};
  if (table >= 0 && publics_.SizeOf(catalog_.tables()[static_cast<size_t>(table)].kind)) {
    return NotShown(score::v1::FIGURE_STATE_INCOMPLETE, "something was lost while it was counted");
  }
  return NotShown(score::v1::FIGURE_STATE_WITHHELD, "not collected at this headcount");
}

Figure Measures::EstimateShare(const catalog::v1::Share& share) const {
  const auto table_of = [this](const Predicate& predicate) {
    return static_cast<size_t>(catalog_.FindTable(predicate.table()));
  };
  const auto coefficients = [&](const Predicate& predicate) {
    return UnionCoefficients(SelectedPatterns(catalog_.tables()[table_of(predicate)], predicate));
  };
  const UnionCounts& above = *Counts(static_cast<int>(table_of(share.numerator())));
  const std::vector<double> x = coefficients(share.numerator());
  const Figure numerator = above.Sum(x);
  if (share.denominator_case() == catalog::v1::Share::kEntitledProduct) {
    return numerator.Times(1 / publics_.Entitled(share.entitled_product()));
  }
  // The ratio of two estimates, by the delta method. Tables have slots and noise
  // of their own, so only within one table do errors go together.
  const UnionCounts& below = *Counts(static_cast<int>(table_of(share.subjects())));
  const std::vector<double> y = coefficients(share.subjects());
  const Figure denominator = below.Sum(y);
  const double size = std::max(denominator.value, 1.0);
  Figure ratio;
  ratio.value = std::clamp(numerator.value / size, 0.0, 1.0);
  const double covariance = &above == &below ? above.Covariance(x, y) : 0;
  const double variance = numerator.deviation * numerator.deviation - 2 * ratio.value * covariance +
                          ratio.value * ratio.value * denominator.deviation * denominator.deviation;
  ratio.deviation = std::sqrt(std::max(0.0, variance)) / size;
  return ratio;
}

ShownFigure Measures::Clamp(const catalog::v1::Measure& measure, Figure estimate) const {
  ShownFigure shown;
  shown.figure = estimate;
  const auto bound = [&](double share, score::v1::Bound which) {
    // The margin, too, is that of the bound: nothing tells how far beyond it is.
    shown.figure = publics_.PlannedMeasure(measure, share).value_or(Figure());
    shown.figure.value = share;
    shown.bound = which;
  };
  if (estimate.value > kTail) bound(kTail, score::v1::BOUND_AT_LEAST);
  if (estimate.value < 1 - kTail) bound(1 - kTail, score::v1::BOUND_AT_MOST);
  // No share is off by more than all of it.
  if (shown.figure.margin() > 1) shown.figure = {shown.figure.value, 1 / kDeviations95, 0};
  return shown;
}

ShownFigure Measures::Measure(const catalog::v1::Measure& measure) const {
  ShownFigure shown = Estimate(measure);
  if (!shown.measured()) return shown;
  const Figure planned = *publics_.PlannedMeasure(measure, kHalf);
  // A number of subjects is held against what is expected of it.
  const double unit = measure.has_count() ? std::max(1.0, planned.value / kHalf) : 1;
  const double points = 100 * planned.margin() / unit;
  return points > kWidestMargin ? TooWide(points) : shown;
}

ShownFigure Measures::Estimate(const catalog::v1::Measure& measure) const {
  if (!measure.category().empty() && !HasSource(*catalog_.FindCategory(measure.category()))) {
    return NotShown(score::v1::FIGURE_STATE_NOT_MEASURED, "no connected source gives it");
  }
  const std::string& table = measure.has_habit()   ? measure.habit().table()
                             : measure.has_count() ? measure.count().table()
                                                   : measure.share().numerator().table();
  ShownFigure missing = Missing(table);
  if (missing.measured() && measure.share().has_subjects()) {
    missing = Missing(measure.share().subjects().table());
  }
  if (!missing.measured()) return missing;
  if (!publics_.PlannedMeasure(measure, kHalf).has_value()) {
    return NotShown(score::v1::FIGURE_STATE_WITHHELD, "nobody is entitled to it");
  }
  if (measure.has_share()) return Clamp(measure, EstimateShare(measure.share()));
  const int index = catalog_.FindTable(table);
  const CatalogTable& compiled = catalog_.tables()[static_cast<size_t>(index)];
  if (measure.has_count()) {
    ShownFigure shown;
    shown.figure =
        Counts(index)->Sum(UnionCoefficients(SelectedPatterns(compiled, measure.count())));
    shown.figure.value = std::max(0.0, shown.figure.value);
    return shown;
  }
  const Figure count = MeanDailyCount(*publics_.SizeOf(compiled.kind), publics_.step_days(),
                                      habits_.at(index), publics_.SigmaSquared(index));
  return Clamp(measure, count.Times(1 / publics_.Entitled(measure.habit().entitled_product())));
}

ShownFigure Measures::ReachAndHabit(const catalog::v1::ReachAndHabit& formula) const {
  // The category was found narrow enough as a whole; a part may be wider than a
  // figure that is shown by itself.
  const ShownFigure reach = Estimate(*catalog_.FindMeasure(formula.reach_measure()));
  const ShownFigure habit = Estimate(*catalog_.FindMeasure(formula.habit_measure()));
  for (const ShownFigure* part : {&reach, &habit}) {
    if (!part->measured()) return *part;
  }
  const double full =
      static_cast<double>(formula.full_habit_numerator()) / formula.full_habit_denominator();
  Figure habit_points = habit.figure.Times(formula.habit_points() / full);
  if (habit.figure.value >= full) {
    // Beyond the full mark only the part of the interval below it remains.
    habit_points.value = formula.habit_points();
    const double beyond = (habit.figure.value - full) * formula.habit_points() / full;
    const double left = std::max(0.0, habit_points.margin() - beyond);
    habit_points = {habit_points.value, left / kDeviations95, 0};
  }
  ShownFigure points;
  points.figure = Add(reach.figure.Times(formula.reach_points()), habit_points);
  return points;
}

ShownFigure Measures::FaultFree(const catalog::v1::FaultFree& formula) const {
  ShownFigure points;
  const double each = 100.0 / formula.fault_measures_size();
  for (const std::string& id : formula.fault_measures()) {
    const ShownFigure fault = Estimate(*catalog_.FindMeasure(id));
    if (!fault.measured()) return fault;
    Figure free = fault.figure.Times(each);
    free.value = each - free.value;
    points.figure = Add(points.figure, free);
  }
  return points;
}

ShownFigure Measures::Practices(const catalog::v1::WeightedPractices& formula) const {
  ShownFigure points;
  double weights = 0;
  for (const auto& practice : formula.practices()) weights += practice.weight();
  for (const auto& practice : formula.practices()) {
    // sum of weights of those that follow / sum of weights of all, a large one
    // counting twice: (F + F and L) / (D + L), with F and L features of one table.
    const int index = catalog_.FindTable(practice.table());
    const int below_index = catalog_.FindTable(practice.denominator().table());
    if (Counts(index) == nullptr) return Missing(practice.table());
    if (Counts(below_index) == nullptr) return Missing(practice.denominator().table());
    const CatalogTable& table = catalog_.tables()[static_cast<size_t>(index)];
    Predicate followed;
    followed.set_table(practice.table());
    followed.mutable_any_of()->add_features(practice.followed_feature());
    std::vector<double> x = UnionCoefficients(SelectedPatterns(table, followed));
    std::vector<double> large(x.size(), 0);
    if (!practice.double_weight_feature().empty()) {
      Predicate both = followed;
      *both.mutable_all_of() = both.any_of();
      both.mutable_all_of()->add_features(practice.double_weight_feature());
      const std::vector<double> twice = UnionCoefficients(SelectedPatterns(table, both));
      std::transform(x.begin(), x.end(), twice.begin(), x.begin(), std::plus<>());
      large[size_t{1} << table.FindFeature(practice.double_weight_feature())] = 1;
    }
    const CatalogTable& below = catalog_.tables()[static_cast<size_t>(below_index)];
    const Figure above_count = Counts(index)->Sum(x);
    const Figure large_count = Counts(index)->Sum(large);
    const Figure below_count =
        Counts(below_index)
            ->Sum(UnionCoefficients(SelectedPatterns(below, practice.denominator())));
    const double size = std::max(1.0, below_count.value + large_count.value);
    Figure rate;
    rate.value = std::clamp(above_count.value / size, 1 - kTail, kTail);
    rate.deviation = std::hypot(above_count.deviation, rate.value * below_count.deviation,
                                rate.value * large_count.deviation) /
                     size;
    points.figure = Add(points.figure, rate.Times(100 * practice.weight() / weights));
  }
  return points;
}

ShownFigure Measures::Points(const Category& category) const {
  if (!HasSource(category)) {
    return NotShown(score::v1::FIGURE_STATE_NOT_MEASURED, "no connected source gives it");
  }
  const std::optional<double> planned = publics_.PlannedPointsMargin(category);
  if (!planned.has_value()) {
    return NotShown(score::v1::FIGURE_STATE_WITHHELD,
                    "not collected at this headcount, or nobody is entitled to it");
  }
  if (*planned > kWidestMargin) return TooWide(*planned);
  switch (category.formula_case()) {
    case Category::kReachAndHabit:
      return ReachAndHabit(category.reach_and_habit());
    case Category::kFaultFree:
      return FaultFree(category.fault_free());
    default:
      return Practices(category.practices());
  }
}

}  // namespace tutti
