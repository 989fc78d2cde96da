#ifndef TUTTI_SERVICES_AGGREGATE_FIRST_SHOWN_H_
#define TUTTI_SERVICES_AGGREGATE_FIRST_SHOWN_H_

#include "common/catalog/catalog.h"
#include "services/aggregate/needed_sizes.h"
#include "services/aggregate/scheduled_organization.h"
#include "tutti/aggregate/v1/organization.pb.h"

namespace tutti {

// Whether records of such terms follow each other in one series, if they count alike.
bool AreOfOneSeries(const WindowTerms& a, const WindowTerms& b);

// Sets fed_categories, first_shown and first_total, from the profile in `described` and from the
// schedule alone: never from what was counted, drawn or lost.
void DescribeShown(const Catalog& catalog, NeededSizes& sizes,
                   const ScheduledOrganization& organization,
                   aggregate::v1::Organization& described);

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_FIRST_SHOWN_H_
