#ifndef TUTTI_COMMON_SCORING_PLANNED_MARGINS_H_
#define TUTTI_COMMON_SCORING_PLANNED_MARGINS_H_

#include <cstdint>
#include <functional>
#include <set>
#include <string>

#include "common/catalog/catalog.h"
#include "common/scoring/public_terms.h"
#include "tutti/aggregate/v1/organization.pb.h"

namespace tutti {

// A figure whose planned margin is above this is withheld: points of a category,
// or hundredths of a share.
inline constexpr double kWidestMarginShown = 15;

// All of these decide from public figures alone, so what people did never shows in
// whether something is shown. Pure and thread-safe.

// Whether the points of a category are shown; kinds that are not counted show
// nothing.
bool IsShown(const Catalog& catalog, const PublicTerms& terms,
             const catalog::v1::Category& category);

// Whether a measure is shown.
bool IsShown(const Catalog& catalog, const PublicTerms& terms, const catalog::v1::Measure& measure);

// Whether the rows of a table are shown: the widest of them counts.
bool IsTableShown(const Catalog& catalog, const PublicTerms& terms, int table);

// Whether a record is drawn: a category that one of the connected sources feeds would be shown,
// from the first record of a series on or from a later one (see planned_levels.h), or a measure
// would, with everybody entitled to everything. So the first records of a small organisation spend
// budget and show nothing yet. An organisation that has declared no source is judged as if it had
// declared them all. What its sources declare to give does not count: whether a record is drawn
// never depends on it. `cadence` is daily, weekly or four-weekly.
bool IsDrawn(const Catalog& catalog, const std::set<std::string>& sources, int64_t headcount,
             window::v1::Cadence cadence, int step_days);

// Which figures something feeds.
struct WhatIsFed {
  std::function<bool(const catalog::v1::Category&)> category;
  std::function<bool(const catalog::v1::Measure&)> measure;
};

// The number of records of a series from which on a category or a measure that is fed is shown,
// while the terms stay; 0 where none ever is.
int RecordsUntilAnythingShown(const Catalog& catalog, const PublicTerms& terms,
                              window::v1::Cadence cadence, const WhatIsFed& fed);

}  // namespace tutti

#endif  // TUTTI_COMMON_SCORING_PLANNED_MARGINS_H_
