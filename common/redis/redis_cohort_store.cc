#include "common/redis/redis_cohort_store.h"

#include "common/redis/keys.h"

namespace tutti {

absl::StatusOr<std::string> RedisCohortStore::Read(Day end_day, const std::string& cohort) {
  return AsString(router_.Read(CohortKey(end_day, cohort), {"GET", CohortKey(end_day, cohort)}));
}

absl::Status RedisCohortStore::Create(Day end_day, const std::string& cohort,
                                      const std::string& record) {
  const absl::Status set =
      AsString(router_.CallDurably(CohortKey(end_day, cohort),
                                   {"SET", CohortKey(end_day, cohort), record, "NX"}))
          .status();
  return absl::IsNotFound(set) ? absl::AlreadyExistsError("the cohort is there") : set;
}

}  // namespace tutti
