#ifndef TUTTI_SERVICES_INGEST_INGEST_METRICS_H_
#define TUTTI_SERVICES_INGEST_INGEST_METRICS_H_

#include "common/telemetry/metrics.h"
#include "services/ingest/delta_coalescer.h"
#include "services/ingest/ingest_counters.h"
#include "services/ingest/keyring_minder.h"

namespace tutti {

// The series that ingest shows: accepted activities, refused activities and batches by
// reason, overdue keys, and batches that wait. Repeats are not shown: a producer who watched them
// would learn whether somebody had done a thing before. References outlive the result.
Metrics MetricsOf(const IngestCounters& counters, const KeyringMinder& keyring,
                  const DeltaCoalescer& coalescer);

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_INGEST_METRICS_H_
