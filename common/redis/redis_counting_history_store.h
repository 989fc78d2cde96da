#ifndef TUTTI_COMMON_REDIS_REDIS_COUNTING_HISTORY_STORE_H_
#define TUTTI_COMMON_REDIS_REDIS_COUNTING_HISTORY_STORE_H_

#include <string>

#include "common/redis/redis_router.h"
#include "common/storage/counting_history_store.h"

namespace tutti {

// Keeps the history in one key of no organisation. Thread-safe.
class RedisCountingHistoryStore final : public CountingHistoryStore {
 public:
  // `router` outlives this.
  explicit RedisCountingHistoryStore(RedisRouter& router) : router_(router) {}

  absl::StatusOr<VersionedHistory> ReadHistory() override;
  absl::Status ReplaceHistory(const std::string& old,
                              const aggregate::v1::CountingHistory& history) override;

 private:
  RedisRouter& router_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_REDIS_COUNTING_HISTORY_STORE_H_
