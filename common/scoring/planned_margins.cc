#include "common/scoring/planned_margins.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "common/scoring/measure_formulas.h"
#include "common/scoring/planned_levels.h"
#include "common/window/cadence.h"
#include "common/window/schedule.h"

namespace tutti {
namespace {

using window::v1::Cadence;

constexpr double kHalf = 0.5;
constexpr double kAll = 1;
constexpr double kPercent = 100;
constexpr int64_t kLeastHeadcount = 10;

bool AreCounted(const Catalog& catalog, const PublicTerms& terms, const std::vector<int>& tables) {
  return std::all_of(tables.begin(), tables.end(), [&](int table) {
    const int kind = catalog.table(table).kind;
    return terms.kinds[static_cast<size_t>(kind)].has_value();
  });
}

Cadence CadenceAt(int64_t headcount, Cadence requested) {
  return ChooseCadence(headcount, requested, window::v1::CADENCE_AUTO);
}

// The smallest number in [first, last] for which `holds`, which holds for last and
// for everything above the first for which it does.
template <typename Predicate>
int64_t FirstThat(int64_t first, int64_t last, const Predicate& holds) {
  while (first < last) {
    const int64_t middle = first + (last - first) / 2;
    if (holds(middle)) {
      last = middle;
    } else {
      first = middle + 1;
    }
  }
  return first;
}

// The smallest headcount that is shown at the cadence that it gets; 0 when there is none.
template <typename Shown>
int64_t SmallestShown(Cadence requested, const Shown& shown_at) {
  const auto shown = [&](int64_t headcount) {
    return shown_at(headcount, CadenceAt(headcount, requested));
  };
  int64_t last = kMaxHeadcount;
  int64_t found = 0;
  // From the largest organisations down, one cadence after the other.
  while (last >= kLeastHeadcount && shown(last)) {
    const int64_t first = FirstThat(kLeastHeadcount, last, [&](int64_t headcount) {
      return CadenceAt(headcount, requested) == CadenceAt(last, requested);
    });
    found = FirstThat(first, last, shown);
    if (found > first) break;
    last = first - 1;
  }
  return found;
}

}  // namespace

bool IsShown(const Catalog& catalog, const PublicTerms& terms,
             const catalog::v1::Category& category) {
  const std::optional<Figure> planned = PlannedCategory(catalog, terms, category);
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

int RecordsUntilAnythingShown(const Catalog& catalog, const std::set<std::string>& sources,
                              int64_t headcount, Cadence cadence, int step_days) {
  const PublicTerms terms = PlannedTerms(catalog, headcount, cadence, step_days);
  const auto connected = [&](const google::protobuf::RepeatedPtrField<std::string>& any_of) {
    return sources.empty() || std::any_of(any_of.begin(), any_of.end(),
                                          [&](const auto& id) { return sources.count(id) != 0; });
  };
  // Those of a measure without sources of its own are its category's, which is shown
  // from smaller headcounts on.
  for (const catalog::v1::Measure& measure : catalog.proto().measures()) {
    if (!measure.sources().empty() && connected(measure.sources()) &&
        IsShown(catalog, terms, measure)) {
      return 1;
    }
  }
  int least = 0;
  for (const catalog::v1::Category& category : catalog.proto().categories()) {
    if (!connected(category.sources())) continue;
    const int records = RecordsUntilShown(catalog, terms, cadence, category);
    if (records > 0 && (least == 0 || records < least)) least = records;
    if (least == 1) break;
  }
  return least;
}

bool IsDrawn(const Catalog& catalog, const std::set<std::string>& sources, int64_t headcount,
             Cadence cadence, int step_days) {
  return RecordsUntilAnythingShown(catalog, sources, headcount, cadence, step_days) > 0;
}

int64_t SmallestHeadcount(const Catalog& catalog, const catalog::v1::Category& category,
                          Cadence requested) {
  return SmallestShown(requested, [&](int64_t headcount, Cadence cadence) {
    return IsShown(catalog, PlannedTerms(catalog, headcount, cadence, PeriodDays(cadence)),
                   category);
  });
}

int64_t SmallestHeadcountWithLevel(const Catalog& catalog, const catalog::v1::Category& category,
                                   Cadence requested) {
  return SmallestShown(requested, [&](int64_t headcount, Cadence cadence) {
    return RecordsUntilShown(catalog,
                             PlannedTerms(catalog, headcount, cadence, PeriodDays(cadence)),
                             cadence, category) > 0;
  });
}

int64_t SmallestHeadcount(const Catalog& catalog, const std::set<std::string>& sources,
                          Cadence requested) {
  return SmallestShown(requested, [&](int64_t headcount, Cadence cadence) {
    return IsDrawn(catalog, sources, headcount, cadence, PeriodDays(cadence));
  });
}

int64_t SmallestHeadcount(const Catalog& catalog, const catalog::v1::Measure& measure,
                          Cadence requested) {
  return SmallestShown(requested, [&](int64_t headcount, Cadence cadence) {
    return IsShown(catalog, PlannedTerms(catalog, headcount, cadence, PeriodDays(cadence)),
                   measure);
  });
}

int64_t SmallestHeadcount(const Catalog& catalog, int table, Cadence requested) {
  return SmallestShown(requested, [&](int64_t headcount, Cadence cadence) {
    return IsTableShown(catalog, PlannedTerms(catalog, headcount, cadence, PeriodDays(cadence)),
                        table);
  });
}

}  // namespace tutti
