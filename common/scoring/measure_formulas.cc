#include "common/scoring/measure_formulas.h"

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "common/catalog/predicate.h"

namespace tutti {
namespace {

using catalog::v1::Measure;
using catalog::v1::Practice;
using catalog::v1::Predicate;
using catalog::v1::Share;
using CountsByTable = std::map<int, TableCounts>;

constexpr double kHalf = 0.5;

// A share of which nothing is known.
Figure Unknown() {
  Figure figure;
  figure.value = kHalf;
  figure.open = {kHalf, kHalf};
  return figure;
}

double SumOf(const std::map<int, UnionWeights>& weights, const CountsByTable& counts) {
  double sum = 0;
  for (const auto& [table, of_table] : weights) sum += counts.at(table).Sum(of_table);
  return sum;
}

Figure SumFigure(const std::map<int, UnionWeights>& weights, const CountsByTable& counts) {
  Figure figure;
  figure.value = SumOf(weights, counts);
  for (const auto& [table, of_table] : weights) {
    figure.errors[table] = counts.at(table).ErrorOf(of_table);
  }
  return figure;
}

// A quotient and what it was divided by.
struct Quotient {
  Figure figure;
  double below = 0;
  bool below_clamped = false;

  // The error of a supposed share, with what the clamped denominator leaves open.
  Figure With(Figure planned, double share) const {
    planned.bias.below = below_clamped ? kTailShare * share : 0;
    return planned;
  }
};

// above / below by the delta method: the error is that of
// (above - quotient x below) / below, in which the numbers of one table keep their
// covariance.
Quotient Divide(const Fraction& fraction, const CountsByTable& counts) {
  Quotient out;
  out.below = fraction.constant;
  if (!fraction.below.empty()) {
    const Figure below = SumFigure(fraction.below, counts);
    if (below.value <= kTailShare * fraction.population ||
        StatisticalMargin(below) >= kWidestDenominator * below.value) {
      return {Unknown()};
    }
    const double highest = (1 - kTailShare) * fraction.population;
    out.below_clamped = fraction.population > 0 && below.value > highest;
    out.below = out.below_clamped ? highest : below.value;
  }
  if (out.below <= 0) return {Unknown()};
  out.figure.value = SumOf(fraction.above, counts) / out.below;
  std::map<int, UnionWeights> gradient = fraction.above;
  if (!out.below_clamped) {
    for (const auto& [table, weights] : fraction.below) {
      UnionWeights& sum = gradient[table];
      for (size_t t = 0; t < sum.size(); ++t) sum[t] -= out.figure.value * weights[t];
    }
  }
  for (const auto& [table, weights] : gradient) {
    const TableError error = counts.at(table).ErrorOf(weights);
    out.figure.errors[table] = {error.counting / out.below, error.noise / out.below};
  }
  // The true denominator may be as large as the population.
  if (out.below_clamped) out.figure.bias.below = kTailShare * std::max(out.figure.value, 0.0);
  return out;
}

UnionWeights Plus(const UnionWeights& a, const UnionWeights& b) {
  UnionWeights sum = a;
  for (size_t t = 0; t < sum.size(); ++t) sum[t] += b[t];
  return sum;
}

Figure HabitFigure(int table, const HabitMean& mean) {
  Figure figure;
  figure.value = mean.value;
  figure.errors[table] = mean.error;
  figure.bias = {mean.bias, mean.bias};
  return figure;
}

// Whether a measure is what another one leaves of those entitled.
bool IsRest(const Measure& measure) {
  return measure.has_share() && SelectsNone(measure.share().numerator());
}

// The other one.
Measure RestOf(const Measure& measure) {
  Measure other = measure;
  other.mutable_share()->mutable_numerator()->set_at_least(1);
  return other;
}

// The patterns of a practice's table, by the features followed and large.
struct PracticePatterns {
  PatternSet followed = 0;
  PatternSet large = 0;
};

PracticePatterns PatternsOfPractice(const CatalogTable& table, const Practice& practice) {
  const int followed = table.FindFeature(practice.followed_feature());
  const int large = table.FindFeature(practice.double_weight_feature());
  PracticePatterns patterns;
  for (int pattern = 1; pattern < 1 << table.feature_count(); ++pattern) {
    const auto bit = static_cast<PatternSet>(1U << pattern);
    if ((pattern >> followed & 1) != 0) patterns.followed |= bit;
    if ((pattern >> large & 1) != 0) patterns.large |= bit;
  }
  return patterns;
}

}  // namespace

Figure ClampedShare(const Figure& share, const std::function<Figure(double)>& planned) {
  if (share.open.above > 0 || share.open.below > 0) return share;
  const double highest = 1 - kTailShare;
  if (share.value >= kTailShare && share.value <= highest) return share;
  const bool high = share.value > highest;
  const double clamped = high ? highest : kTailShare;
  Figure out = planned(clamped);
  if (out.open.above > 0 || out.open.below > 0) return out;
  out.value = clamped;
  (high ? out.open.above : out.open.below) = kTailShare;
  return out;
}

PatternSet MeasureFormulas::PatternsOf(const Predicate& predicate) const {
  const int table = catalog_.FindTable(predicate.table());
  return SelectedPatterns(predicate, *catalog_.table(table).proto);
}

Fraction MeasureFormulas::FractionOf(const Share& share) const {
  const auto weights = [&](const Predicate& predicate, int table) {
    return WeightsOf(PatternsOf(predicate), catalog_.table(table).feature_count());
  };
  Fraction fraction;
  const int above = catalog_.FindTable(share.numerator().table());
  fraction.above[above] = weights(share.numerator(), above);
  if (!share.has_subjects()) {
    fraction.constant = terms_.EntitledTo(share.entitled_product());
    return fraction;
  }
  const int below = catalog_.FindTable(share.subjects().table());
  fraction.below[below] = weights(share.subjects(), below);
  if (IsPopulation(catalog_, below)) {
    fraction.population = ExpectedSubjects(catalog_, terms_, below);
  }
  return fraction;
}

Fraction MeasureFormulas::FractionOf(const Practice& practice) const {
  const int table = catalog_.FindTable(practice.table());
  const CatalogTable& compiled = catalog_.table(table);
  const PracticePatterns patterns = PatternsOfPractice(compiled, practice);
  const int features = compiled.feature_count();
  Fraction fraction;
  fraction.above[table] =
      Plus(WeightsOf(patterns.followed, features),
           WeightsOf(static_cast<PatternSet>(patterns.followed & patterns.large), features));
  fraction.below[table] = WeightsOf(patterns.large, features);
  const int all = catalog_.FindTable(practice.denominator().table());
  UnionWeights& below = fraction.below[all];
  below = Plus(below,
               WeightsOf(PatternsOf(practice.denominator()), catalog_.table(all).feature_count()));
  return fraction;
}

TableCounts MeasureFormulas::Suppose(int table, PatternSet patterns, double in, double rest) const {
  const SlotModel model = ModelOf(catalog_, terms_, table);
  const int size = 1 << model.features;
  const auto selected = [&](int pattern) { return (patterns >> pattern & 1) != 0; };
  double inside = 0;
  for (int pattern = 1; pattern < size; ++pattern) inside += selected(pattern) ? 1 : 0;
  const double outside = size - 1 - inside;
  std::vector<double> subjects(static_cast<size_t>(size), 0.0);
  for (int pattern = 1; pattern < size; ++pattern) {
    subjects[static_cast<size_t>(pattern)] =
        selected(pattern) ? in / inside : std::max(rest, 0.0) / outside;
  }
  return TableCounts::FromSubjects(model, subjects);
}

Figure MeasureFormulas::PlannedShare(const Share& share, double value, double below) const {
  const Fraction fraction = FractionOf(share);
  const int above_table = catalog_.FindTable(share.numerator().table());
  const PatternSet above = PatternsOf(share.numerator());
  const double expected = ExpectedSubjects(catalog_, terms_, above_table);
  CountsByTable counts;
  if (!share.has_subjects()) {
    const double selected = value * fraction.constant;
    counts.emplace(above_table, Suppose(above_table, above, selected, expected - selected));
    return Divide(fraction, counts).figure;
  }
  const int below_table = catalog_.FindTable(share.subjects().table());
  const PatternSet all = PatternsOf(share.subjects());
  if (below <= 0) below = kHalf * ExpectedSubjects(catalog_, terms_, below_table);
  if (above_table != below_table) {
    counts.emplace(above_table,
                   Suppose(above_table, above, value * below, expected - value * below));
    counts.emplace(below_table, Suppose(below_table, all, below, expected - below));
    return Divide(fraction, counts).figure;
  }
  // In one table some of `all` are selected, the others are not, and the rest is
  // outside.
  const SlotModel model = ModelOf(catalog_, terms_, above_table);
  const unsigned size = 1U << model.features;
  const auto group = [&](unsigned pattern) -> size_t {
    if ((all >> pattern & 1U) == 0) return 2;
    return (above >> pattern & 1U) != 0 ? 0 : 1;
  };
  std::array<double, 3> sizes{};
  for (unsigned pattern = 1; pattern < size; ++pattern) ++sizes[group(pattern)];
  const std::array<double, 3> numbers = {value * below, (1 - value) * below,
                                         std::max(expected - below, 0.0)};
  std::vector<double> subjects(size, 0.0);
  for (unsigned pattern = 1; pattern < size; ++pattern) {
    subjects[pattern] = numbers[group(pattern)] / sizes[group(pattern)];
  }
  counts.emplace(above_table, TableCounts::FromSubjects(model, subjects));
  return Divide(fraction, counts).figure;
}

Figure MeasureFormulas::PlannedPractice(const Practice& practice, double value,
                                        double below) const {
  const int table = catalog_.FindTable(practice.table());
  const PracticePatterns patterns = PatternsOfPractice(catalog_.table(table), practice);
  const int all = catalog_.FindTable(practice.denominator().table());
  // Half of the subjects are large, so the denominator is 3/2 of their number.
  const double expected = ExpectedSubjects(catalog_, terms_, all);
  const double number = below > 0 ? below / 1.5 : kHalf * expected;
  const SlotModel model = ModelOf(catalog_, terms_, table);
  std::vector<double> subjects(size_t{1} << model.features, 0.0);
  const auto put = [&](PatternSet in, PatternSet out, double part) {
    const unsigned where = in & ~out;
    for (unsigned pattern = 1; pattern < subjects.size(); ++pattern) {
      // The plainest of the patterns that fit.
      if ((where >> pattern & 1U) == 0) continue;
      subjects[pattern] += part * number;
      return;
    }
  };
  put(patterns.followed, patterns.large, value / 2);
  put(patterns.followed & patterns.large, 0, value / 2);
  put(patterns.large, patterns.followed, (1 - value) / 2);
  CountsByTable counts;
  counts.emplace(table, TableCounts::FromSubjects(model, subjects));
  counts.emplace(all, Suppose(all, PatternsOf(practice.denominator()), number, expected - number));
  return Divide(FractionOf(practice), counts).figure;
}

Figure MeasureFormulas::PlannedPractice(const Practice& practice, double share) const {
  return PlannedPractice(practice, share, 0);
}

Figure MeasureFormulas::MeasuredPractice(const Practice& practice,
                                         const PublishedCounts& counts) const {
  const Quotient quotient = Divide(FractionOf(practice), counts.tables);
  return ClampedShare(quotient.figure, [&](double share) {
    return quotient.With(PlannedPractice(practice, share, quotient.below), share);
  });
}

Figure MeasureFormulas::PlannedNumber(int table, PatternSet patterns, double share) const {
  const double expected = ExpectedSubjects(catalog_, terms_, table);
  CountsByTable counts;
  counts.emplace(table, Suppose(table, patterns, share * expected, (1 - share) * expected));
  const int features = catalog_.table(table).feature_count();
  return SumFigure({{table, WeightsOf(patterns, features)}}, counts);
}

Figure MeasureFormulas::ClampedNumber(int table, PatternSet patterns, const Figure& number) const {
  const double population = ExpectedSubjects(catalog_, terms_, table);
  return Scaled(ClampedShare(Scaled(number, 1 / population),
                             [&](double share) {
                               return Scaled(PlannedNumber(table, patterns, share), 1 / population);
                             }),
                population);
}

Figure MeasureFormulas::MeasuredNumber(int table, PatternSet patterns,
                                       const PublishedCounts& counts) const {
  const int features = catalog_.table(table).feature_count();
  Figure number = SumFigure({{table, WeightsOf(patterns, features)}}, counts.tables);
  if (IsPopulation(catalog_, table)) return ClampedNumber(table, patterns, number);
  number.value = std::max(number.value, 0.0);
  return number;
}

Figure MeasureFormulas::PlannedHabitNumber(int table, double population, double share) const {
  const HabitMean mean =
      HabitMeanFromSubjects(ModelOf(catalog_, terms_, table), terms_.step_days, share * population);
  return HabitFigure(table, mean);
}

Figure MeasureFormulas::MeasuredHabitNumber(int table, double population,
                                            const PublishedCounts& counts) const {
  if (population <= 0) return Unknown();
  const Figure number = HabitFigure(table, counts.habits.at(table));
  return Scaled(ClampedShare(Scaled(number, 1 / population),
                             [&](double share) {
                               return Scaled(PlannedHabitNumber(table, population, share),
                                             1 / population);
                             }),
                population);
}

Figure MeasureFormulas::Planned(const Measure& measure, double share) const {
  if (IsRest(measure)) return Rest(Planned(RestOf(measure), 1 - share));
  switch (measure.formula_case()) {
    case Measure::kShare:
      return PlannedShare(measure.share(), share, 0);
    case Measure::kHabit: {
      const double entitled = terms_.EntitledTo(measure.habit().entitled_product());
      if (entitled <= 0) return Unknown();
      const int table = catalog_.FindTable(measure.habit().table());
      return Scaled(PlannedHabitNumber(table, entitled, share), 1 / entitled);
    }
    case Measure::kCount:
      return PlannedNumber(catalog_.FindTable(measure.count().table()), PatternsOf(measure.count()),
                           share);
    case Measure::FORMULA_NOT_SET:
      break;
  }
  return Unknown();
}

Figure MeasureFormulas::Measured(const Measure& measure, const PublishedCounts& counts) const {
  if (IsRest(measure)) return Rest(Measured(RestOf(measure), counts));
  switch (measure.formula_case()) {
    case Measure::kShare: {
      const Quotient quotient = Divide(FractionOf(measure.share()), counts.tables);
      return ClampedShare(quotient.figure, [&](double share) {
        return quotient.With(PlannedShare(measure.share(), share, quotient.below), share);
      });
    }
    case Measure::kHabit: {
      const double entitled = terms_.EntitledTo(measure.habit().entitled_product());
      if (entitled <= 0) return Unknown();
      const int table = catalog_.FindTable(measure.habit().table());
      return Scaled(MeasuredHabitNumber(table, entitled, counts), 1 / entitled);
    }
    case Measure::kCount:
      return MeasuredNumber(catalog_.FindTable(measure.count().table()),
                            PatternsOf(measure.count()), counts);
    case Measure::FORMULA_NOT_SET:
      break;
  }
  return Unknown();
}

Figure MeasureFormulas::Unclamped(const Measure& measure, const PublishedCounts& counts) const {
  if (IsRest(measure)) return Rest(Unclamped(RestOf(measure), counts));
  if (measure.has_share()) return Divide(FractionOf(measure.share()), counts.tables).figure;
  const double entitled = terms_.EntitledTo(measure.habit().entitled_product());
  if (entitled <= 0) return Unknown();
  const int table = catalog_.FindTable(measure.habit().table());
  return Scaled(HabitFigure(table, counts.habits.at(table)), 1 / entitled);
}

Figure MeasureFormulas::UnclampedPractice(const Practice& practice,
                                          const PublishedCounts& counts) const {
  return Divide(FractionOf(practice), counts.tables).figure;
}

std::vector<int> MeasureFormulas::TablesOf(const Measure& measure) const {
  std::set<int> tables;
  if (measure.has_share()) {
    tables.insert(catalog_.FindTable(measure.share().numerator().table()));
    if (measure.share().has_subjects()) {
      tables.insert(catalog_.FindTable(measure.share().subjects().table()));
    }
  } else if (measure.has_habit()) {
    tables.insert(catalog_.FindTable(measure.habit().table()));
  } else if (measure.has_count()) {
    tables.insert(catalog_.FindTable(measure.count().table()));
  }
  return {tables.begin(), tables.end()};
}

std::vector<int> MeasureFormulas::TablesOf(const Practice& practice) const {
  const std::set<int> tables = {catalog_.FindTable(practice.table()),
                                catalog_.FindTable(practice.denominator().table())};
  return {tables.begin(), tables.end()};
}

}  // namespace tutti
