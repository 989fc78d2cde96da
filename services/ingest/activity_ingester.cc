#include "services/ingest/activity_ingester.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/rpc/error_details.h"
#include "services/ingest/activity_batch.h"
#include "services/ingest/ingest_error.h"
#include "services/ingest/rejection.h"

namespace tutti {

using absl::StatusCode;
using ingest::v1::IngestActivitiesResponse;

namespace {

absl::Status TooManyWait() {
  return BatchRefused(StatusCode::kUnavailable, ingest::v1::REASON_OVERLOADED, "",
                      "too many requests wait: retry with backoff");
}

// What is wrong with a batch as a whole, before it is known whose it is.
absl::Status CheckBatch(const BatchView& batch, const absl::StatusOr<std::string>& organization) {
  if (!organization.ok()) {
    return BatchRefused(StatusCode::kInvalidArgument, ingest::v1::REASON_ORGANIZATION_MALFORMED,
                        "organization", "must be organizations/ and an id [a-z0-9][a-z0-9-]{0,62}");
  }
  if (batch.size() == 0) {
    return BatchRefused(StatusCode::kInvalidArgument, ingest::v1::REASON_BATCH_EMPTY, "activities",
                        "must not be empty");
  }
  if (batch.size() > kMaxActivities) {
    return BatchRefused(StatusCode::kInvalidArgument, ingest::v1::REASON_BATCH_TOO_LARGE,
                        "activities",
                        absl::StrCat("must be at most ", kMaxActivities, ": send several batches"));
  }
  return absl::OkStatus();
}

}  // namespace

void ActivityIngester::Ingest(const absl::StatusOr<std::string>& organization,
                              std::shared_ptr<const BatchView> batch,
                              IngestActivitiesResponse& response, Done done, Remaining remaining) {
  if (absl::Status fit = CheckBatch(*batch, organization); !fit.ok()) return Finish(fit, done);
  const size_t bytes = batch->memory();
  const size_t before = waiting_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  std::shared_ptr<void> waits(nullptr, [this, bytes](void*) {
    waiting_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  });
  if (before > 0 && before + bytes > kMaxWaitingBytes) return Finish(TooManyWait(), done);
  parts_.policies.Get(
      *organization,
      [this, batch = std::move(batch), waits = std::move(waits), &response, done = std::move(done),
       remaining = std::move(remaining)](const PolicyCache::Answer& policy) {
        if (!policy.ok()) return Finish(policy.status(), done);
        if (remaining() <= absl::ZeroDuration()) return Finish(CallerGone(), done);
        Judge(*policy, *batch, response, done, remaining);
      });
}

void ActivityIngester::Judge(const std::shared_ptr<const OrganizationPolicy>& policy,
                             const BatchView& view, IngestActivitiesResponse& response,
                             const Done& done, const Remaining& remaining) {
  auto batch = std::make_unique<ActivityBatch>(
      parts_, tables_, policy, view.size(), response,
      [this, done](const absl::Status& settled) { Finish(settled, done); });
  batch->remaining = remaining;
  batch->Judge(view);
  const absl::Status judged = batch->judged();
  if (!judged.ok() || batch->deltas.empty()) return Finish(judged, done);
  std::unique_ptr<PendingBatch> pending = std::move(batch);
  if (!parts_.coalescer.Submit(pending)) Finish(TooManyWait(), done);
}

void ActivityIngester::Finish(const absl::Status& status, const Done& done) {
  if (!status.ok()) {
    parts_.counters.refused_batches[static_cast<size_t>(ReasonIn<ingest::v1::Reason>(status))]
        .fetch_add(1, std::memory_order_relaxed);
  }
  done(status);
}

}  // namespace tutti
