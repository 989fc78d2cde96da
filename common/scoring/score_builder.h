#ifndef TUTTI_COMMON_SCORING_SCORE_BUILDER_H_
#define TUTTI_COMMON_SCORING_SCORE_BUILDER_H_

#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/catalog/catalog.h"
#include "common/scoring/figure.h"
#include "tutti/publication/v1/publication.pb.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// One publication, scored.
struct ScoredPublication {
  // Everything but change, trend_180_days and the categories' changes.
  score::v1::Score score;
  // Points of what is shown, for comparing with other publications.
  std::optional<Figure> total;
  std::map<std::string, Figure> categories;
  // The categories, by id, that others stand in for, and the ids of those.
  std::map<std::string, std::string> substitutes;
};

score::v1::Unit UnitOf(const catalog::v1::Measure& measure);

// What an answer says, for people, of what its figures are.
std::string NoticeFor(bool generated_data);

// Whether a category counts in the total: one that stands in for another counts in its place, if
// any.
bool CountsInTotal(const Catalog& catalog, const score::v1::CategoryScore& category);

// Names the category with the fewest points, of levels where there are any, among those that show
// some and count in the total.
void SetMostRoom(const Catalog& catalog, score::v1::Score& score);

// Whether a publication was counted as the catalogue counts: it can be shown by it, and compared
// with others of which that holds.
bool IsCountedBy(const Catalog& catalog, const publication::v1::Publication& publication);

// Scores a publication by a catalogue that it was counted by. A pure function:
// the same record gives the same score for ever. What is shown depends on public
// figures alone; every figure comes from shares that were clamped in the tails
// first. DataLoss when the record does not fit the catalogue.
//
// A category that substitutes another is shown in any case; it takes the other's
// place, and counts, when that has no connected source.
absl::StatusOr<ScoredPublication> ScorePublication(const Catalog& catalog,
                                                   const publication::v1::Publication& publication);

}  // namespace tutti

#endif  // TUTTI_COMMON_SCORING_SCORE_BUILDER_H_
