#include "common/scoring/score_levels.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/scoring/category_points.h"
#include "common/scoring/filter/level_filter.h"
#include "common/scoring/public_terms.h"
#include "common/scoring/score_change.h"
#include "common/window/cadence.h"

namespace tutti {
namespace {

using score::v1::CategoryScore;
using score::v1::Level;

constexpr double kPercent = 100;
// The place of errors that were filtered together, among those of tables.
constexpr int kTogether = -1;

enum Base : size_t { kChange, kTrend, kBases };
static_assert(kBases <= kMostBases);

// What was filtered of one part, against one base.
struct PartSince {
  Figure share;           // of the base, clamped
  double difference = 0;  // in shares, from the base to now
};

// A part as it was filtered.
struct FilteredPart {
  size_t index = 0;  // of the parts
  Figure share;      // clamped
  std::array<std::optional<PartSince>, kBases> since;
};

// Parts whose points are summed, over the rows that have them all.
struct Sum {
  std::vector<FilteredPart> parts;
  std::vector<size_t> rows;
  // What the sum is divided by to be of the order of a category.
  double categories = 1;
};

// A weighted sum of shares, of the order of points of 100, over the rows that know them all.
struct Series {
  std::vector<size_t> rows;
  std::vector<LevelObservation> observed;
  FilteredSeries filtered;
  // Where in `rows` and in filtered.since the bases are.
  std::array<std::optional<size_t>, kBases> base_rows;
  std::array<std::optional<size_t>, kBases> since;
};

// What was filtered of a sum.
struct SumLevel {
  Figure points;
  std::array<std::optional<Figure>, kBases> differences;
  std::optional<Series> series;  // of the parts that follow their shares, if any
};

class LevelMaker {
 public:
  LevelMaker(const MeasureFormulas& formulas, absl::Span<const LevelPart> parts,
             absl::Span<const LevelRow* const> rows, const LevelBases& bases)
      : formulas_(formulas),
        parts_(parts),
        rows_(rows),
        step_days_(PeriodDays(rows.back()->cadence)),
        model_(LevelModelFor(step_days_)),
        base_days_({bases.change, bases.trend}) {}

  // The parts of a category; absent where its level cannot be told or is not shown.
  std::optional<Sum> PartsOf(int category) const {
    Sum sum = RowsOf(category);
    if (!IsEnough(sum.rows) || !IsShown(category, sum.rows)) return std::nullopt;
    for (FilteredPart& part : sum.parts) Filter(sum.rows, part);
    return sum;
  }

  // The end day of the window of a number in a category's series, counted from 1: of one that it
  // does not have yet, for the windows that it has do not show the category.
  Day EndDayOfWindow(int category, int number) const {
    const auto windows = static_cast<int64_t>(RowsOf(category).rows.size());
    return rows_.back()->end_day + std::max<int64_t>(number - windows, 1) * step_days_;
  }

  // All of them together; absent where a level of that cannot be told.
  std::optional<Sum> Total(const std::vector<const Sum*>& categories) const {
    Sum sum;
    for (const Sum* category : categories) {
      sum.parts.insert(sum.parts.end(), category->parts.begin(), category->parts.end());
    }
    sum.rows = RowsWith(sum.parts);
    if (!IsEnough(sum.rows)) return std::nullopt;
    sum.categories = static_cast<double>(categories.size());
    return sum;
  }

  // With the differences from some bases.
  SumLevel LevelOf(const Sum& sum, std::initializer_list<Base> bases) const {
    SumLevel out;
    std::vector<const FilteredPart*> together;
    double constant = 0;
    Figure linear;
    for (const FilteredPart& part : sum.parts) {
      const LevelPart& of = parts_[part.index];
      if (!IsLinear(part.index, part.share)) {
        Add(PointsOf(of, part.share), out.points);
        continue;
      }
      together.push_back(&part);
      constant += of.constant;
      linear.value += of.weight * part.share.value + of.constant;
      linear.bias.above += std::abs(of.weight) * part.share.bias.above;
    }
    if (!together.empty()) {
      out.series = FilterTogether(sum, together);
      Complete(sum, out.series->filtered.levels.back(), constant,
               out.series->observed.back().other_variance, linear);
      Add(linear, out.points);
    }
    for (const Base base : bases) {
      out.differences[base] = DifferenceSince(sum, base, together, out.series);
    }
    return out;
  }

