#ifndef TUTTI_COMMON_RPC_ERROR_DETAILS_H_
#define TUTTI_COMMON_RPC_ERROR_DETAILS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/rpc/status.pb.h"

namespace tutti {

// Attach details (google.rpc) to an error, where callers can read them by
// machine. On an OK status they do nothing. No text here may hold a caller's
// value.

// Adds ErrorInfo: `reason` in capitals, unique within `domain` ("ingest.tutti").
absl::Status WithReason(absl::Status status, absl::string_view domain, absl::string_view reason);

// Adds a field violation to BadRequest: the field's path, and what is wrong.
absl::Status WithFieldViolation(absl::Status status, absl::string_view field,
                                absl::string_view description);

// Adds RetryInfo: when to try again.
absl::Status WithRetryDelay(absl::Status status, absl::Duration delay);

// The status with all its details as one message, and back.
google::rpc::Status ToRpcStatus(const absl::Status& status);
absl::Status FromRpcStatus(const google::rpc::Status& status);

// The reason that WithReason gave; empty when there is none.
std::string ReasonOf(const absl::Status& status);

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_ERROR_DETAILS_H_
