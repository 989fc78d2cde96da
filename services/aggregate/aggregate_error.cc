#include "services/aggregate/aggregate_error.h"

#include "absl/strings/str_cat.h"
#include "common/rpc/error_details.h"
#include "tutti/aggregate/v1/organization.pb.h"

namespace tutti {

absl::Status FieldError(const std::string& field, const std::string& what) {
  return WithReason(
      WithFieldViolation(absl::InvalidArgumentError(absl::StrCat(field, ": ", what)), field, what),
      aggregate::v1::REASON_FIELD_INVALID);
}

absl::Status NoSuchOrganization() {
  return WithReason(absl::NotFoundError("there is no such organisation"),
                    aggregate::v1::REASON_ORGANIZATION_NOT_FOUND);
}

absl::Status WithSomeReason(const absl::Status& status) {
  if (!ReasonOf(status).empty()) return status;
  if (absl::IsInvalidArgument(status)) {
    return WithReason(status, aggregate::v1::REASON_FIELD_INVALID);
  }
  if (absl::IsUnavailable(status)) {
    return WithReason(status, aggregate::v1::REASON_STORE_UNAVAILABLE);
  }
  return status;
}

}  // namespace tutti
