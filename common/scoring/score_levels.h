#ifndef TUTTI_COMMON_SCORING_SCORE_LEVELS_H_
#define TUTTI_COMMON_SCORING_SCORE_LEVELS_H_

#include <cstddef>
#include <optional>

#include "absl/types/span.h"
#include "common/catalog/catalog.h"
#include "common/scoring/level_parts.h"
#include "common/scoring/planned_levels.h"
#include "common/scoring/score_builder.h"
#include "common/window/day.h"
#include "tutti/publication/v1/publication.pb.h"

namespace tutti {

// The windows that levels are compared with; absent where there are none.
struct LevelBases {
  std::optional<Day> change;
  std::optional<Day> trend;
};

// Sets the levels of the total and of each category that is shown, with their changes, the trend
// and the marks. A category that one window alone does not show, for its margin, has a level where
// IsLevelShown; the total has one where every category in it has. `rows` are of the records up to
// the scored one, ascending, which is the last: those of its series are used. `publication` is that
// record.
//
// The value of a level is what the formulas of categories make of filtered shares, so parts add
// up. Its error is that of the same sum filtered as a series of its own, which holds however the
// shares move together, and how far the two sums are apart. A share that is clamped, or above
// its full mark, stays out of that series: nothing that is shown follows from what it was.
//
// A pure function; its cost grows with the number of rows times that of parts.
void AddLevels(const Catalog& catalog, absl::Span<const LevelPart> parts,
               const publication::v1::Publication& publication,
               absl::Span<const LevelRow* const> rows, const LevelBases& bases,
               ScoredPublication& scored);

}  // namespace tutti

#endif  // TUTTI_COMMON_SCORING_SCORE_LEVELS_H_
