#include "services/aggregate/closing_loop.h"

#include <chrono>
#include <iterator>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
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

int ClosingLoop::failing() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<int>(failing_.size());
}

void ClosingLoop::NoteOutcome(const std::string& organization, const Outcome& outcome) {
  const std::lock_guard<std::mutex> lock(mutex_);
  // Whoever is closing it knows how it ends.
  if (outcome.ok() && outcome->busy) return;
  if (outcome.ok() || absl::IsNotFound(outcome.status())) {
    failing_.erase(organization);
  } else if (!stopping_ && failing_.size() < kMostFailing) {
    failing_.insert(organization);
  }
}

absl::Status ClosingLoop::CheckFit() {
  // One of which nothing was found yet may hang, and is not waited for.
  if (!parts_.store.known()) return parts_.store.Check();
  const absl::Status right = parts_.clock_guard.Check();
  // Another aggregate's clock may be right, and so may this one's be soon: callers try again.
  if (absl::IsFailedPrecondition(right)) return absl::UnavailableError(right.message());
  RETURN_IF_ERROR(right);
  return parts_.store.Check();
}

absl::StatusOr<CloseReport> ClosingLoop::CloseOne(const std::string& organization) {
  const Pace pace(kTick);
  if (stopping()) return StoppingError();
  RETURN_IF_ERROR(CheckFit());
  Outcome report = parts_.closer.CloseDue(organization, pace);
  NoteOutcome(organization, report);
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
  std::set<std::string> again;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    again = failing_;
  }
  while (!stopping()) {
    // Each time: a clock may jump while many are closed.
    RETURN_IF_ERROR(CheckFit());
    // What another may close is not put off either.
    RETURN_IF_ERROR(parts_.closer.MayClose());
    ASSIGN_OR_RETURN(std::vector<std::string> organizations,
                     parts_.organizations.ListDue(parts_.clock.Now(), kTogether));
    const bool due = !organizations.empty();
    for (const std::string& organization : organizations) again.erase(organization);
    while (!due && !again.empty() && organizations.size() < kTogether) {
      organizations.push_back(std::move(again.extract(again.begin()).value()));
    }
    if (organizations.empty()) {
      const absl::Status built = parts_.cohorts.BuildDue([this] { return stopping(); }).status();
      return stopping() ? StoppingError() : built;
    }
    std::vector<Outcome> outcomes = CloseTogether(organizations, pace);
    // Of the others it is known already when they are due.
    absl::Status put_off = due ? PutOff(organizations, outcomes) : absl::OkStatus();
    Report(std::move(outcomes), sweep);
    RETURN_IF_ERROR(put_off);
  }
  return StoppingError();
}

std::vector<ClosingLoop::Outcome> ClosingLoop::CloseTogether(
    const std::vector<std::string>& organizations, const Pace& pace) {
  std::vector<Outcome> outcomes(organizations.size(), StoppingError());
  threads_.RunAll(organizations.size(), [&](size_t i) {
    outcomes[i] = parts_.closer.CloseDue(organizations[i], pace, 1);
    NoteOutcome(organizations[i], outcomes[i]);
  });
  return outcomes;
}

absl::Status ClosingLoop::PutOff(const std::vector<std::string>& organizations,
                                 const std::vector<Outcome>& outcomes) {
  absl::Status status = stopping() ? StoppingError() : absl::OkStatus();
  for (size_t i = 0; i < organizations.size(); ++i) {
    // A store that did not answer once is not asked again.
    if (!status.ok()) return status;
    if (outcomes[i].ok() && !outcomes[i]->busy) continue;
    const bool missing = absl::IsNotFound(outcomes[i].status());
    // Whoever closes it sets the time anew; if nobody does, we try again.
    status = parts_.organizations.SetDue(organizations[i],
                                         parts_.clock.Now() + (missing ? kLookAgain : kRetry));
  }
  return status;
}

void ClosingLoop::Report(std::vector<Outcome> outcomes, SweepReport& sweep) {
  std::map<std::pair<absl::StatusCode, std::string>, int> failures;
  for (Outcome& outcome : outcomes) {
    if (absl::IsNotFound(outcome.status())) continue;
    if (!outcome.ok()) {
      sweep.deleted = true;  // it may have come to that
      ++sweep.failed;
      ++failures[{outcome.status().code(), std::string(outcome.status().message())}];
      continue;
    }
    sweep.busy += outcome->busy ? 1 : 0;
    sweep.deleted |= outcome->deleted;
    std::move(outcome->windows.begin(), outcome->windows.end(), std::back_inserter(sweep.windows));
  }
  if (stopping()) return;
  for (const auto& [failure, count] : failures) {
    LogWarning("close_failed", {{"code", absl::StatusCodeToString(failure.first)},
                                {"problem", failure.second},
                                {"organizations", absl::StrCat(count)}});
  }
}

}  // namespace tutti
