#ifndef TUTTI_COMMON_SCORING_SCORE_WORDS_H_
#define TUTTI_COMMON_SCORING_SCORE_WORDS_H_

#include "common/catalog/catalog.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// Every word of a catalogue that scores and tables show.
score::v1::Catalog WordsOf(const Catalog& catalog);

}  // namespace tutti

#endif  // TUTTI_COMMON_SCORING_SCORE_WORDS_H_
