#ifndef TUTTI_SERVICES_INGEST_AGGREGATE_CLIENT_H_
#define TUTTI_SERVICES_INGEST_AGGREGATE_CLIENT_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tutti/aggregate/v1/aggregate.pb.h"

namespace tutti {

// What ingest asks of aggregate. Calls do not block; each calls back exactly once,
// on any thread, perhaps before the call returns. Errors: NotFound (the
// organisation), anything else is worth a retry: with aggregate's REASON_CATALOG_MISMATCH when
// aggregate counts by another catalogue, FailedPrecondition when the suite has
// another keyring. Thread-safe.
class AggregateClient {
 public:
  using PolicyCallback =
      std::function<void(absl::StatusOr<aggregate::v1::GetIngestPolicyResponse>)>;
  using MergeCallback = std::function<void(absl::StatusOr<aggregate::v1::MergeDeltasResponse>)>;

  virtual ~AggregateClient() = default;

  // Asks how the activities of an organisation (its id) become bits.
  virtual void FetchPolicy(const std::string& organization, PolicyCallback done) = 0;

  // Makes deltas durable. The caller leaves the fingerprint empty; an
  // answer has one outcome for each delta. `limit`: how long the call may last at most; nobody
  // waits for it any longer.
  virtual void Merge(aggregate::v1::MergeDeltasRequest request, absl::Duration limit,
                     MergeCallback done) = 0;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_AGGREGATE_CLIENT_H_
