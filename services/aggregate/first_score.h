#ifndef TUTTI_SERVICES_AGGREGATE_FIRST_SCORE_H_
#define TUTTI_SERVICES_AGGREGATE_FIRST_SCORE_H_

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "common/catalog/catalog.h"
#include "services/aggregate/needed_sizes.h"
#include "services/aggregate/scheduled_organization.h"

namespace tutti {

// When an organisation may expect its first score, from its profile and its schedule alone:
// never from what was counted, drawn or lost.
struct FirstScore {
  // When the first window that shows anything closes; absent where there is none, and while the
  // organisation is not active.
  std::optional<absl::Time> expected;
  // Where the headcount is too small: from which one on there will be a score; 0 where it is not,
  // or none is large enough.
  int64_t smallest_headcount = 0;
};

FirstScore ExpectFirstScore(const Catalog& catalog, NeededSizes& sizes,
                            const ScheduledOrganization& organization);

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_FIRST_SCORE_H_