  // `figures` are marked together.
  Level ToLevel(const Sum& sum, const SumLevel& level, int figures) const {
    Level out;
    *out.mutable_points() = ToEstimate(level.points, kPercent * sum.categories);
    out.set_windows(static_cast<int32_t>(sum.rows.size()));
    if (level.differences[kChange].has_value()) {
      *out.mutable_change() = ChangeSince(*base_days_[kChange], *level.differences[kChange]);
    }
    if (!level.series.has_value()) return out;
    const Series& series = *level.series;
    out.set_may_be_changing(
        ContradictsLevel(model_, series.observed, series.filtered.levels, figures));
    const size_t since = HoldingSince(series.observed, series.filtered.levels);
    out.set_holding_since_end_day(FormatDay(rows_[series.rows[since]]->end_day));
    return out;
  }

 private:
  std::vector<size_t> RowsWith(const std::vector<FilteredPart>& parts) const {
    std::vector<size_t> rows;
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (std::all_of(parts.begin(), parts.end(), [&](const FilteredPart& part) {
            return rows_[i]->shares[part.index].has_value();
          })) {
        rows.push_back(i);
      }
    }
    return rows;
  }

  // The parts of a category, not filtered yet, and the rows that have them.
  Sum RowsOf(int category) const {
    Sum sum;
    for (size_t i = 0; i < parts_.size(); ++i) {
      if (parts_[i].category == category) sum.parts.push_back({i, {}, {}});
    }
    sum.rows = RowsWith(sum.parts);
    return sum;
  }

  bool IsEnough(const std::vector<size_t>& rows) const {
    return rows.size() >= kFewestLevelWindows && rows.back() + 1 == rows_.size();
  }

  // What was planned of a category at some rows decides; a row that lacks a kind of it shows none.
  bool IsShown(int category, const std::vector<size_t>& rows) const {
    const auto planned_at = [&](size_t row) -> const std::optional<Figure>& {
      return rows_[row]->planned[static_cast<size_t>(category)];
    };
    std::vector<PlannedObservation> records;
    records.reserve(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      const std::optional<Figure>& planned = planned_at(rows[i]);
      if (!planned.has_value()) return false;
      records.push_back({StepsBetween(rows, i), VariancesOf(*planned).noise});
    }
    return IsLevelShown(model_, records, *planned_at(rows.back()));
  }

  const Figure& ShareAt(size_t row, size_t part) const { return *rows_[row]->shares[part]; }

  // The row of a base among some.
  std::optional<size_t> BaseRow(const std::vector<size_t>& rows, Base base) const {
    if (!base_days_[base].has_value()) return std::nullopt;
    for (size_t i = 0; i + 1 < rows.size(); ++i) {
      if (rows_[rows[i]]->end_day == *base_days_[base]) return i;
    }
    return std::nullopt;
  }

  int StepsBetween(const std::vector<size_t>& rows, size_t i) const {
    if (i == 0) return 1;
    const auto days = rows_[rows[i]]->end_day - rows_[rows[i - 1]]->end_day;
    return std::max(static_cast<int>(days) / step_days_, 1);
  }

  // What a part weighs in a series.
  struct Weight {
    size_t part = 0;
    double weight = 0;
  };

