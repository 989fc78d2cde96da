#ifndef TUTTI_COMMON_STORAGE_COHORT_STORE_H_
#define TUTTI_COMMON_STORAGE_COHORT_STORE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/window/day.h"

namespace tutti {

// Keeps what groups of peers came to, each once. Thread-safe. Every method may return
// Unavailable.
class CohortStore {
 public:
  virtual ~CohortStore() = default;

  // The record (serialised tutti.publication.v1.Cohort); NotFound.
  virtual absl::StatusOr<std::string> Read(Day end_day, const std::string& cohort) = 0;

  // Stores a record where none is; AlreadyExists otherwise, and nothing is changed.
  // Returns when that is durable.
  virtual absl::Status Create(Day end_day, const std::string& cohort,
                              const std::string& record) = 0;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_STORAGE_COHORT_STORE_H_
