#ifndef TUTTI_TESTS_DOUBLES_FAKE_CLOCK_H_
#define TUTTI_TESTS_DOUBLES_FAKE_CLOCK_H_

#include <atomic>

#include "common/clock/clock.h"

namespace tutti {

// A wall clock that stands until it is moved. Thread-safe.
class FakeWallClock final : public WallClock {
 public:
  explicit FakeWallClock(absl::Time now) : nanos_(absl::ToUnixNanos(now)) {}
  absl::Time Now() const override { return absl::FromUnixNanos(nanos_); }
  void Set(absl::Time now) { nanos_ = absl::ToUnixNanos(now); }
  void Advance(absl::Duration by) { nanos_ += absl::ToInt64Nanoseconds(by); }

 private:
  std::atomic<int64_t> nanos_;
};

// The same for durations.
class FakeSteadyClock final : public SteadyClock {
 public:
  absl::Duration SinceStart() const override { return absl::Nanoseconds(nanos_.load()); }
  void Advance(absl::Duration by) { nanos_ += absl::ToInt64Nanoseconds(by); }

 private:
  std::atomic<int64_t> nanos_{0};
};

}  // namespace tutti

#endif  // TUTTI_TESTS_DOUBLES_FAKE_CLOCK_H_
