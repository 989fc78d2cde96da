#ifndef TUTTI_SERVICES_INGEST_INGEST_COUNTERS_H_
#define TUTTI_SERVICES_INGEST_INGEST_COUNTERS_H_

#include <array>
#include <atomic>
#include <cstdint>

#include "tutti/ingest/v1/ingest.pb.h"

namespace tutti {

// Counts since the process began what ingest did; never by organisation.
// Thread-safe.
struct IngestCounters {
  std::atomic<uint64_t> accepted_activities{0};
  // Indexed by Reason.
  std::array<std::atomic<uint64_t>, ingest::v1::Reason_ARRAYSIZE> refused_activities{};
  std::array<std::atomic<uint64_t>, ingest::v1::Reason_ARRAYSIZE> refused_batches{};
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_INGEST_COUNTERS_H_
