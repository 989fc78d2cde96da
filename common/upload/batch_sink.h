#ifndef TUTTI_COMMON_UPLOAD_BATCH_SINK_H_
#define TUTTI_COMMON_UPLOAD_BATCH_SINK_H_

#include "absl/status/statusor.h"
#include "tutti/ingest/v1/ingest.pb.h"

namespace tutti {

// Takes batches of activities: ingest, or a test's double. Thread-safe.
class BatchSink {
 public:
  virtual ~BatchSink() = default;
  // Sends one batch of one organisation and waits for the answer, with a deadline
  // of its own. One attempt: the uploader decides about another one.
  virtual absl::StatusOr<ingest::v1::IngestActivitiesResponse> Send(
      const ingest::v1::IngestActivitiesRequest& batch) = 0;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_UPLOAD_BATCH_SINK_H_
