#ifndef TUTTI_SERVICES_AGGREGATE_INGEST_POLICY_H_
#define TUTTI_SERVICES_AGGREGATE_INGEST_POLICY_H_

#include "absl/time/time.h"
#include "common/catalog/catalog.h"
#include "services/aggregate/scheduled_organization.h"
#include "tutti/aggregate/v1/aggregate.pb.h"

namespace tutti {

// The lease that ingest works by: every window that takes activity at `now`, with
// its sizes and the key to which it is bound.
aggregate::v1::GetIngestPolicyResponse MakeIngestPolicy(const ScheduledOrganization& organization,
                                                        const Catalog& catalog, absl::Time now);

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_INGEST_POLICY_H_
