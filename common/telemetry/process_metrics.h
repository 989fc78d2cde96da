#ifndef TUTTI_COMMON_TELEMETRY_PROCESS_METRICS_H_
#define TUTTI_COMMON_TELEMETRY_PROCESS_METRICS_H_

#include "common/telemetry/metrics.h"

namespace tutti {

// Declares what every Prometheus client shows of its process: start time, processor time, memory
// and file descriptors. Processor time is in whole seconds: less would tell what one request cost.
void AddProcessMetrics(Metrics& metrics);

}  // namespace tutti

#endif  // TUTTI_COMMON_TELEMETRY_PROCESS_METRICS_H_
