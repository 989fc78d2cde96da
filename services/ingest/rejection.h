#ifndef TUTTI_SERVICES_INGEST_REJECTION_H_
#define TUTTI_SERVICES_INGEST_REJECTION_H_

#include "tutti/ingest/v1/ingest.pb.h"

namespace tutti {

inline constexpr size_t kMaxActivities = 10'000;
inline constexpr size_t kMaxTraits = 16;

// What is said of an activity that is refused for a reason: fixed texts, so that
// no value of an activity can be in them.
struct RejectionText {
  const char* field;
  const char* description;
};
RejectionText TextOf(ingest::v1::Reason reason);

// Fills in a rejection of the activity at `index` of its batch.
void FillRejection(int index, ingest::v1::Reason reason, ingest::v1::Rejection& rejection);

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_REJECTION_H_
