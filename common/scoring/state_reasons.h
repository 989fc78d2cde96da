#ifndef TUTTI_COMMON_SCORING_STATE_REASONS_H_
#define TUTTI_COMMON_SCORING_STATE_REASONS_H_

#include <cstdint>
#include <string>

#include "common/catalog/catalog.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// Why a figure is not shown, or what it stands on.
struct StateReason {
  score::v1::StateReason code = score::v1::STATE_REASON_UNSPECIFIED;
  std::string subject;  // the id of a kind or of a category, or what is missing, as the code wants
  google::protobuf::RepeatedPtrField<std::string> sources;  // that can feed it
};

// The words of a code, with the places that score.v1.StateReasonWords names; empty for
// none.
std::string StateReasonTemplate(score::v1::StateReason code);

// The words of a reason, with every place filled.
std::string StateReasonText(const Catalog& catalog, const StateReason& reason, int64_t headcount);

}  // namespace tutti

#endif  // TUTTI_COMMON_SCORING_STATE_REASONS_H_
