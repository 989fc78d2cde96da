#ifndef TUTTI_SERVICES_AGGREGATE_PACE_H_
#define TUTTI_SERVICES_AGGREGATE_PACE_H_

#include <chrono>
#include <thread>

namespace tutti {

// Lets what others see of a piece of work happen at whole ticks after it began, so that how
// long the work took tells them no more than in how many ticks it was done. Not thread-safe.
class Pace {
 public:
  using Clock = std::chrono::steady_clock;

  // Begins now. Without a tick nothing is waited for.
  explicit Pace(Clock::duration tick = Clock::duration::zero()) : tick_(tick) {}

  // Waits for the next tick.
  void AwaitTick() const {
    if (tick_ == Clock::duration::zero()) return;
    const auto ticks = (Clock::now() - begin_) / tick_;
    std::this_thread::sleep_until(begin_ + (ticks + 1) * tick_);
  }

 private:
  Clock::duration tick_;
  Clock::time_point begin_ = Clock::now();
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_PACE_H_
