#ifndef TUTTI_SERVICES_SCORE_SCORE_ERROR_H_
#define TUTTI_SERVICES_SCORE_SCORE_ERROR_H_

#include "absl/status/status.h"

namespace tutti {

// NotFound, with its reason: the organisation has no record at all.
absl::Status NothingPublished();

// NotFound, with its reason: the organisation has records, but none of the day.
absl::Status NoSuchWindow();

// A store's error, with a reason when the store cannot be reached.
absl::Status FromStore(const absl::Status& status);

}  // namespace tutti

#endif  // TUTTI_SERVICES_SCORE_SCORE_ERROR_H_
