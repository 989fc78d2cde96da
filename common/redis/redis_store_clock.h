#ifndef TUTTI_COMMON_REDIS_REDIS_STORE_CLOCK_H_
#define TUTTI_COMMON_REDIS_REDIS_STORE_CLOCK_H_

#include "common/redis/redis_router.h"
#include "common/storage/store_clock.h"

namespace tutti {

// The clocks of the machines on which redis-server runs: of the one, or of a cluster's primaries.
// Thread-safe.
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
