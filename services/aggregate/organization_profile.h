#ifndef TUTTI_SERVICES_AGGREGATE_ORGANIZATION_PROFILE_H_
#define TUTTI_SERVICES_AGGREGATE_ORGANIZATION_PROFILE_H_

#include <string>

#include "absl/status/status.h"
#include "common/catalog/catalog.h"
#include "tutti/aggregate/v1/organization.pb.h"

namespace tutti {

// InvalidArgument, naming the field, unless what a caller says of an organisation is within
// its limits.
absl::Status ValidateProfile(const aggregate::v1::Organization& wanted, const Catalog& catalog);

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_ORGANIZATION_PROFILE_H_
