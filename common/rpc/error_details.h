#ifndef TUTTI_COMMON_RPC_ERROR_DETAILS_H_
#define TUTTI_COMMON_RPC_ERROR_DETAILS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/generated_enum_reflection.h"
#include "google/rpc/status.pb.h"

namespace tutti {

// Attach details (google.rpc) to an error, where callers can read them by
// machine. On an OK status they do nothing. No text here may hold a caller's
// value.

// Adds ErrorInfo by a value of an enum of reasons, from which domain and reason follow:
// REASON_TABLE_UNKNOWN of tutti.score.v1.Reason is TABLE_UNKNOWN within "score.tutti", one of
// tutti.v1.Reason is within "tutti".
absl::Status WithReasonOf(absl::Status status, const google::protobuf::EnumDescriptor& reasons,
                          int reason);
template <typename Reason>
absl::Status WithReason(absl::Status status, Reason reason) {
  return WithReasonOf(std::move(status), *google::protobuf::GetEnumDescriptor<Reason>(), reason);
}

// The same of an error that has no reason of its own: its code's name, within "tutti".
absl::Status WithCodeAsReason(absl::Status status);

// Adds a field violation to BadRequest: the field's path, and what is wrong.
absl::Status WithFieldViolation(absl::Status status, absl::string_view field,
                                absl::string_view description);

// Adds RetryInfo: after which time the call is to be made again.
absl::Status WithRetryDelay(absl::Status status, absl::Duration delay);

// The same of the errors that time mends, where no time was given: half a second to a second for
// UNAVAILABLE, and one to two for RESOURCE_EXHAUSTED. By the clock's microseconds, so that those
// who were refused together do not come back together. What a repetition cannot mend must have
// another code.
absl::Status WithSomeRetryDelay(absl::Status status);

void SetDuration(absl::Duration duration, google::protobuf::Duration& message);

// What a service says of calls that it gives up because it stops. Others take them at once.
absl::Status StoppingError();

// The time that an error gives; absent when it gives none.
absl::optional<absl::Duration> RetryDelayOf(const absl::Status& status);

// The status with all its details as one message, and back.
google::rpc::Status ToRpcStatus(const absl::Status& status);
absl::Status FromRpcStatus(const google::rpc::Status& status);

// The reason as a caller reads it, of whatever domain; empty when there is none.
std::string ReasonOf(const absl::Status& status);

// The value of an enum of reasons that WithReason gave; 0 when there is none, or it is not of the
// enum's domain.
int ReasonIn(const absl::Status& status, const google::protobuf::EnumDescriptor& reasons);
template <typename Reason>
Reason ReasonIn(const absl::Status& status) {
  return static_cast<Reason>(ReasonIn(status, *google::protobuf::GetEnumDescriptor<Reason>()));
}

// The fields that WithFieldViolation named.
std::vector<std::string> FieldsOf(const absl::Status& status);

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_ERROR_DETAILS_H_
