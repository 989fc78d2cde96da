#include "common/scoring/score_levels.h"

#include <algorithm>
#include <array>
#include <cmath>
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
    Sum sum;
    for (size_t i = 0; i < parts_.size(); ++i) {
      if (parts_[i].category == category) sum.parts.push_back({i, {}, {}});
    }
    sum.rows = RowsWith(sum.parts);
    if (!IsEnough(sum.rows) || !IsLevelShown(model_, PlansOf(category, sum.rows))) {
      return std::nullopt;
    }
    for (FilteredPart& part : sum.parts) Filter(sum.rows, part);
    return sum;
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
    *out.mutable_points() = ToEstimate(level.points);
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

  bool IsEnough(const std::vector<size_t>& rows) const {
    return rows.size() >= kFewestLevelWindows && rows.back() + 1 == rows_.size();
  }

  // What was planned of a category at some rows; none where one of them lacks a kind of it.
  std::vector<PlannedRecord> PlansOf(int category, const std::vector<size_t>& rows) const {
    std::vector<PlannedRecord> plans;
    plans.reserve(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      const auto& planned = rows_[rows[i]]->planned[static_cast<size_t>(category)];
      if (!planned.has_value()) return {};
      plans.push_back({StepsBetween(rows, i), *planned});
    }
    return plans;
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

}  // namespace

void AddLevels(const Catalog& catalog, absl::Span<const LevelPart> parts,
               const publication::v1::Publication& publication,
               absl::Span<const LevelRow* const> rows, const LevelBases& bases,
               ScoredPublication& scored) {
  if (rows.empty()) return;
  const PublicTerms terms = TermsOf(catalog, publication);
  const MeasureFormulas formulas(catalog, terms);
  const LevelMaker maker(formulas, parts, SeriesOf(rows), bases);
  std::map<int, std::optional<Sum>> categories;
  std::vector<const Sum*> counted;
  bool mixed = false;
  for (const CategoryScore& score : scored.score.categories()) {
    const bool alone = score.state() == score::v1::FIGURE_STATE_MEASURED;
    const bool counts = score.state() != score::v1::FIGURE_STATE_NOT_MEASURED &&
                        catalog.FindCategory(score.category())->substitutes().empty();
    const Sum* shown_sum = nullptr;
    if (alone || score.state_reason_code() == score::v1::STATE_REASON_MARGIN_TOO_WIDE) {
      const int shown = ShownIn(catalog, scored, score.category());
      const auto [sum, fresh] = categories.try_emplace(shown);
      if (fresh) sum->second = maker.PartsOf(shown);
      if (sum->second.has_value()) shown_sum = &*sum->second;
    }
    if (!counts) continue;
    counted.push_back(shown_sum);
    mixed |= alone && shown_sum == nullptr;
  }
  const bool whole = std::count(counted.begin(), counted.end(), nullptr) == 0;
  std::optional<Sum> total;
  if (whole && !counted.empty()) total = maker.Total(counted);
  // Whatever is told of some of them: which are shown is public.
  const int figures = static_cast<int>(categories.size()) + 1;
  std::map<int, Level> levels;
  for (const auto& [category, sum] : categories) {
    if (sum.has_value())
      levels[category] = maker.ToLevel(*sum, maker.LevelOf(*sum, {kChange}), figures);
  }
  for (CategoryScore& score : *scored.score.mutable_categories()) {
    const auto level = levels.find(ShownIn(catalog, scored, score.category()));
    const bool shown = score.state() == score::v1::FIGURE_STATE_MEASURED ||
                       score.state_reason_code() == score::v1::STATE_REASON_MARGIN_TOO_WIDE;
    if (shown && level != levels.end()) *score.mutable_level() = level->second;
  }
  // Of levels and windows alone together none would be the least.
  if (!mixed) SetMostRoom(catalog, scored.score);
  if (!total.has_value()) return;
  const SumLevel sum = maker.LevelOf(*total, {kChange, kTrend});
  scored.score.set_possible_points(static_cast<int>(kCategoryPoints * total->categories));
  Level& level = *scored.score.mutable_level();
  level = maker.ToLevel(*total, sum, figures);
  const double to_percent = kPercent / static_cast<double>(scored.score.possible_points());
  *level.mutable_percent() = ToEstimate(Scaled(sum.points, to_percent));
  if (sum.differences[kTrend].has_value()) {
    *level.mutable_trend_180_days() =
        ChangeSince(*bases.trend, Scaled(*sum.differences[kTrend], to_percent));
  }
}

}  // namespace tutti
