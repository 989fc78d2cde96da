#ifndef TUTTI_COMMON_REDIS_REDIS_STORE_CLOCK_H_
#define TUTTI_COMMON_REDIS_REDIS_STORE_CLOCK_H_

#include "common/redis/redis_router.h"
#include "common/storage/store_clock.h"

namespace tutti {

// The clock of the machine on which redis-server runs; in a cluster, that of the primary whose
// clock is last. Thread-safe.
class RedisStoreClock final : public StoreClock {
 public:
  // `router` outlives this.
  explicit RedisStoreClock(RedisRouter& router) : router_(router) {}

  absl::StatusOr<absl::Time> Now() override;

 private:
  RedisRouter& router_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_REDIS_STORE_CLOCK_H_
