#include "services/aggregate/file_scrubber.h"

#include <algorithm>
#include <chrono>

#include "common/telemetry/log.h"

namespace tutti {
namespace {

// A node that is away may be so for days, and each try rewrites the files of the others.
constexpr absl::Duration kLongestRetry = absl::Hours(1);

}  // namespace

void FileScrubber::Start() {
  thread_ = std::thread([this] { Run(); });
}

void FileScrubber::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void FileScrubber::ScrubSoon() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    wanted_ = true;
    pending_ = true;
  }
  wake_.notify_all();
}

bool FileScrubber::stopping() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return stopping_;
}

void FileScrubber::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  absl::Duration pause = retry_;
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || wanted_; });
    if (stopping_) return;
    // Whoever asks from here on may have deleted what this scrub copies.
    wanted_ = false;
    lock.unlock();
    const absl::Status scrubbed = counters_.ScrubFiles([this] { return stopping(); });
    lock.lock();
    if (scrubbed.ok()) {
      pending_ = wanted_;
      pause = retry_;
      continue;
    }
    wanted_ = true;
    if (stopping_) return;
    ++failures_;
    LogWarning("scrub_failed", {{"code", absl::StatusCodeToString(scrubbed.code())}});
    wake_.wait_for(lock, absl::ToChronoNanoseconds(pause), [this] { return stopping_; });
    pause = std::min(2 * pause, std::max(retry_, kLongestRetry));
  }
}

}  // namespace tutti
