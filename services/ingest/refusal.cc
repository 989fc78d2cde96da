#include "services/ingest/refusal.h"

#include "absl/strings/str_cat.h"
#include "common/rpc/error_details.h"
#include "services/ingest/aggregate_client.h"

namespace tutti {

using absl::StatusCode;

Refusal RefusalFrom(const absl::Status& status) {
  switch (status.code()) {
    case StatusCode::kNotFound:
      return {StatusCode::kNotFound, ingest::v1::REASON_ORGANIZATION_NOT_FOUND, "organization",
              "there is no such organisation"};
    default:
      if (ReasonOf(status) == kCatalogMismatch) {
        return {StatusCode::kUnavailable, ingest::v1::REASON_CATALOG_MISMATCH, "",
                "ingest and aggregate count by different catalogues: retry with backoff, and give "
                "both the same file"};
      }
      return {StatusCode::kUnavailable, ingest::v1::REASON_STORE_UNAVAILABLE, "",
              "aggregate or its store cannot be reached: retry with backoff"};
  }
}

absl::Status StatusOf(const Refusal& refusal) {
  const bool of_field = !refusal.field.empty();
  absl::Status status(refusal.code, of_field ? absl::StrCat(refusal.field, ": ", refusal.message)
                                             : refusal.message);
  status = WithReason(status, refusal.reason);
  if (refusal.code == StatusCode::kInvalidArgument) {
    status = WithFieldViolation(status, refusal.field, refusal.message);
  }
  return status;
}

ingest::v1::BatchError BatchErrorOf(const absl::Status& status, ingest::v1::Reason reason) {
  ingest::v1::BatchError error;
  error.set_code(static_cast<int>(status.code()));
  error.set_reason(reason);
  error.set_message(std::string(status.message()));
  if (const auto delay = RetryDelayOf(WithSomeRetryDelay(status)); delay.has_value()) {
    SetDuration(*delay, *error.mutable_retry_delay());
  }
  return error;
}

}  // namespace tutti
