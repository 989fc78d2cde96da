#ifndef TUTTI_SERVICES_INGEST_INGEST_ERROR_H_
#define TUTTI_SERVICES_INGEST_INGEST_ERROR_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tutti/ingest/v1/ingest.pb.h"

namespace tutti {

// The error of a batch that is refused whole. `field` is at fault, or empty. Holds no value of the
// request.
absl::Status BatchRefused(absl::StatusCode code, ingest::v1::Reason reason, absl::string_view field,
                          absl::string_view what);

// What a call to aggregate that failed comes to.
absl::Status RefusedByAggregate(const absl::Status& status);

// What nobody hears any more.
absl::Status CallerGone();

// The error of a batch of a stream: with its reason, and with the time after which to send it
// again where time mends it.
ingest::v1::BatchError BatchErrorOf(const absl::Status& status);

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_INGEST_ERROR_H_
