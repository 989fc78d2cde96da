#ifndef TUTTI_SERVICES_SCORE_RECOMMENDATIONS_H_
#define TUTTI_SERVICES_SCORE_RECOMMENDATIONS_H_

#include <vector>

#include "common/catalog/catalog.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// The actions of the catalogue whose measure is shown and, margin included, on the
// wrong side of the action's threshold; the most room first.
std::vector<score::v1::Recommendation> RecommendActions(const Catalog& catalog,
                                                        const score::v1::Score& score);

}  // namespace tutti

#endif  // TUTTI_SERVICES_SCORE_RECOMMENDATIONS_H_
