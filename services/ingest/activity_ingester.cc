#include "services/ingest/activity_ingester.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/rpc/resource_name.h"
#include "services/ingest/activity_batch.h"
#include "services/ingest/rejection.h"

namespace tutti {

using absl::StatusCode;
using ingest::v1::IngestActivitiesResponse;

namespace {

Refusal TooManyWait() {
  return {StatusCode::kUnavailable, ingest::v1::REASON_OVERLOADED, "",
          "too many requests wait: retry with backoff"};
}

}  // namespace

void ActivityIngester::Ingest(std::shared_ptr<const BatchView> batch,
                              IngestActivitiesResponse& response, Done done) {
  const absl::StatusOr<std::string> organization =
      ParseOrganizationName(std::string(batch->organization()));
  if (!organization.ok()) {
    return Refuse({StatusCode::kInvalidArgument, ingest::v1::REASON_ORGANIZATION_MALFORMED,
                   "organization", "must be organizations/ and an id [a-z0-9][a-z0-9-]{0,62}"},
                  done);
  }
  if (batch->size() == 0) {
    return Refuse({StatusCode::kInvalidArgument, ingest::v1::REASON_BATCH_EMPTY, "activities",
                   "must not be empty"},
                  done);
  }
  if (batch->size() > kMaxActivities) {
    return Refuse({StatusCode::kInvalidArgument, ingest::v1::REASON_BATCH_TOO_LARGE, "activities",
                   absl::StrCat("must be at most ", kMaxActivities, ": send several batches")},
                  done);
  }
  const size_t bytes = batch->memory();
  const size_t before = waiting_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  std::shared_ptr<void> waits(nullptr, [this, bytes](void*) {
    waiting_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  });
  if (before > 0 && before + bytes > kMaxWaitingBytes) return Refuse(TooManyWait(), done);
  parts_.policies.Get(
      *organization, [this, batch = std::move(batch), waits = std::move(waits), &response,
                      done = std::move(done)](const PolicyCache::Answer& answer) {
        if (const auto* refusal = std::get_if<Refusal>(&answer)) return Refuse(*refusal, done);
        Judge(std::get<std::shared_ptr<const OrganizationPolicy>>(answer), *batch, response, done);
      });
}

void ActivityIngester::Judge(const std::shared_ptr<const OrganizationPolicy>& policy,
                             const BatchView& view, IngestActivitiesResponse& response,
                             const Done& done) {
  auto batch =
      std::make_unique<ActivityBatch>(parts_, layout_, tables_, policy, view.size(), response,
                                      [this, done](const std::optional<Refusal>& refusal) {
                                        if (refusal.has_value()) return Refuse(*refusal, done);
                                        done(std::nullopt);
                                      });
  batch->Judge(view);
  if (const std::optional<Refusal> refusal = batch->refusal()) return Refuse(*refusal, done);
  if (batch->deltas.empty()) return done(std::nullopt);
  std::unique_ptr<PendingBatch> pending = std::move(batch);
  if (!parts_.coalescer.Submit(pending)) {
    Refuse(TooManyWait(), done);
  }
}

void ActivityIngester::Refuse(const Refusal& refusal, const Done& done) {
  parts_.counters.refused_batches[static_cast<size_t>(refusal.reason)].fetch_add(
      1, std::memory_order_relaxed);
  done(refusal);
}

}  // namespace tutti
