#ifndef TUTTI_TESTS_UNIT_SERVICES_SCORE_FAKE_COHORTS_H_
#define TUTTI_TESTS_UNIT_SERVICES_SCORE_FAKE_COHORTS_H_

#include <map>
#include <string>
#include <utility>

#include "common/storage/cohort_store.h"

namespace tutti {

// Cohorts in memory. Not thread-safe.
class FakeCohorts final : public CohortStore {
 public:
  absl::StatusOr<std::string> Read(Day end_day, const std::string& cohort) override {
    const auto found = records_.find({end_day, cohort});
    if (found == records_.end()) return absl::NotFoundError("there is no such cohort");
    return found->second;
  }
  absl::Status Create(Day end_day, const std::string& cohort, const std::string& record) override {
    return records_.emplace(std::pair(end_day, cohort), record).second
               ? absl::OkStatus()
               : absl::AlreadyExistsError("the cohort is there");
  }

 private:
  std::map<std::pair<Day, std::string>, std::string> records_;
};

}  // namespace tutti

#endif  // TUTTI_TESTS_UNIT_SERVICES_SCORE_FAKE_COHORTS_H_
