#include "common/redis/redis_cohort_store.h"

#include "common/redis/keys.h"

namespace tutti {

absl::StatusOr<std::string> RedisCohortStore::Read(Day end_day, const std::string& cohort) {
  return AsString(pool_.Call({"GET", CohortKey(end_day, cohort)}));
}

absl::Status RedisCohortStore::Create(Day end_day, const std::string& cohort,
                                      const std::string& record) {
  const absl::Status set =
      AsString(pool_.CallDurably({"SET", CohortKey(end_day, cohort), record, "NX"})).status();
  return absl::IsNotFound(set) ? absl::AlreadyExistsError("the cohort is there") : set;
}

}  // namespace tutti
