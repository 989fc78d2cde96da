#include "services/ingest/flush_loop.h"

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
  const auto beat = absl::ToChronoNanoseconds(interval);
  auto next = std::chrono::steady_clock::now() + beat;
  std::unique_lock lock(mutex_);
  while (!wake_.wait_until(lock, next, [this] { return stop_; })) {
    lock.unlock();
    coalescer_.Tick();
    lock.lock();
    // Beats that a long tick missed are left out, not made up for.
    const auto now = std::chrono::steady_clock::now();
    next += beat * ((now - next) / beat + 1);
  }
}

}  // namespace tutti
