#ifndef TUTTI_COMMON_SCORING_PLANNED_MARGINS_H_
#define TUTTI_COMMON_SCORING_PLANNED_MARGINS_H_

#include <cstdint>
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

// The number of records of a series from which on something is shown that decides IsDrawn, while
// the terms stay; 0 where IsDrawn is false.
int RecordsUntilAnythingShown(const Catalog& catalog, const std::set<std::string>& sources,
                              int64_t headcount, window::v1::Cadence cadence, int step_days);

// The smallest headcount from which, at the cadence that an organisation of that
// size asking for `requested` gets, the category is shown, with everybody entitled.
// 0 when there is none up to 10,000,000. A margin shrinks as the headcount grows
// within a cadence, which this relies on.
int64_t SmallestHeadcount(const Catalog& catalog, const catalog::v1::Category& category,
                          window::v1::Cadence requested);

// The smallest headcount from which the category is shown at all: by its level with earlier
// windows, if not by one window alone.
int64_t SmallestHeadcountWithLevel(const Catalog& catalog, const catalog::v1::Category& category,
                                   window::v1::Cadence requested);

// The same of IsDrawn: from which headcount there is a score at all.
int64_t SmallestHeadcount(const Catalog& catalog, const std::set<std::string>& sources,
                          window::v1::Cadence requested);

// The same of a measure, and of a table.
int64_t SmallestHeadcount(const Catalog& catalog, const catalog::v1::Measure& measure,
                          window::v1::Cadence requested);
int64_t SmallestHeadcount(const Catalog& catalog, int table, window::v1::Cadence requested);

}  // namespace tutti

#endif  // TUTTI_COMMON_SCORING_PLANNED_MARGINS_H_
