#ifndef TUTTI_SERVICES_SCORE_SCORE_BUILDER_H_
#define TUTTI_SERVICES_SCORE_SCORE_BUILDER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/catalog/catalog.h"
#include "common/estimate/measures.h"
#include "common/window/day.h"
#include "tutti/publication/v1/publication.pb.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// Turns a record into a score: categories, measures, total. What it says of change
// and trend is added by AddChanges.
score::v1::Score BuildScore(const Catalog& catalog, const publication::v1::Publication& record);

// Adds the change against an earlier score to the total and to every category that
// both measured. The errors of two windows are independent: each has its own slots
// and its own noise.
void AddChanges(const score::v1::Score& earlier, score::v1::Score& score);

// Adds the trend of the total since an earlier score.
void AddTrend(const score::v1::Score& earlier, score::v1::Score& score);

// Turns one table of a record into rows: every combination of features, then
// totals. `table` is an index of the catalogue.
score::v1::Table BuildTable(const Catalog& catalog, const publication::v1::Publication& record,
                            int table);

// The actions of the catalogue whose measure is below their threshold by more than
// its margin, the most room first.
std::vector<score::v1::Recommendation> BuildRecommendations(
    const Catalog& catalog, const publication::v1::Publication& record);

}  // namespace tutti

#endif  // TUTTI_SERVICES_SCORE_SCORE_BUILDER_H_
