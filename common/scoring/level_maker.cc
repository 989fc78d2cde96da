#include "common/scoring/level_maker.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "common/scoring/planned_levels.h"
#include "common/scoring/score_change.h"
#include "common/window/cadence.h"

namespace tutti {
namespace {

constexpr double kPercent = 100;
// The place of errors that were filtered together, among those of tables.
constexpr int kTogether = -1;

// Gives a sum of filtered parts, which holds its value and what is systematic, the error of the
// sum that was filtered as a whole.
void Complete(const LevelSum& sum, const LevelEstimate& whole, double constant,
              double counting_variance, Figure& points) {
  points.bias.above += std::abs(points.value - constant - sum.categories * whole.value);
  points.bias.below = points.bias.above;
  points.errors[kTogether] = {sum.categories * std::sqrt(counting_variance),
                              sum.categories * std::sqrt(whole.variance)};
}

}  // namespace

LevelMaker::LevelMaker(const MeasureFormulas& formulas, absl::Span<const LevelPart> parts,
                       absl::Span<const LevelRow* const> rows, const LevelBases& bases)
    : formulas_(formulas),
      parts_(parts),
      rows_(rows),
      step_days_(PeriodDays(rows.back()->series.cadence)),
      model_(LevelModelFor(step_days_)),
      base_days_({bases.change, bases.trend}) {}

std::optional<LevelSum> LevelMaker::PartsOf(int category) const {
  LevelSum sum = RowsOf(category);
  if (!IsEnough(sum.rows) || !IsShown(category, sum.rows)) return std::nullopt;
  for (FilteredPart& part : sum.parts) Filter(sum.rows, part);
  return sum;
}

Day LevelMaker::EndDayOfWindow(int category, int number) const {
  const auto windows = static_cast<int64_t>(RowsOf(category).rows.size());
  return rows_.back()->end_day + std::max<int64_t>(number - windows, 1) * step_days_;
}

bool LevelMaker::GivesTheSameAt(LevelBase base) const {
  return std::any_of(rows_.begin(), rows_.end(), [&](const LevelRow* row) {
    return row->end_day == base_days_[base] && row->fed == rows_.back()->fed;
  });
}

std::optional<LevelSum> LevelMaker::Total(const std::vector<const LevelSum*>& categories) const {
  LevelSum sum;
  for (const LevelSum* category : categories) {
    sum.parts.insert(sum.parts.end(), category->parts.begin(), category->parts.end());
  }
  sum.rows = RowsWith(sum.parts);
  if (!IsEnough(sum.rows)) return std::nullopt;
  sum.categories = static_cast<double>(categories.size());
  return sum;
}

bool LevelMaker::SaysAsMuchAlone(const SumLevel& level) const {
  if (!level.series.has_value()) return false;
  std::vector<PlannedObservation> records;
  records.reserve(level.series->observed.size());
  for (const LevelObservation& observed : level.series->observed) {
    records.push_back({observed.steps, observed.noise_variance});
  }
  return PlannedVariances(model_, records).back() >= records.back().noise_variance;
}

void LevelMaker::TakeWindowAlone(LevelSum& sum) const {
  for (FilteredPart& part : sum.parts) part.alone = ClampedShareAt(sum.rows.back(), part.index);
}

SumLevel LevelMaker::LevelOf(const LevelSum& sum, absl::Span<const LevelBase> bases) const {
  SumLevel out;
  Parts together;
  Parts leading;  // of these, those that no window alone stands for
  double constant = 0;
  Figure linear;
  for (const FilteredPart& part : sum.parts) {
    const LevelPart& of = parts_[part.index];
    const bool is_linear = IsLinear(part.index, part.share);
    if (is_linear) together.push_back(&part);
    if (!is_linear || part.alone.has_value()) {
      Add(PointsOf(of, part.alone.value_or(part.share)), out.points);
      continue;
    }
    leading.push_back(&part);
    constant += of.constant;
    linear.value += of.weight * part.share.value + of.constant;
    linear.bias.above += std::abs(of.weight) * part.share.bias.above;
  }
  const Parts shown = ShownParts(sum);
  const bool alike = together.size() == shown.size() && AreLinear(sum.rows, shown);
  if (!together.empty()) {
    out.series = FilterTogether(sum, together, Values::kShares,
                                alike ? LevelsWanted::kAll : LevelsWanted::kLast);
  }
  if (alike) {
    out.shown = out.series;
  } else if (!shown.empty()) {
    out.shown = FilterTogether(sum, shown, Values::kShownPoints, LevelsWanted::kAll);
  }
  if (!leading.empty()) {
    std::optional<LevelSeries> other;
    if (leading.size() < together.size()) {
      other = FilterTogether(sum, leading, Values::kShares, LevelsWanted::kLast);
    }
    const LevelSeries& of = other.has_value() ? *other : *out.series;
    Complete(sum, of.filtered.levels.back(), constant, of.observed.back().other_variance, linear);
    Add(linear, out.points);
  }
  for (const LevelBase base : bases) {
    out.differences[base] = DifferenceSince(sum, base, together, out.series);
  }
  return out;
}

score::v1::Level LevelMaker::ToLevel(const LevelSum& sum, const SumLevel& level,
                                     int figures) const {
  score::v1::Level out;
  *out.mutable_points() = ToEstimate(level.points, kPercent * sum.categories);
  out.set_windows(static_cast<int32_t>(sum.rows.size()));
  if (level.differences[kChangeBase].has_value()) {
    *out.mutable_change() = ChangeSince(*base_days_[kChangeBase], *level.differences[kChangeBase]);
  }
  out.set_of_window_alone(level.of_window_alone);
  if (!level.shown.has_value()) return out;
  const LevelSeries& series = *level.shown;
  out.set_may_be_changing(
      ContradictsLevel(model_, series.observed, series.filtered.levels, figures));
  const size_t since = HoldingSince(series.observed, series.filtered.levels);
  out.set_holding_since_end_day(FormatDay(rows_[series.rows[since]]->end_day));
  return out;
}

std::vector<size_t> LevelMaker::RowsWith(const std::vector<FilteredPart>& parts) const {
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

LevelSum LevelMaker::RowsOf(int category) const {
  LevelSum sum;
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].category != category) continue;
    sum.parts.emplace_back();
    sum.parts.back().index = i;
  }
  sum.rows = RowsWith(sum.parts);
  return sum;
}

