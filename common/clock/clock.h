#ifndef TUTTI_COMMON_CLOCK_CLOCK_H_
#define TUTTI_COMMON_CLOCK_CLOCK_H_

#include <chrono>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace tutti {

// Tells the civil time. It may jump; for durations use SteadyClock. Thread-safe.
class WallClock {
 public:
  virtual ~WallClock() = default;
  virtual absl::Time Now() const = 0;
};

// Measures durations: never goes back. Its zero means nothing. Thread-safe.
class SteadyClock {
 public:
  virtual ~SteadyClock() = default;
  virtual absl::Duration SinceStart() const = 0;
};

class SystemWallClock final : public WallClock {
 public:
  absl::Time Now() const override { return absl::Now(); }
};

class SystemSteadyClock final : public SteadyClock {
 public:
  absl::Duration SinceStart() const override {
    return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
  }
};

}  // namespace tutti

#endif  // TUTTI_COMMON_CLOCK_CLOCK_H_
