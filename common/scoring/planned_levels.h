#ifndef TUTTI_COMMON_SCORING_PLANNED_LEVELS_H_
#define TUTTI_COMMON_SCORING_PLANNED_LEVELS_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/types/span.h"
#include "common/catalog/catalog.h"
#include "common/scoring/figure.h"
#include "common/scoring/filter/level_filter.h"
#include "common/scoring/measure_formulas.h"
#include "common/scoring/public_terms.h"
#include "tutti/window/v1/window.pb.h"

namespace tutti {

// A level is computed from at most so many records, of which the last is the window's own.
inline constexpr size_t kMostLevelWindows = 120;
// From so many records on.
inline constexpr size_t kFewestLevelWindows = 3;

// A category of which one window alone has a planned margin above this is never shown, whatever
// the windows before it: in points.
inline constexpr double kWidestMarginWithLevel = 30;

// All of these decide from public figures alone: sizes, noise, cadence, and how many records a
// series has. So what people did never shows in whether a level is shown. Pure and thread-safe.

// What is planned of the points of a category; absent where its kinds are not counted.
std::optional<Figure> PlannedCategory(const Catalog& catalog, const MeasureFormulas& formulas,
                                      const catalog::v1::Category& category);

// Whether the level of a category is shown at the last of the records of a series: the noise in its
// margin is that which the filter expects (see PlannedVariances), the rest is the last window's, of
// which `alone` was planned.
bool IsLevelShown(const LevelModel& model, absl::Span<const PlannedObservation> records,
                  const Figure& alone);

// The number of records of a series from which on a category is shown while the terms stay: 1 where
// a window alone shows it, kFewestLevelWindows to kMostLevelWindows where its level does, 0 where
// neither ever does.
int RecordsUntilShown(const Catalog& catalog, const PublicTerms& terms, window::v1::Cadence cadence,
                      const catalog::v1::Category& category);

}  // namespace tutti

#endif  // TUTTI_COMMON_SCORING_PLANNED_LEVELS_H_
