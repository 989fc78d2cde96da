#include "common/scoring/score_levels.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/scoring/category_points.h"
#include "common/scoring/planned_levels.h"
#include "common/scoring/public_terms.h"
#include "common/scoring/score_change.h"

namespace tutti {
namespace {

using score::v1::CategoryScore;
using score::v1::Level;

constexpr double kPercent = 100;

// The rows of the series of the last one.
absl::Span<const LevelRow* const> SeriesOf(absl::Span<const LevelRow* const> rows) {
  size_t first = rows.size() - 1;
  while (first > 0 && rows.size() - first < kMostLevelWindows &&
         AreOneSeries(rows[first - 1]->series, rows.back()->series)) {
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

// A sum with its level.
struct Told {
  LevelSum sum;
  SumLevel level;
};

// Of the categories that may have a level, by index; absent where one has none.
using ToldCategories = std::map<int, std::optional<Told>>;

// Lets the window alone stand for a level.
void TakeWindowAlone(const LevelMaker& maker, const Figure& alone, Told& told) {
  maker.TakeWindowAlone(told.sum);
  told.level.points = alone;
  told.level.of_window_alone = true;
}

ToldCategories CategoriesOf(const Catalog& catalog, const LevelMaker& maker,
                            const ScoredPublication& scored) {
  ToldCategories categories;
  for (const CategoryScore& score : scored.score.categories()) {
    if (!MayHaveLevel(score)) continue;
    const int shown = ShownIn(catalog, scored, score.category());
    const auto [category, fresh] = categories.try_emplace(shown);
    std::optional<LevelSum> sum = fresh ? maker.PartsOf(shown) : std::nullopt;
    if (!sum.has_value()) continue;
    Told& told = category->second.emplace();
    told.level = maker.LevelOf(*sum, {kChangeBase});
    if (IsUnknown(told.level.points, kCategoryPoints)) told.level.differences = {};
    told.sum = *std::move(sum);
    const auto alone = scored.categories.find(score.category());
    if (alone != scored.categories.end() && maker.SaysAsMuchAlone(told.level)) {
      TakeWindowAlone(maker, alone->second, told);
    }
  }
  return categories;
}

// Of the categories that count; absent where it has no level, which is said.
std::optional<Told> TotalOf(const Catalog& catalog, const LevelMaker& maker,
                            ToldCategories& categories, ScoredPublication& scored) {
  std::map<std::string, Told*> counted;
  std::vector<const LevelSum*> sums;
  for (const CategoryScore& score : scored.score.categories()) {
    if (!CountsInTotal(catalog, score)) continue;
    const auto found = categories.find(ShownIn(catalog, scored, score.category()));
    if (found != categories.end() && found->second.has_value() && MayHaveLevel(score)) {
      counted[score.category()] = &*found->second;
      sums.push_back(&found->second->sum);
    } else {
      scored.score.add_level_missing_categories(score.category());
    }
  }
  if (scored.score.level_missing_categories_size() > 0) {
    scored.score.set_level_absence(score::v1::LEVEL_ABSENCE_OF_CATEGORIES);
    return std::nullopt;
  }
  std::optional<LevelSum> sum = counted.empty() ? std::nullopt : maker.Total(sums);
  if (!sum.has_value()) {
    scored.score.set_level_absence(counted.empty() ? score::v1::LEVEL_ABSENCE_AS_THE_WINDOW
                                                   : score::v1::LEVEL_ABSENCE_SERIES_TOO_SHORT);
    return std::nullopt;
  }
  const bool known = std::none_of(counted.begin(), counted.end(), [](const auto& category) {
    return IsUnknown(category.second->level.points, kCategoryPoints);
  });
  std::vector<LevelBase> bases;
  for (const LevelBase base : {kChangeBase, kTrendBase}) {
    if (known && maker.GivesTheSameAt(base)) bases.push_back(base);
  }
  Told total{*sum, maker.LevelOf(*sum, bases)};
  if (scored.total.has_value() && maker.SaysAsMuchAlone(total.level)) {
    // With its categories: parts add up.
    TakeWindowAlone(maker, *scored.total, total);
    for (const auto& [id, category] : counted) {
      TakeWindowAlone(maker, scored.categories.at(id), *category);
    }
  }
  return total;
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

void SetCategoryLevels(const Catalog& catalog, const LevelMaker& maker,
                       const ToldCategories& categories, int figures, ScoredPublication& scored) {
  for (CategoryScore& score : *scored.score.mutable_categories()) {
    const int shown = ShownIn(catalog, scored, score.category());
    const auto told = categories.find(shown);
    if (MayHaveLevel(score) && told != categories.end() && told->second.has_value()) {
      *score.mutable_level() = maker.ToLevel(told->second->sum, told->second->level, figures);
    } else {
      SetAbsence(maker, shown, score);
    }
  }
}

void SetTotalLevel(const LevelMaker& maker, const Told& total, const LevelBases& bases, int figures,
                   ScoredPublication& scored) {
  scored.score.set_possible_points(static_cast<int>(kCategoryPoints * total.sum.categories));
  Level& level = *scored.score.mutable_level();
  level = maker.ToLevel(total.sum, total.level, figures);
  const double to_percent = kPercent / static_cast<double>(scored.score.possible_points());
  *level.mutable_percent() = ToEstimate(Scaled(total.level.points, to_percent), kPercent);
  const std::optional<Figure>& trend = total.level.differences[kTrendBase];
  if (trend.has_value()) {
    *level.mutable_trend_180_days() = ChangeSince(*bases.trend, Scaled(*trend, to_percent));
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
  ToldCategories categories = CategoriesOf(catalog, maker, scored);
  const std::optional<Told> total = TotalOf(catalog, maker, categories, scored);
  // Whatever is told of some of them: which are shown is public.
  const int figures = static_cast<int>(categories.size()) + 1;
  SetCategoryLevels(catalog, maker, categories, figures, scored);
  // Levels and windows alone are not compared with each other.
  const bool mixed = std::any_of(scored.score.categories().begin(), scored.score.categories().end(),
                                 [&](const CategoryScore& score) {
                                   return CountsInTotal(catalog, score) && !score.has_level() &&
                                          score.state() == score::v1::FIGURE_STATE_MEASURED;
                                 });
  if (!mixed) SetMostRoom(catalog, scored.score);
  if (total.has_value()) SetTotalLevel(maker, *total, bases, figures, scored);
}

}  // namespace tutti
