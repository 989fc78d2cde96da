#ifndef TUTTI_SERVICES_INGEST_REJECTION_H_
#define TUTTI_SERVICES_INGEST_REJECTION_H_

#include <cstddef>

#include "common/window/day.h"
#include "tutti/ingest/v1/ingest.pb.h"

namespace tutti {

inline constexpr size_t kMaxActivities = 10'000;

// Fills in a rejection of the activity at `index` of its batch. What it says follows from the
// reason and from the first day that the organisation takes, so no value of an activity can be
// in it.
void FillRejection(int index, ingest::v1::Reason reason, Day first_day,
                   ingest::v1::Rejection& rejection);

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_REJECTION_H_
