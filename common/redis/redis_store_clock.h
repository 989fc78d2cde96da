#ifndef TUTTI_COMMON_REDIS_REDIS_STORE_CLOCK_H_
#define TUTTI_COMMON_REDIS_REDIS_STORE_CLOCK_H_

#include "common/redis/connection.h"
#include "common/storage/store_clock.h"

namespace tutti {

// The clock of the machine on which redis-server runs. Thread-safe.
class RedisStoreClock final : public StoreClock {
 public:
  // `pool` outlives this.
  explicit RedisStoreClock(RedisPool& pool) : pool_(pool) {}

  absl::StatusOr<absl::Time> Now() override;

 private:
  RedisPool& pool_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_REDIS_STORE_CLOCK_H_
