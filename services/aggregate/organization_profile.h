#ifndef TUTTI_SERVICES_AGGREGATE_ORGANIZATION_PROFILE_H_
#define TUTTI_SERVICES_AGGREGATE_ORGANIZATION_PROFILE_H_

#include <string>

#include "absl/status/status.h"
#include "common/catalog/catalog.h"
#include "services/aggregate/needed_sizes.h"
#include "services/aggregate/scheduled_organization.h"
#include "tutti/aggregate/v1/organization.pb.h"

namespace tutti {

// InvalidArgument, naming the field, unless what a caller says of an organisation is within
// its limits.
absl::Status ValidateProfile(const aggregate::v1::Organization& wanted, const Catalog& catalog);

// The resource as callers see it: with what follows from the profile and the schedule.
aggregate::v1::Organization DescribeOrganization(const Catalog& catalog, NeededSizes& sizes,
                                                 const ScheduledOrganization& organization);

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_ORGANIZATION_PROFILE_H_