  Series FilterSum(const std::vector<size_t>& rows, const std::vector<Weight>& weights,
                   LevelsWanted wanted) const {
    // A variance of 0 would be known exactly, which divides by nothing.
    constexpr double kLeastVariance = 1e-9;
    Series series;
    for (const size_t row : rows) {
      if (std::any_of(weights.begin(), weights.end(),
                      [&](const Weight& weight) { return IsOpen(ShareAt(row, weight.part)); })) {
        continue;
      }
      Figure errors;
      double value = 0;
      for (const Weight& weight : weights) {
        const Figure& share = ShareAt(row, weight.part);
        value += weight.weight * share.value;
        Add(Scaled(share, std::abs(weight.weight)), errors);
      }
      const Variances variances = VariancesOf(errors);
      series.rows.push_back(row);
      series.observed.push_back({StepsBetween(series.rows, series.rows.size() - 1), value,
                                 std::max(variances.noise, kLeastVariance), variances.counting});
    }
    std::vector<size_t> bases;
    for (const Base base : {kChange, kTrend}) {
      series.base_rows[base] = BaseRow(series.rows, base);
      if (!series.base_rows[base].has_value()) continue;
      series.since[base] = bases.size();
      bases.push_back(*series.base_rows[base]);
    }
    series.filtered = FilterSeries(model_, series.observed, bases, wanted);
    return series;
  }

  Series FilterTogether(const Sum& sum, const std::vector<const FilteredPart*>& parts) const {
    std::vector<Weight> weights;
    weights.reserve(parts.size());
    for (const FilteredPart* part : parts) {
      weights.push_back({part->index, parts_[part->index].weight / sum.categories});
    }
    return FilterSum(sum.rows, weights, LevelsWanted::kAll);
  }

  // The share that a level is, with the other errors of the row that it is at.
  Figure ShareOf(const LevelEstimate& level, size_t row, size_t part) const {
    const Figure& alone = ShareAt(row, part);
    Figure share;
    share.value = level.value / kPercent;
    share.errors[kTogether] = {std::sqrt(VariancesOf(alone).counting),
                               std::sqrt(level.variance) / kPercent};
    share.bias = alone.bias;
    return ClampedPart(formulas_, parts_[part], share);
  }

  void Filter(const std::vector<size_t>& rows, FilteredPart& part) const {
    const bool known = !IsOpen(ShareAt(rows.back(), part.index));
    Series series;
    if (known) series = FilterSum(rows, {{part.index, kPercent}}, LevelsWanted::kLast);
    part.share = known ? ShareOf(series.filtered.levels.back(), rows.back(), part.index)
                       : ShareAt(rows.back(), part.index);
    for (const Base base : {kChange, kTrend}) {
      const std::optional<size_t> row = BaseRow(rows, base);
      if (!row.has_value()) continue;
      if (series.since[base].has_value()) {
        const LevelSince& since = series.filtered.since[*series.since[base]];
        part.since[base] = PartSince{ShareOf(since.base, rows[*row], part.index),
                                     since.difference.value / kPercent};
      } else {
        part.since[base] = PartSince{
            ClampedPart(formulas_, parts_[part.index], ShareAt(rows[*row], part.index)), 0};
      }
    }
  }

  // Whether points follow the share, so that its series tells of them and of nothing hidden.
  bool IsLinear(size_t part, const Figure& share) const {
    return !IsOpen(share) && (parts_[part].full >= 1 || share.value < parts_[part].full);
  }

  // Gives a sum of filtered parts, which holds its value and what is systematic, the error of the
  // sum that was filtered as a whole.
  static void Complete(const Sum& sum, const LevelEstimate& whole, double constant,
                       double counting_variance, Figure& points) {
    points.bias.above += std::abs(points.value - constant - sum.categories * whole.value);
    points.bias.below = points.bias.above;
    points.errors[kTogether] = {sum.categories * std::sqrt(counting_variance),
                                sum.categories * std::sqrt(whole.variance)};
  }

