#include "services/ingest/ingest_error.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/rpc/error_details.h"
#include "tutti/aggregate/v1/organization.pb.h"
#include "tutti/auth/v1/auth.pb.h"

namespace tutti {
namespace {

using absl::StatusCode;
using ingest::v1::Reason;

// A batch of a stream is told in ingest's words what a call is told in those of all services.
Reason BatchReasonOf(const absl::Status& status) {
  switch (ReasonIn<auth::v1::Reason>(status)) {
    case auth::v1::REASON_ORGANIZATION_FORBIDDEN:
      return ingest::v1::REASON_ORGANIZATION_FORBIDDEN;
    case auth::v1::REASON_RATE_LIMITED:
      return ingest::v1::REASON_OVERLOADED;
    default:
      return ReasonIn<Reason>(status);
  }
}

}  // namespace

absl::Status BatchRefused(StatusCode code, Reason reason, absl::string_view field,
                          absl::string_view what) {
  absl::Status status = WithReason(
      absl::Status(code, field.empty() ? what : absl::StrCat(field, ": ", what)), reason);
  return code == StatusCode::kInvalidArgument ? WithFieldViolation(std::move(status), field, what)
                                              : status;
}

absl::Status RefusedByAggregate(const absl::Status& status) {
  if (absl::IsNotFound(status)) {
    return BatchRefused(StatusCode::kNotFound, ingest::v1::REASON_ORGANIZATION_NOT_FOUND,
                        "organization", "there is no such organisation");
  }
  if (ReasonIn<aggregate::v1::Reason>(status) == aggregate::v1::REASON_CATALOG_MISMATCH) {
    return BatchRefused(StatusCode::kUnavailable, ingest::v1::REASON_CATALOG_MISMATCH, "",
                        "ingest and aggregate count by different catalogues: retry with backoff, "
                        "and give both the same file");
  }
  if (absl::IsFailedPrecondition(status)) {
    return BatchRefused(StatusCode::kUnavailable, ingest::v1::REASON_STORE_UNAVAILABLE, "",
                        "this ingest has another keyring than the suite, so aggregate takes "
                        "nothing of it: retry with backoff, and give it the suite's");
  }
  return BatchRefused(StatusCode::kUnavailable, ingest::v1::REASON_STORE_UNAVAILABLE, "",
                      "aggregate or its store cannot be reached: retry with backoff");
}

absl::Status CallerGone() {
  return absl::CancelledError("the call was given up, or its deadline has passed");
}

ingest::v1::BatchError BatchErrorOf(const absl::Status& status) {
  ingest::v1::BatchError error;
  error.set_code(static_cast<int>(status.code()));
  error.set_reason(BatchReasonOf(status));
  error.set_message(std::string(status.message()));
  if (const auto delay = RetryDelayOf(WithSomeRetryDelay(status)); delay.has_value()) {
    SetDuration(*delay, *error.mutable_retry_delay());
  }
  return error;
}

}  // namespace tutti
