#ifndef TUTTI_SERVICES_INGEST_INGEST_PARTS_H_
#define TUTTI_SERVICES_INGEST_INGEST_PARTS_H_

#include "common/catalog/catalog.h"
#include "common/clock/clock.h"
#include "common/keyring/opt_out_store.h"
#include "services/ingest/acknowledged_cache.h"
#include "services/ingest/delta_coalescer.h"
#include "services/ingest/ingest_counters.h"
#include "services/ingest/policy_cache.h"

namespace tutti {

// What turning activities into bits needs. References outlive their users.
struct IngestParts {
  const Catalog& catalog;
  PolicyCache& policies;
  AcknowledgedCache& acknowledged;
  DeltaCoalescer& coalescer;
  const OptOutStore& opt_outs;
  IngestCounters& counters;
  const WallClock& clock;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_INGEST_PARTS_H_
