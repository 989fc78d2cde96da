#include "services/ingest/flush_loop.h"

#include <sodium.h>

#include <chrono>

namespace tutti {

FlushLoop::FlushLoop(DeltaCoalescer& coalescer, absl::Duration interval)
    : coalescer_(coalescer), thread_([this, interval] { Run(interval); }) {}

FlushLoop::~FlushLoop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
  coalescer_.Tick();
}

void FlushLoop::Run(absl::Duration interval) {
  const auto next_beat = [interval] {
    const int64_t shortest = absl::ToInt64Microseconds(interval);
    const uint32_t more = randombytes_uniform(static_cast<uint32_t>(shortest / 2));
    return std::chrono::microseconds(shortest + more);
  };
  auto next = std::chrono::steady_clock::now() + next_beat();
  std::unique_lock lock(mutex_);
  while (!wake_.wait_until(lock, next, [this] { return stop_; })) {
    lock.unlock();
    coalescer_.Tick();
    lock.lock();
    // Beats that a long tick missed are left out, not made up for.
    const auto now = std::chrono::steady_clock::now();
    while (next <= now) next += next_beat();
  }
}

}  // namespace tutti
