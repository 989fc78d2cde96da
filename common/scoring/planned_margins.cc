#include "common/scoring/planned_margins.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "common/scoring/measure_formulas.h"
#include "common/scoring/planned_levels.h"

namespace tutti {
namespace {

using window::v1::Cadence;

constexpr double kHalf = 0.5;
constexpr double kAll = 1;
constexpr double kPercent = 100;

}  // namespace

bool IsShown(const Catalog& catalog, const PublicTerms& terms,
             const catalog::v1::Category& category) {
  const std::optional<Figure> planned =
      PlannedCategory(catalog, MeasureFormulas(catalog, terms), category);
  return planned.has_value() && MarginOf(*planned) <= kWidestMarginShown;
}

bool IsShown(const Catalog& catalog, const PublicTerms& terms,
             const catalog::v1::Measure& measure) {
  const MeasureFormulas formulas(catalog, terms);
  const std::vector<int> tables = formulas.TablesOf(measure);
  if (!AreCounted(catalog, terms, tables)) return false;
  double margin = MarginOf(formulas.Planned(measure, kHalf));
  if (measure.has_count()) margin /= ExpectedSubjects(catalog, terms, tables.front());
  return margin * kPercent <= kWidestMarginShown;
}

bool IsTableShown(const Catalog& catalog, const PublicTerms& terms, int table) {
  if (!AreCounted(catalog, terms, {table})) return false;
  const MeasureFormulas formulas(catalog, terms);
  const CatalogTable& compiled = catalog.table(table);
  const double expected = ExpectedSubjects(catalog, terms, table);
  const double widest = kWidestMarginShown / kPercent * expected;
  if (compiled.is_habit()) {
    return MarginOf(formulas.PlannedHabitNumber(table, expected, kHalf)) <= widest;
  }
  const unsigned patterns = 1U << compiled.feature_count();
  for (unsigned features = 1; features < patterns; ++features) {
    PatternSet any = 0;
    for (unsigned pattern = 1; pattern < patterns; ++pattern) {
      if ((pattern & features) != 0) any = static_cast<PatternSet>(any | 1U << pattern);
    }
    const auto exactly = static_cast<PatternSet>(1U << features);
    for (const PatternSet row : {any, exactly}) {
      for (const double share : {kHalf, kAll}) {
        if (MarginOf(formulas.PlannedNumber(table, row, share)) > widest) return false;
      }
    }
  }
  return true;
}

int RecordsUntilAnythingShown(const Catalog& catalog, const PublicTerms& terms, Cadence cadence,
                              const WhatIsFed& fed) {
  for (const catalog::v1::Measure& measure : catalog.proto().measures()) {
    if (!fed.measure(measure)) continue;
    // A category is shown from smaller headcounts on than measures of the same sources.
    const catalog::v1::Category* const category = catalog.FindCategory(measure.category());
    const bool follows =
        measure.sources().empty() && category != nullptr && fed.category(*category);
    if (!follows && IsShown(catalog, terms, measure)) return 1;
  }
  int least = 0;
  for (const catalog::v1::Category& category : catalog.proto().categories()) {
    if (!fed.category(category)) continue;
    const int records = RecordsUntilShown(catalog, terms, cadence, category);
    if (records > 0 && (least == 0 || records < least)) least = records;
    if (least == 1) break;
  }
  return least;
}

bool IsDrawn(const Catalog& catalog, const std::set<std::string>& sources, int64_t headcount,
             Cadence cadence, int step_days) {
  const auto connected = [&](const auto& figure) {
    return sources.empty() || std::any_of(figure.sources().begin(), figure.sources().end(),
                                          [&](const auto& id) { return sources.count(id) != 0; });
  };
  return RecordsUntilAnythingShown(catalog, PlannedTerms(catalog, headcount, cadence, step_days),
                                   cadence, {connected, connected}) > 0;
}

}  // namespace tutti
