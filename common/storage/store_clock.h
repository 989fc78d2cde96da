#ifndef TUTTI_COMMON_STORAGE_STORE_CLOCK_H_
#define TUTTI_COMMON_STORAGE_STORE_CLOCK_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tutti {

// Tells the time as the store has it: a clock that all who use one store share, and that one of
// them cannot have set wrong alone. A store on several machines has the earliest of their times.
// Thread-safe.
class StoreClock {
 public:
  virtual ~StoreClock() = default;

  // Unavailable when the store cannot be reached.
  virtual absl::StatusOr<absl::Time> Now() = 0;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_STORAGE_STORE_CLOCK_H_