  // `series` is that of `together`.
  std::optional<Figure> DifferenceSince(const Sum& sum, Base base,
                                        const std::vector<const FilteredPart*>& together,
                                        const std::optional<Series>& series) const {
    if (!BaseRow(sum.rows, base).has_value()) return std::nullopt;
    Figure difference;
    Figure linear;
    std::vector<const FilteredPart*> both;
    for (const FilteredPart& part : sum.parts) {
      if (!part.since[base].has_value()) return std::nullopt;
      const PartSince& since = *part.since[base];
      const LevelPart& of = parts_[part.index];
      if (!IsLinear(part.index, part.share) || !IsLinear(part.index, since.share)) {
        Add(Difference(PointsOf(of, part.share), PointsOf(of, since.share)), difference);
        continue;
      }
      both.push_back(&part);
      linear.value += of.weight * since.difference;
      linear.bias.above += std::abs(of.weight) * (part.share.bias.above + since.share.bias.above);
    }
    if (both.empty()) return difference;
    std::optional<Series> other;
    if (both.size() < together.size()) other = FilterTogether(sum, both);
    const Series& of = other.has_value() ? *other : *series;
    Complete(sum, of.filtered.since[*of.since[base]].difference, 0,
             of.observed.back().other_variance + of.observed[*of.base_rows[base]].other_variance,
             linear);
    Add(linear, difference);
    return difference;
  }

