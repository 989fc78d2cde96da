#include "common/scoring/planned_levels.h"

#include <cmath>
#include <vector>

#include "common/scoring/category_points.h"
#include "common/scoring/planned_margins.h"
#include "common/window/cadence.h"

namespace tutti {
namespace {

// What a window alone is off by, but for the noise, of which a level has this variance.
double MarginWith(const Figure& alone, double noise_variance) {
  Figure level;
  level.bias = alone.bias;
  level.open = alone.open;
  level.errors[0] = {std::sqrt(VariancesOf(alone).counting), std::sqrt(noise_variance)};
  return MarginOf(level);
}

}  // namespace

std::optional<Figure> PlannedCategory(const Catalog& catalog, const MeasureFormulas& formulas,
                                      const catalog::v1::Category& category) {
  if (!AreCounted(catalog, formulas.terms(), TablesOf(catalog, formulas, category))) {
    return std::nullopt;
  }
  return PlannedPoints(catalog, formulas, category);
}

bool IsLevelShown(const LevelModel& model, absl::Span<const PlannedObservation> records,
                  const Figure& alone) {
  if (records.size() < kFewestLevelWindows) return false;
  const double margin = MarginOf(alone);
  if (margin <= kWidestMarginShown) return true;
  if (!(margin <= kWidestMarginWithLevel)) return false;
  return MarginWith(alone, PlannedVariances(model, records).back()) <= kWidestMarginShown;
}

int RecordsUntilShown(const Catalog& catalog, const PublicTerms& terms, window::v1::Cadence cadence,
                      const catalog::v1::Category& category) {
  const std::optional<Figure> planned =
      PlannedCategory(catalog, MeasureFormulas(catalog, terms), category);
  if (!planned.has_value()) return 0;
  const double alone = MarginOf(*planned);
  if (alone <= kWidestMarginShown) return 1;
  if (!(alone <= kWidestMarginWithLevel)) return 0;
  const std::vector<double> variances = PlannedVariances(
      LevelModelFor(PeriodDays(cadence)),
      std::vector<PlannedObservation>(kMostLevelWindows, {1, VariancesOf(*planned).noise}));
  for (size_t i = kFewestLevelWindows - 1; i < variances.size(); ++i) {
    if (MarginWith(*planned, variances[i]) <= kWidestMarginShown) return static_cast<int>(i) + 1;
  }
  return 0;
}

}  // namespace tutti
