#ifndef TUTTI_COMMON_REDIS_REDIS_COHORT_STORE_H_
#define TUTTI_COMMON_REDIS_REDIS_COHORT_STORE_H_

#include <string>

#include "common/redis/redis_router.h"
#include "common/storage/cohort_store.h"

namespace tutti {

// Keeps cohorts in Redis. Reading sends nothing but GET. Thread-safe.
class RedisCohortStore final : public CohortStore {
 public:
  // `router` outlives this.
  explicit RedisCohortStore(RedisRouter& router) : router_(router) {}

  absl::StatusOr<std::string> Read(Day end_day, const std::string& cohort) override;
  absl::Status Create(Day end_day, const std::string& cohort, const std::string& record) override;

 private:
  RedisRouter& router_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_REDIS_COHORT_STORE_H_