  const MeasureFormulas& formulas_;
  const absl::Span<const LevelPart> parts_;
  const absl::Span<const LevelRow* const> rows_;
  const int step_days_;  // between windows of the series
  const LevelModel model_;
  const std::array<std::optional<Day>, kBases> base_days_;
};

// The rows of the series of the last one.
absl::Span<const LevelRow* const> SeriesOf(absl::Span<const LevelRow* const> rows) {
  size_t first = rows.size() - 1;
  while (first > 0 && rows.size() - first < kMostLevelWindows &&
         AreOneSeries(*rows[first - 1], *rows.back())) {
    --first;
  }
  return rows.subspan(first);
}

// The category, by index, whose points a category shows.
int ShownIn(const Catalog& catalog, const ScoredPublication& scored, const std::string& category) {
  const auto substitute = scored.substitutes.find(category);
  const std::string& id = substitute == scored.substitutes.end() ? category : substitute->second;
  const auto& categories = catalog.proto().categories();
  return static_cast<int>(std::find_if(categories.begin(), categories.end(),
                                       [&](const auto& found) { return found.id() == id; }) -
                          categories.begin());
}

// Whether the points of a window alone are shown, or their margin alone keeps them from it.
bool MayHaveLevel(const CategoryScore& score) {
  return score.state() == score::v1::FIGURE_STATE_MEASURED ||
         score.state_reason_code() == score::v1::STATE_REASON_MARGIN_TOO_WIDE;
}

// The sums of the categories that may have a level, by index; absent where one has none.
using Sums = std::map<int, std::optional<Sum>>;

Sums SumsOf(const Catalog& catalog, const LevelMaker& maker, const ScoredPublication& scored) {
  Sums sums;
  for (const CategoryScore& score : scored.score.categories()) {
    if (!MayHaveLevel(score)) continue;
    const int shown = ShownIn(catalog, scored, score.category());
    const auto [sum, fresh] = sums.try_emplace(shown);
    if (fresh) sum->second = maker.PartsOf(shown);
  }
  return sums;
}

// Says of a category why it has no level.
void SetAbsence(const LevelMaker& maker, int shown, CategoryScore& score) {
  if (!MayHaveLevel(score)) {
    score.set_level_absence(score::v1::LEVEL_ABSENCE_AS_THE_WINDOW);
    return;
  }
  const bool alone = score.state() == score::v1::FIGURE_STATE_MEASURED;
  const int needed = alone ? static_cast<int>(kFewestLevelWindows) : score.level_from_windows();
  if (needed == 0) {
    score.set_level_absence(score::v1::LEVEL_ABSENCE_MARGIN_TOO_WIDE);
    return;
  }
  score.set_level_absence(score::v1::LEVEL_ABSENCE_SERIES_TOO_SHORT);
  score.set_level_from_end_day(FormatDay(maker.EndDayOfWindow(shown, needed)));
}

void SetCategoryLevels(const Catalog& catalog, const LevelMaker& maker, const Sums& sums,
                       int figures, ScoredPublication& scored) {
  std::map<int, Level> levels;
  for (const auto& [category, sum] : sums) {
    if (!sum.has_value()) continue;
    levels[category] = maker.ToLevel(*sum, maker.LevelOf(*sum, {kChange}), figures);
  }
  for (CategoryScore& score : *scored.score.mutable_categories()) {
    const int shown = ShownIn(catalog, scored, score.category());
    const auto level = levels.find(shown);
    if (MayHaveLevel(score) && level != levels.end()) {
      *score.mutable_level() = level->second;
    } else {
      SetAbsence(maker, shown, score);
    }
  }
}

void SetTotalLevel(const Catalog& catalog, const LevelMaker& maker, const Sums& sums,
                   const LevelBases& bases, int figures, ScoredPublication& scored) {
  std::vector<const Sum*> counted;
  for (const CategoryScore& score : scored.score.categories()) {
    if (!CountsInTotal(catalog, score)) continue;
    if (score.has_level()) {
      counted.push_back(&*sums.at(ShownIn(catalog, scored, score.category())));
    } else {
      scored.score.add_level_missing_categories(score.category());
    }
  }
  if (scored.score.level_missing_categories_size() > 0) {
    scored.score.set_level_absence(score::v1::LEVEL_ABSENCE_OF_CATEGORIES);
    return;
  }
  const std::optional<Sum> total = counted.empty() ? std::nullopt : maker.Total(counted);
  if (!total.has_value()) {
    scored.score.set_level_absence(counted.empty() ? score::v1::LEVEL_ABSENCE_AS_THE_WINDOW
                                                   : score::v1::LEVEL_ABSENCE_SERIES_TOO_SHORT);
    return;
  }
  const SumLevel sum = maker.LevelOf(*total, {kChange, kTrend});
  scored.score.set_possible_points(static_cast<int>(kCategoryPoints * total->categories));
  Level& level = *scored.score.mutable_level();
  level = maker.ToLevel(*total, sum, figures);
  const double to_percent = kPercent / static_cast<double>(scored.score.possible_points());
  *level.mutable_percent() = ToEstimate(Scaled(sum.points, to_percent), kPercent);
  if (sum.differences[kTrend].has_value()) {
    *level.mutable_trend_180_days() =
        ChangeSince(*bases.trend, Scaled(*sum.differences[kTrend], to_percent));
  }
}

}  // namespace

void AddLevels(const Catalog& catalog, absl::Span<const LevelPart> parts,
               const publication::v1::Publication& publication,
               absl::Span<const LevelRow* const> rows, const LevelBases& bases,
               ScoredPublication& scored) {
  if (rows.empty()) return;
  const PublicTerms terms = TermsOf(catalog, publication);
  const MeasureFormulas formulas(catalog, terms);
  const LevelMaker maker(formulas, parts, SeriesOf(rows), bases);
  const Sums sums = SumsOf(catalog, maker, scored);
  // Whatever is told of some of them: which are shown is public.
  const int figures = static_cast<int>(sums.size()) + 1;
  SetCategoryLevels(catalog, maker, sums, figures, scored);
  // Levels and windows alone are not compared with each other.
  const bool mixed = std::any_of(scored.score.categories().begin(), scored.score.categories().end(),
                                 [&](const CategoryScore& score) {
                                   return CountsInTotal(catalog, score) && !score.has_level() &&
                                          score.state() == score::v1::FIGURE_STATE_MEASURED;
                                 });
  if (!mixed) SetMostRoom(catalog, scored.score);
  SetTotalLevel(catalog, maker, sums, bases, figures, scored);
}

}  // namespace tutti
