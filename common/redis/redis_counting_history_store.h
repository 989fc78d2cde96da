#ifndef TUTTI_COMMON_REDIS_REDIS_COUNTING_HISTORY_STORE_H_
#define TUTTI_COMMON_REDIS_REDIS_COUNTING_HISTORY_STORE_H_

#include <string>

#include "common/redis/connection.h"
#include "common/storage/counting_history_store.h"

namespace tutti {

// Keeps the history in one key of no organisation. Thread-safe.
class RedisCountingHistoryStore final : public CountingHistoryStore {
 public:
  // `pool` outlives this.
  explicit RedisCountingHistoryStore(RedisPool& pool) : pool_(pool) {}

  absl::StatusOr<VersionedHistory> ReadHistory() override;
  absl::Status ReplaceHistory(const std::string& old,
                              const aggregate::v1::CountingHistory& history) override;

 private:
  RedisPool& pool_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_REDIS_COUNTING_HISTORY_STORE_H_
