#ifndef TUTTI_SERVICES_INGEST_ACTIVITY_INGESTER_H_
#define TUTTI_SERVICES_INGEST_ACTIVITY_INGESTER_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/ingest/batch_view.h"
#include "services/ingest/column_layout.h"
#include "services/ingest/ingest_parts.h"
#include "tutti/ingest/v1/ingest.pb.h"

namespace tutti {

// Takes batches of activities: validates each, digests its subject, drops the
// identity, and has the bits made durable. Thread-safe.
//
// When a window turns out to be closed or spoilt only as its bits are merged, an
// activity of it counts as late there, or is refused when no other window took it,
// whether it brought anything new or not. The bytes of an answer follow from the
// request, the clock and what is public about the organisation. What a batch costs
// follows from its activities, up to the slots of each subject, paid once a batch.
class ActivityIngester {
 public:
  // OK: the batch was judged item by item and the response is filled in. An error that says why
  // it was refused whole otherwise, see services/ingest/ingest_error.h.
  using Done = std::function<void(const absl::Status&)>;

  // Above so many bytes of batches that wait for their policy, further ones are refused.
  static constexpr size_t kMaxWaitingBytes = size_t{256} << 20;

  explicit ActivityIngester(const IngestParts& parts) : parts_(parts), tables_(parts.catalog) {}

  // `organization` is the id in the name that the batch gives, or the error of a malformed name;
  // see ParseOrganizationName. Calls back exactly once, on any thread, when what was accepted is
  // durable; at once when nothing was. The response must live until then; the batch is let go as
  // soon as it was judged. Nothing is begun for a caller who is gone.
  void Ingest(
      const absl::StatusOr<std::string>& organization, std::shared_ptr<const BatchView> batch,
      ingest::v1::IngestActivitiesResponse& response, Done done,
      Remaining remaining = [] { return absl::InfiniteDuration(); });

 private:
  void Judge(const std::shared_ptr<const OrganizationPolicy>& policy, const BatchView& view,
             ingest::v1::IngestActivitiesResponse& response, const Done& done,
             const Remaining& remaining);
  void Finish(const absl::Status& status, const Done& done);

  const IngestParts parts_;
  const ColumnTables tables_;
  std::atomic<size_t> waiting_bytes_{0};
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_ACTIVITY_INGESTER_H_
