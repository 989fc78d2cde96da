#ifndef TUTTI_SERVICES_AGGREGATE_AGGREGATE_ERROR_H_
#define TUTTI_SERVICES_AGGREGATE_AGGREGATE_ERROR_H_

#include <string>

#include "absl/status/status.h"

namespace tutti {

// The error of a field of a request: its path, what is wrong with it, and the reason.
absl::Status FieldError(const std::string& field, const std::string& what);

// NotFound, with its reason.
absl::Status NoSuchOrganization();

// An error with the reason that its code stands for, where it has none: of a field for
// InvalidArgument, of the store for Unavailable.
absl::Status WithSomeReason(const absl::Status& status);

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_AGGREGATE_ERROR_H_
