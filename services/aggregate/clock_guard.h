#ifndef TUTTI_SERVICES_AGGREGATE_CLOCK_GUARD_H_
#define TUTTI_SERVICES_AGGREGATE_CLOCK_GUARD_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/clock/clock.h"
#include "common/storage/store_clock.h"

namespace tutti {

// Tells whether this process's clock may decide what is due. One that is ahead would close
// windows, and destroy what is counted in them, while they still take activity. One that is
// behind closes late, which loses nothing. Thread-safe.
class ClockGuard {
 public:
  static constexpr absl::Duration kMaxAhead = absl::Minutes(10);

  // References outlive this.
  ClockGuard(const WallClock& own, StoreClock& store) : own_(own), store_(store) {}

  // FailedPrecondition, with how far, when this clock is more than kMaxAhead ahead of the
  // store's. Unavailable when the store cannot be asked.
  absl::Status Check();

 private:
  const WallClock& own_;
  StoreClock& store_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_CLOCK_GUARD_H_
