#include "services/aggregate/closing_loop.h"

#include <chrono>
#include <iterator>
#include <utility>

#include "common/rpc/error_details.h"
#include "common/status/status_macros.h"
#include "common/telemetry/log.h"

namespace tutti {
namespace {

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
  parts_.closer.Stop();
  threads_.Stop();
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void ClosingLoop::NoteClosed(bool any) {
  if (any) last_close_ = absl::ToUnixSeconds(parts_.clock.Now());
}

absl::Time ClosingLoop::last_close() const {
  const int64_t seconds = last_close_;
  return seconds == kNever ? absl::InfinitePast() : absl::FromUnixSeconds(seconds);
}

bool ClosingLoop::stopping() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return stopping_;
}

void ClosingLoop::Run(absl::Duration interval) {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    absl::Status swept = Sweep().status();
    if (swept.ok()) swept = parts_.due_times.LookOn();
    if (!swept.ok() && !stopping()) {
      LogWarning("sweep_failed", {{"code", absl::StatusCodeToString(swept.code())}});
    }
    lock.lock();
    wake_.wait_for(lock, absl::ToChronoNanoseconds(interval), [this] { return stopping_; });
  }
}

absl::Status ClosingLoop::CheckClock() {
  absl::Status right = parts_.clock_guard.Check();
  // Another aggregate's clock may be right, and so may this one's be soon: callers try again.
  if (absl::IsFailedPrecondition(right)) return absl::UnavailableError(right.message());
  return right;
}

absl::StatusOr<CloseReport> ClosingLoop::CloseOne(const std::string& organization) {
  const Pace pace(kTick);
  if (stopping()) return StoppingError();
  RETURN_IF_ERROR(CheckClock());
  absl::StatusOr<CloseReport> report = parts_.closer.CloseDue(organization, pace);
  // One that failed may have come to a deletion.
  if (report.ok() ? report->deleted : !absl::IsNotFound(report.status())) {
    parts_.scrubber.ScrubSoon();
  }
  pace.AwaitTick();
  NoteClosed(report.ok() && !report->windows.empty());
  if (report.ok() && report->next_due <= parts_.clock.Now() && stopping()) return StoppingError();
  return report;
}

absl::StatusOr<SweepReport> ClosingLoop::Sweep() {
  const Pace pace(kTick);
  SweepReport sweep;
  const absl::Status swept = SweepAll(pace, sweep);
  // However it ended.
  if (sweep.deleted) parts_.scrubber.ScrubSoon();
  pace.AwaitTick();
  NoteClosed(!sweep.windows.empty());
  if (!swept.ok()) return swept;
  return sweep;
}

absl::Status ClosingLoop::SweepAll(const Pace& pace, SweepReport& sweep) {
  while (!stopping()) {
    // Each time: a clock may jump while many are closed.
    RETURN_IF_ERROR(CheckClock());
    // What another may close is not put off either.
    RETURN_IF_ERROR(parts_.closer.MayClose());
    ASSIGN_OR_RETURN(const std::vector<std::string> due,
                     parts_.organizations.ListDue(parts_.clock.Now(), kTogether));
    if (due.empty()) {
      const absl::Status built = parts_.cohorts.BuildDue([this] { return stopping(); }).status();
      return stopping() ? StoppingError() : built;
    }
    RETURN_IF_ERROR(CloseTogether(due, pace, sweep));
  }
  return StoppingError();
}

absl::Status ClosingLoop::CloseTogether(const std::vector<std::string>& organizations,
                                        const Pace& pace, SweepReport& sweep) {
  std::vector<absl::StatusOr<CloseReport>> reports(organizations.size(), StoppingError());
  threads_.RunAll(organizations.size(), [&](size_t i) {
    reports[i] = parts_.closer.CloseDue(organizations[i], pace, 1);
  });
  absl::Status status = stopping() ? StoppingError() : absl::OkStatus();
  for (size_t i = 0; i < organizations.size(); ++i) {
    absl::StatusOr<CloseReport>& report = reports[i];
    const bool missing = absl::IsNotFound(report.status());
    // A store that did not answer once is not asked again.
    if (status.ok() && (!report.ok() || report->busy)) {
      // Whoever closes it sets the time anew; if nobody does, we try again.
      status = parts_.organizations.SetDue(organizations[i],
                                           parts_.clock.Now() + (missing ? kLookAgain : kRetry));
    }
    if (missing) continue;
    if (!report.ok()) {
      sweep.deleted = true;  // it may have come to that
      ++sweep.failed;
      if (stopping()) continue;
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
