#ifndef TUTTI_TESTS_DOUBLES_FAKE_STORE_CLOCK_H_
#define TUTTI_TESTS_DOUBLES_FAKE_STORE_CLOCK_H_

#include "common/clock/clock.h"
#include "common/storage/store_clock.h"

namespace tutti {

// A store whose machine has the same clock as its users.
class FakeStoreClock final : public StoreClock {
 public:
  // `clock` outlives this.
  explicit FakeStoreClock(const WallClock& clock) : clock_(clock) {}
  absl::StatusOr<absl::Time> Now() override { return clock_.Now(); }

 private:
  const WallClock& clock_;
};

}  // namespace tutti

#endif  // TUTTI_TESTS_DOUBLES_FAKE_STORE_CLOCK_H_
