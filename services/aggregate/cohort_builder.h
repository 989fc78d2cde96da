#ifndef TUTTI_SERVICES_AGGREGATE_COHORT_BUILDER_H_
#define TUTTI_SERVICES_AGGREGATE_COHORT_BUILDER_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/catalog/catalog.h"
#include "common/clock/clock.h"
#include "common/storage/cohort_store.h"
#include "common/storage/organization_store.h"
#include "common/storage/publication_store.h"

namespace tutti {

// Adds up, every four weeks, what organisations of like size came to, from published
// records alone. A window's cohorts are made once, when every organisation should have
// published it, and never changed: two states of one group would tell what joined it.
// Thread-safe; of two replicas at once the first to write a cohort wins.
class CohortBuilder {
 public:
  struct Parts {
    OrganizationStore& organizations;
    PublicationReader& publications;
    CohortStore& cohorts;
    const Catalog& catalog;
    const WallClock& clock;
    absl::Duration grace;  // how long windows take late events
  };

  // The parts outlive this.
  explicit CohortBuilder(const Parts& parts) : parts_(parts) {}

  // Makes the cohorts of the last window of which they are due, unless they are there:
  // of organisations that are not made up, with a record of that window by this
  // catalogue. Returns how many it made. As long as no group has enough members,
  // nothing is kept, and the next call tries again. What was interrupted the next call
  // completes. Cancelled, soon, once `stop` says so.
  absl::StatusOr<int> BuildDue(const std::function<bool()>& stop = [] { return false; });

 private:
  const Parts parts_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_COHORT_BUILDER_H_