bool LevelMaker::IsEnough(const std::vector<size_t>& rows) const {
  return rows.size() >= kFewestLevelWindows && rows.back() + 1 == rows_.size();
}

bool LevelMaker::IsShown(int category, const std::vector<size_t>& rows) const {
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

const Figure& LevelMaker::ClampedShareAt(size_t row, size_t part) const {
  const auto clamped = rows_[row]->clamped.find(part);
  return clamped == rows_[row]->clamped.end() ? ShareAt(row, part) : clamped->second;
}

bool LevelMaker::IsShownAt(size_t row, size_t part) const {
  const Distance& open = ClampedShareAt(row, part).open;
  return open.above <= 0 || open.below <= 0;
}

std::optional<size_t> LevelMaker::BaseRow(const std::vector<size_t>& rows, LevelBase base) const {
  if (!base_days_[base].has_value()) return std::nullopt;
  for (size_t i = 0; i + 1 < rows.size(); ++i) {
    if (rows_[rows[i]]->end_day == *base_days_[base]) return i;
  }
  return std::nullopt;
}

int LevelMaker::StepsBetween(const std::vector<size_t>& rows, size_t i) const {
  if (i == 0) return 1;
  const auto days = rows_[rows[i]]->end_day - rows_[rows[i - 1]]->end_day;
  return std::max(static_cast<int>(days) / step_days_, 1);
}

LevelSeries LevelMaker::FilterSum(const std::vector<size_t>& rows,
                                  const std::vector<Weight>& weights, Values values,
                                  LevelsWanted wanted) const {
  // A variance of 0 would be known exactly, which divides by nothing.
  constexpr double kLeastVariance = 1e-9;
  const bool shown = values == Values::kShownPoints;
  LevelSeries series;
  for (const size_t row : rows) {
    if (std::any_of(weights.begin(), weights.end(), [&](const Weight& weight) {
          return shown ? !IsShownAt(row, weight.part) : IsOpen(ShareAt(row, weight.part));
        })) {
      continue;
    }
    Figure sum;
    double value = 0;
    for (const Weight& weight : weights) {
      const Figure& share = shown ? ClampedShareAt(row, weight.part) : ShareAt(row, weight.part);
      // What is clamped moves by less than its error says, never by more.
      value +=
          weight.weight * (shown ? std::min(share.value, parts_[weight.part].full) : share.value);
      Add(share, sum, std::abs(weight.weight));
    }
    const Variances variances = VariancesOf(sum);
    series.rows.push_back(row);
    series.observed.push_back({StepsBetween(series.rows, series.rows.size() - 1), value,
                               std::max(variances.noise, kLeastVariance), variances.counting});
  }
  std::vector<size_t> bases;
  for (const LevelBase base : {kChangeBase, kTrendBase}) {
    // What is shown is marked, not compared.
    if (!shown) series.base_rows[base] = BaseRow(series.rows, base);
    if (!series.base_rows[base].has_value()) continue;
    series.since[base] = bases.size();
    bases.push_back(*series.base_rows[base]);
  }
  series.filtered = FilterSeries(model_, series.observed, bases, wanted);
  return series;
}

LevelSeries LevelMaker::FilterTogether(const LevelSum& sum, const Parts& parts, Values values,
                                       LevelsWanted wanted) const {
  std::vector<Weight> weights;
  weights.reserve(parts.size());
  for (const FilteredPart* part : parts) {
    weights.push_back({part->index, parts_[part->index].weight / sum.categories});
  }
  return FilterSum(sum.rows, weights, values, wanted);
}

LevelMaker::Parts LevelMaker::ShownParts(const LevelSum& sum) const {
  Parts shown;
  for (const FilteredPart& part : sum.parts) {
    if (IsShownAt(sum.rows.back(), part.index)) shown.push_back(&part);
  }
  return shown;
}

bool LevelMaker::AreLinear(const std::vector<size_t>& rows, const Parts& parts) const {
  return std::all_of(rows.begin(), rows.end(), [&](size_t row) {
    return std::all_of(parts.begin(), parts.end(), [&](const FilteredPart* part) {
      return IsLinear(part->index, ClampedShareAt(row, part->index));
    });
  });
}

Figure LevelMaker::ShareOf(const LevelEstimate& level, size_t row, size_t part) const {
  const Figure& alone = ShareAt(row, part);
  Figure share;
  share.value = level.value / kPercent;
  share.errors[kTogether] = {std::sqrt(VariancesOf(alone).counting),
                             std::sqrt(level.variance) / kPercent};
  share.bias = alone.bias;
  return ClampedPart(formulas_, parts_[part], share);
}

void LevelMaker::Filter(const std::vector<size_t>& rows, FilteredPart& part) const {
  const bool known = !IsOpen(ShareAt(rows.back(), part.index));
  LevelSeries series;
  if (known) {
    series = FilterSum(rows, {{part.index, kPercent}}, Values::kShares, LevelsWanted::kLast);
  }
  part.share = known ? ShareOf(series.filtered.levels.back(), rows.back(), part.index)
                     : ShareAt(rows.back(), part.index);
  for (const LevelBase base : {kChangeBase, kTrendBase}) {
    const std::optional<size_t> row = BaseRow(rows, base);
    if (!row.has_value()) continue;
    if (series.since[base].has_value()) {
      const LevelSince& since = series.filtered.since[*series.since[base]];
      part.since[base] =
          PartSince{ShareOf(since.base, rows[*row], part.index), since.difference.value / kPercent};
    } else {
      part.since[base] = PartSince{ClampedShareAt(rows[*row], part.index), 0};
    }
  }
}

bool LevelMaker::IsLinear(size_t part, const Figure& share) const {
  return !IsOpen(share) && (parts_[part].full >= 1 || share.value < parts_[part].full);
}

std::optional<Figure> LevelMaker::DifferenceSince(const LevelSum& sum, LevelBase base,
                                                  const Parts& together,
                                                  const std::optional<LevelSeries>& series) const {
  if (!BaseRow(sum.rows, base).has_value()) return std::nullopt;
  Figure difference;
  Figure linear;
  Parts both;
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
  std::optional<LevelSeries> other;
  if (both.size() < together.size()) {
    other = FilterTogether(sum, both, Values::kShares, LevelsWanted::kLast);
  }
  const LevelSeries& of = other.has_value() ? *other : *series;
  Complete(sum, of.filtered.since[*of.since[base]].difference, 0,
           of.observed.back().other_variance + of.observed[*of.base_rows[base]].other_variance,
           linear);
  Add(linear, difference);
  return difference;
}

}  // namespace tutti
