#include "services/ingest/refusal.h"

namespace tutti {

using absl::StatusCode;

Refusal RefusalFrom(const absl::Status& status) {
  switch (status.code()) {
    case StatusCode::kNotFound:
      return {StatusCode::kNotFound, ingest::v1::REASON_ORGANIZATION_NOT_FOUND, "organization",
              "there is no such organisation"};
    case StatusCode::kFailedPrecondition:
      return {StatusCode::kFailedPrecondition, ingest::v1::REASON_CATALOG_MISMATCH, "",
              "ingest and aggregate run different catalogues: give every service the same file"};
    default:
      return {StatusCode::kUnavailable, ingest::v1::REASON_STORE_UNAVAILABLE, "",
              "aggregate or its store cannot be reached: retry with backoff"};
  }
}

}  // namespace tutti
