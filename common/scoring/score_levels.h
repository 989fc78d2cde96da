#ifndef TUTTI_COMMON_SCORING_SCORE_LEVELS_H_
#define TUTTI_COMMON_SCORING_SCORE_LEVELS_H_

#include "absl/types/span.h"
#include "common/catalog/catalog.h"
#include "common/scoring/level_maker.h"
#include "common/scoring/level_parts.h"
#include "common/scoring/score_builder.h"
#include "tutti/publication/v1/publication.pb.h"

namespace tutti {

// Sets the levels of the total and of each category that is shown, with their changes, the trend
// and the marks. A category that one window alone does not show, for its margin, has a level where
// IsLevelShown; the total has one where every category in it has. `rows` are of the records up to
// the scored one, ascending, which is the last: those of its series are used. `publication` is that
// record.
//
// Where earlier windows are not expected to make its margin narrower, as in large organisations,
// what the window alone says is the level: of the total together with its categories, so that parts
// add up.
//
// A pure function; its cost grows with the number of rows times that of parts.
void AddLevels(const Catalog& catalog, absl::Span<const LevelPart> parts,
               const publication::v1::Publication& publication,
               absl::Span<const LevelRow* const> rows, const LevelBases& bases,
               ScoredPublication& scored);

}  // namespace tutti

#endif  // TUTTI_COMMON_SCORING_SCORE_LEVELS_H_
