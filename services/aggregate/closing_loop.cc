#include "services/aggregate/closing_loop.h"

#include <chrono>
#include <iterator>
#include <utility>

#include "common/telemetry/log.h"

namespace tutti {
namespace {

// How many organisations wait for a tick together, each in a thread of its own.
constexpr int kTogether = 50;
// Longer than these take to close, by far.
constexpr auto kTick = std::chrono::milliseconds(100);
// An organisation that could not be closed is tried again after this.
constexpr absl::Duration kRetry = absl::Seconds(30);
// An entry without an organisation is one being created, or what is left of a
// creation that failed.
constexpr absl::Duration kLookAgain = absl::Hours(1);

}  // namespace

void ClosingLoop::Start(absl::Duration interval) {
  thread_ = std::thread([this, interval] { Run(interval); });
}

void ClosingLoop::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool ClosingLoop::stopping() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return stopping_;
}

void ClosingLoop::Run(absl::Duration interval) {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    if (absl::StatusOr<SweepReport> swept = Sweep(); !swept.ok()) {
      LogWarning("sweep_failed", {{"code", absl::StatusCodeToString(swept.status().code())}});
    }
    lock.lock();
    wake_.wait_for(lock, absl::ToChronoNanoseconds(interval), [this] { return stopping_; });
  }
}

absl::StatusOr<CloseReport> ClosingLoop::CloseOne(const std::string& organization) {
  const Pace pace(kTick);
  absl::StatusOr<CloseReport> report = closer_.CloseDue(organization, pace);
  // One that failed may have come to a deletion.
  if (report.ok() ? report->deleted : !absl::IsNotFound(report.status())) scrubber_.ScrubSoon();
  pace.AwaitTick();
  return report;
}

absl::StatusOr<SweepReport> ClosingLoop::Sweep() {
  const Pace pace(kTick);
  SweepReport sweep;
  const absl::Status swept = SweepAll(pace, sweep);
  // However it ended.
  if (sweep.deleted) scrubber_.ScrubSoon();
  pace.AwaitTick();
  if (!swept.ok()) return swept;
  return sweep;
}

absl::Status ClosingLoop::SweepAll(const Pace& pace, SweepReport& sweep) {
  // Nor is anything put off that another may close.
  if (absl::Status may = closer_.MayClose(); !may.ok()) return may;
  while (!stopping()) {
    const absl::StatusOr<std::vector<std::string>> due =
        organizations_.ListDue(clock_.Now(), kTogether);
    if (!due.ok()) return due.status();
    if (due->empty()) return cohorts_.BuildDue().status();
    if (absl::Status closed = CloseTogether(*due, pace, sweep); !closed.ok()) return closed;
  }
  return absl::OkStatus();
}

absl::Status ClosingLoop::CloseTogether(const std::vector<std::string>& organizations,
                                        const Pace& pace, SweepReport& sweep) {
  std::vector<absl::StatusOr<CloseReport>> reports(organizations.size());
  std::vector<std::thread> closers;
  for (size_t i = 0; i < organizations.size(); ++i) {
    closers.emplace_back([&, i] { reports[i] = closer_.CloseDue(organizations[i], pace, 1); });
  }
  for (std::thread& thread : closers) thread.join();
  absl::Status status;
  for (size_t i = 0; i < organizations.size(); ++i) {
    absl::StatusOr<CloseReport>& report = reports[i];
    const bool missing = absl::IsNotFound(report.status());
    if (!report.ok() || report->busy) {
      // Whoever closes it sets the time anew; if nobody does, we try again.
      status.Update(
          organizations_.SetDue(organizations[i], clock_.Now() + (missing ? kLookAgain : kRetry)));
    }
    if (missing) continue;
    if (!report.ok()) {
      sweep.deleted = true;  // it may have come to that
      ++sweep.failed;
      LogWarning("close_failed", {{"code", absl::StatusCodeToString(report.status().code())}});
      continue;
    }
    sweep.busy += report->busy ? 1 : 0;
    sweep.deleted |= report->deleted;
    std::move(report->windows.begin(), report->windows.end(), std::back_inserter(sweep.windows));
  }
  return status;
}

}  // namespace tutti
