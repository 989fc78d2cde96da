#ifndef TUTTI_COMMON_SCORING_SCORE_VIEWS_H_
#define TUTTI_COMMON_SCORING_SCORE_VIEWS_H_

#include "tutti/score/v1/score.pb.h"

namespace tutti {

// Leave of a full answer what VIEW_BASIC has: figures, states and ids. The words come
// back from WordsOf the catalogue that the fingerprint names.
void ReduceToBasic(score::v1::Score& score);
void ReduceToBasic(score::v1::Table& table);

}  // namespace tutti

#endif  // TUTTI_COMMON_SCORING_SCORE_VIEWS_H_
