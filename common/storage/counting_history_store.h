#ifndef TUTTI_COMMON_STORAGE_COUNTING_HISTORY_STORE_H_
#define TUTTI_COMMON_STORAGE_COUNTING_HISTORY_STORE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tutti/aggregate/v1/aggregate.pb.h"

namespace tutti {

// The history as it was read, and the exact bytes, against which a change is compared.
struct VersionedHistory {
  aggregate::v1::CountingHistory history;
  std::string version;  // empty: none was ever stored
};

// Keeps, beside the counters, which keyrings and which catalogues counted. Thread-safe. Every
// method may return Unavailable, and DataLoss when what is stored cannot be read.
class CountingHistoryStore {
 public:
  virtual ~CountingHistoryStore() = default;

  // Empty when none was ever stored.
  virtual absl::StatusOr<VersionedHistory> ReadHistory() = 0;

  // Replaces what is stored, if it is still of the version `old`; else Aborted, and nothing is
  // changed. Returns when that is durable.
  virtual absl::Status ReplaceHistory(const std::string& old,
                                      const aggregate::v1::CountingHistory& history) = 0;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_STORAGE_COUNTING_HISTORY_STORE_H_
