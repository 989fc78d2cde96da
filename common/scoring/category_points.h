#ifndef TUTTI_COMMON_SCORING_CATEGORY_POINTS_H_
#define TUTTI_COMMON_SCORING_CATEGORY_POINTS_H_

#include <vector>

#include "common/catalog/catalog.h"
#include "common/scoring/measure_formulas.h"

namespace tutti {

inline constexpr double kCategoryPoints = 100;

// The points, 0 to 100, of a category from what was published:
//   reach and habit: reach_points x reach + habit_points x min(1, habit / full)
//   practices:       100 x the weighted mean of the practices' shares
//   fault free:      100 x the mean of 1 - share of faults, and of the share of what
//                    is in order
// of shares that were clamped first. The kinds of its tables must be counted and
// complete.
Figure MeasuredPoints(const Catalog& catalog, const MeasureFormulas& formulas,
                      const catalog::v1::Category& category, const PublishedCounts& counts);

// What to expect at shares of one half (a habit: half of its full mark).
Figure PlannedPoints(const Catalog& catalog, const MeasureFormulas& formulas,
                     const catalog::v1::Category& category);

// The tables that a category's points rest on.
std::vector<int> TablesOf(const Catalog& catalog, const MeasureFormulas& formulas,
                          const catalog::v1::Category& category);

// points x min(1, habit / full). The error shrinks to nothing when the whole
// interval is above the full mark.
Figure HabitPoints(const Figure& habit, double full, double points);

}  // namespace tutti

#endif  // TUTTI_COMMON_SCORING_CATEGORY_POINTS_H_
