#include "common/scoring/level_parts.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/feeding/declared_sources.h"
#include "common/scoring/category_points.h"
#include "common/scoring/planned_levels.h"
#include "common/scoring/public_terms.h"
#include "common/scoring/published_counts.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

using catalog::v1::Category;
using publication::v1::Publication;

void AddReachAndHabit(const Catalog& catalog, int category,
                      const catalog::v1::ReachAndHabit& formula, std::vector<LevelPart>& parts) {
  const double full = static_cast<double>(formula.full_habit_numerator()) /
                      static_cast<double>(formula.full_habit_denominator());
  LevelPart habit;
  habit.category = category;
  habit.measure = catalog.FindMeasure(formula.habit_measure());
  habit.weight = formula.habit_points() / full;
  habit.full = full;
  parts.push_back(habit);
  if (formula.reach_points() <= 0) return;
  LevelPart reach;
  reach.category = category;
  reach.measure = catalog.FindMeasure(formula.reach_measure());
  reach.weight = formula.reach_points();
  parts.push_back(reach);
}

void AddPractices(int category, const catalog::v1::WeightedPractices& formula,
                  std::vector<LevelPart>& parts) {
  double weights = 0;
  for (const auto& practice : formula.practices()) weights += practice.weight();
  for (const auto& practice : formula.practices()) {
    LevelPart part;
    part.category = category;
    part.practice = &practice;
    part.weight = kCategoryPoints * practice.weight() / weights;
    parts.push_back(part);
  }
}

void AddFaults(const Catalog& catalog, int category, const catalog::v1::FaultFree& formula,
               std::vector<LevelPart>& parts) {
  const double each =
      kCategoryPoints / (formula.fault_measures_size() + formula.health_measures_size());
  LevelPart part;
  part.category = category;
  part.weight = -each;
  part.constant = each;
  for (const std::string& id : formula.fault_measures()) {
    part.measure = catalog.FindMeasure(id);
    parts.push_back(part);
  }
  part.weight = each;
  part.constant = 0;
  for (const std::string& id : formula.health_measures()) {
    part.measure = catalog.FindMeasure(id);
    parts.push_back(part);
  }
}

bool Agree(const std::string& one, const std::string& other) {
  return one.empty() || other.empty() || one == other;
}

bool AreComplete(const Catalog& catalog, const PublishedCounts& counts,
                 const std::vector<int>& tables) {
  return std::none_of(tables.begin(), tables.end(), [&](int table) {
    return counts.incomplete_kinds.count(catalog.table(table).kind) != 0;
  });
}

}  // namespace

SeriesTerms SeriesTermsOf(const Publication& publication) {
  return {publication.cadence(), publication.time_zone(), publication.counting_fingerprint()};
}

bool AreOneSeries(const SeriesTerms& a, const SeriesTerms& b) {
  return a.cadence == b.cadence && Agree(a.time_zone, b.time_zone) &&
         Agree(a.counting_fingerprint, b.counting_fingerprint);
}

std::vector<LevelPart> LevelPartsOf(const Catalog& catalog) {
  std::vector<LevelPart> parts;
  for (int i = 0; i < catalog.proto().categories_size(); ++i) {
    const Category& category = catalog.proto().categories(i);
    switch (category.formula_case()) {
      case Category::kReachAndHabit:
        AddReachAndHabit(catalog, i, category.reach_and_habit(), parts);
        break;
      case Category::kPractices:
        AddPractices(i, category.practices(), parts);
        break;
      case Category::kFaultFree:
        AddFaults(catalog, i, category.fault_free(), parts);
        break;
      case Category::FORMULA_NOT_SET:
        break;
    }
  }
  return parts;
}

absl::StatusOr<LevelRow> LevelRowOf(const Catalog& catalog, absl::Span<const LevelPart> parts,
                                    const Publication& publication) {
  const absl::StatusOr<Day> end_day = ParseDay(publication.end_day());
  if (!end_day.ok()) return absl::DataLossError("a published record has no end day");
  ASSIGN_OR_RETURN(const PublishedCounts counts, ReadCounts(catalog, publication));
  const PublicTerms terms = TermsOf(catalog, publication);
  const MeasureFormulas formulas(catalog, terms);
  LevelRow row;
  row.end_day = *end_day;
  row.series = SeriesTermsOf(publication);
  const DeclaredSources sources(catalog, publication.sources(), publication.source_contents());
  row.planned.reserve(static_cast<size_t>(catalog.proto().categories_size()));
  for (const Category& category : catalog.proto().categories()) {
    row.fed.push_back(sources.Feeds(category));
    row.planned.push_back(PlannedCategory(catalog, formulas, category));
  }
  row.shares.reserve(parts.size());
  for (const LevelPart& part : parts) {
    std::optional<Figure>& share = row.shares.emplace_back();
    // Of what nobody sends nothing is known: it is not 0.
    if (!row.fed[static_cast<size_t>(part.category)]) continue;
    const std::vector<int> tables = part.practice != nullptr ? formulas.TablesOf(*part.practice)
                                                             : formulas.TablesOf(*part.measure);
    if (!AreCounted(catalog, terms, tables) || !AreComplete(catalog, counts, tables)) continue;
    share = part.practice != nullptr ? formulas.UnclampedPractice(*part.practice, counts)
                                     : formulas.Unclamped(*part.measure, counts);
    Figure shown = ClampedPart(formulas, part, *share);
    if (IsOpen(shown)) row.clamped.emplace(row.shares.size() - 1, std::move(shown));
  }
  return row;
}

bool IsOpen(const Figure& share) { return share.open.above > 0 || share.open.below > 0; }

Figure ClampedPart(const MeasureFormulas& formulas, const LevelPart& part, const Figure& share) {
  return ClampedShare(share, [&](double clamped) {
    return part.practice != nullptr ? formulas.PlannedPractice(*part.practice, clamped)
                                    : formulas.Planned(*part.measure, clamped);
  });
}

Figure PointsOf(const LevelPart& part, const Figure& share) {
  if (part.full < 1) return HabitPoints(share, part.full, part.weight * part.full);
  Figure points = share;
  if (part.weight < 0) {
    std::swap(points.bias.above, points.bias.below);
    std::swap(points.open.above, points.open.below);
  }
  points = Scaled(points, std::abs(part.weight));
  points.value = part.weight * share.value + part.constant;
  return points;
}

}  // namespace tutti
