#include "common/scoring/score_change.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "common/scoring/category_points.h"
#include "common/window/window.h"

namespace tutti {
namespace {

using score::v1::Change;

constexpr int kTrendDays = 180;
constexpr double kPercent = 100;

Change ChangeOf(std::string since_end_day, const Figure& difference) {
  Change change;
  change.set_since_end_day(std::move(since_end_day));
  *change.mutable_difference() = ToPlainEstimate(difference);
  change.set_beyond_noise(std::abs(change.difference().value()) > change.difference().margin());
  return change;
}

Change ChangeBetween(const ScoredPublication& earlier, const Figure& from, const Figure& to) {
  return ChangeOf(earlier.score.end_day(), Difference(to, from));
}

// Whether something is known of a category at both ends.
bool AreKnown(const Figure& earlier, const Figure& later) {
  return !IsUnknown(earlier, kCategoryPoints) && !IsUnknown(later, kCategoryPoints);
}

// Whether both totals are of the same categories, of which something is known: as many points of
// others are another sum.
bool TotalsCompare(const ScoredPublication& earlier, const ScoredPublication& later) {
  return earlier.total.has_value() && later.total.has_value() &&
         earlier.score.possible_points() == later.score.possible_points() &&
         std::equal(earlier.categories.begin(), earlier.categories.end(), later.categories.begin(),
                    later.categories.end(), [](const auto& a, const auto& b) {
                      return a.first == b.first && AreKnown(a.second, b.second);
                    });
}

}  // namespace

std::optional<Day> ChangeBase(absl::Span<const Day> published, Day end_day) {
  const Day base = end_day - kReachDays;
  if (!std::binary_search(published.begin(), published.end(), base)) return std::nullopt;
  return base;
}

Change ChangeSince(Day since, const Figure& difference) {
  return ChangeOf(FormatDay(since), difference);
}

std::optional<Day> TrendBase(absl::Span<const Day> published, Day end_day) {
  const Day latest = end_day - kTrendDays;
  const auto after = std::upper_bound(published.begin(), published.end(), latest);
  if (after == published.begin() || *(after - 1) < latest - kReachDays) return std::nullopt;
  return *(after - 1);
}

void AddChanges(const ScoredPublication& earlier, ScoredPublication& later) {
  if (TotalsCompare(earlier, later)) {
    *later.score.mutable_change() = ChangeBetween(earlier, *earlier.total, *later.total);
  }
  for (score::v1::CategoryScore& category : *later.score.mutable_categories()) {
    const auto from = earlier.categories.find(category.category());
    const auto to = later.categories.find(category.category());
    if (from == earlier.categories.end() || to == later.categories.end() ||
        !AreKnown(from->second, to->second)) {
      continue;
    }
    *category.mutable_change() = ChangeBetween(earlier, from->second, to->second);
  }
}

void AddTrend(const ScoredPublication& earlier, ScoredPublication& later) {
  if (!TotalsCompare(earlier, later)) return;
  const double to_percent = kPercent / static_cast<double>(later.score.possible_points());
  *later.score.mutable_trend_180_days() =
      ChangeBetween(earlier, Scaled(*earlier.total, to_percent), Scaled(*later.total, to_percent));
}

}  // namespace tutti
