#ifndef TUTTI_SERVICES_INGEST_REFUSAL_H_
#define TUTTI_SERVICES_INGEST_REFUSAL_H_

#include <string>

#include "absl/status/status.h"
#include "tutti/ingest/v1/ingest.pb.h"

namespace tutti {

// Why a batch was refused whole. Holds no value of the request.
struct Refusal {
  absl::StatusCode code = absl::StatusCode::kUnavailable;
  ingest::v1::Reason reason = ingest::v1::REASON_STORE_UNAVAILABLE;
  std::string field;  // at fault; may be empty
  std::string message;
};

// The refusal that a failed call to aggregate comes to.
Refusal RefusalFrom(const absl::Status& status);

// What a caller is told of it: its code and text, its reason in the details, and the field at
// fault.
absl::Status StatusOf(const Refusal& refusal);

// The error of a batch of a stream, of any status: with the time after which to send it again
// where time mends it.
ingest::v1::BatchError BatchErrorOf(const absl::Status& status, ingest::v1::Reason reason);

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_REFUSAL_H_
