#ifndef TUTTI_COMMON_REDIS_REDIS_COHORT_STORE_H_
#define TUTTI_COMMON_REDIS_REDIS_COHORT_STORE_H_

#include <string>

#include "common/redis/connection.h"
#include "common/storage/cohort_store.h"

namespace tutti {

// Keeps cohorts in Redis. Reading sends nothing but GET. Thread-safe.
class RedisCohortStore final : public CohortStore {
 public:
  // `pool` outlives this.
  explicit RedisCohortStore(RedisPool& pool) : pool_(pool) {}

  absl::StatusOr<std::string> Read(Day end_day, const std::string& cohort) override;
  absl::Status Create(Day end_day, const std::string& cohort, const std::string& record) override;

 private:
  RedisPool& pool_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_REDIS_COHORT_STORE_H_
