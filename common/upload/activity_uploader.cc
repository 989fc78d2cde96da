#include "common/upload/activity_uploader.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/rpc/error_details.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

using ingest::v1::IngestActivitiesRequest;
using ingest::v1::IngestActivitiesResponse;

bool IsRetryable(const absl::Status& status) {
  // Nobody here cancels a call: gRPC says so of one that came in the instant in which ingest began
  // to stop.
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ||
         absl::IsDeadlineExceeded(status) || absl::IsCancelled(status);
}

absl::Status GaveUp(const absl::Status& status, absl::Duration spent) {
  absl::Status out(status.code(),
                   absl::StrCat(status.message(), "; tried for ",
                                absl::FormatDuration(absl::Ceil(spent, absl::Seconds(1)))));
  status.ForEachPayload(
      [&](absl::string_view url, const absl::Cord& payload) { out.SetPayload(url, payload); });
  return out;
}

}  // namespace

ActivityUploader::ActivityUploader(BatchSink& sink, UploadOptions options)
    : sink_(sink), options_(std::move(options)) {
  options_.batch_activities = std::clamp<size_t>(options_.batch_activities, 1, 10000);
  options_.batch_bytes = std::clamp<size_t>(options_.batch_bytes, 1 << 10, 15 << 20);
  options_.in_flight = std::clamp(options_.in_flight, 1, 32);
  if (!options_.sleep) options_.sleep = [](absl::Duration pause) { absl::SleepFor(pause); };
  for (int i = 0; i < options_.in_flight; ++i) threads_.emplace_back([this] { Work(); });
}

ActivityUploader::~ActivityUploader() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    queue_.clear();
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

absl::Status ActivityUploader::Add(const std::string& organization, ingest::v1::Activity activity) {
  Pending& pending = pending_[organization];
  // The message, its tag and its length.
  const size_t bytes = activity.ByteSizeLong() + 6;
  if (pending.bytes + bytes > options_.batch_bytes && pending.batch.activities_size() > 0) {
    RETURN_IF_ERROR(Enqueue(&pending));
  }
  if (pending.batch.organization().empty()) pending.batch.set_organization(organization);
  *pending.batch.add_activities() = std::move(activity);
  pending.bytes += bytes;
  if (static_cast<size_t>(pending.batch.activities_size()) < options_.batch_activities) {
    return absl::OkStatus();
  }
  return Enqueue(&pending);
}

absl::Status ActivityUploader::Flush() {
  for (auto& [organization, pending] : pending_) {
    if (pending.batch.activities_size() == 0) continue;
    if (!Enqueue(&pending).ok()) break;
  }
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return (queue_.empty() && sending_ == 0); });
  return error_;
}

UploadSummary ActivityUploader::SummaryOf(const std::string& organization) const {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = summaries_.find(organization);
  return found == summaries_.end() ? UploadSummary() : found->second;
}

absl::Status ActivityUploader::Enqueue(Pending* pending) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] {
    return !error_.ok() ||
           queue_.size() + static_cast<size_t>(sending_) < static_cast<size_t>(options_.in_flight);
  });
  if (!error_.ok()) return error_;
  queue_.push_back(std::move(pending->batch));
  pending->batch = IngestActivitiesRequest();
  pending->bytes = 0;
  changed_.notify_all();
  return absl::OkStatus();
}

void ActivityUploader::Work() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const IngestActivitiesRequest batch = std::move(queue_.front());
    queue_.pop_front();
    ++sending_;
    lock.unlock();
    Deliver(batch);
    lock.lock();
    --sending_;
    changed_.notify_all();
  }
}

void ActivityUploader::Deliver(const IngestActivitiesRequest& batch) {
  using Clock = std::chrono::steady_clock;
  absl::Duration spent;
  for (int attempt = 0;; ++attempt) {
    const Clock::time_point sent = Clock::now();
    const absl::StatusOr<IngestActivitiesResponse> answer = sink_.Send(batch);
    spent += absl::FromChrono(Clock::now() - sent);
    if (answer.ok() || !IsRetryable(answer.status())) return Count(batch, answer, attempt);
    const absl::Duration pause = PauseAfter(answer.status(), attempt);
    if (spent + pause > options_.retry_for) {
      return Count(batch, GaveUp(answer.status(), spent), attempt);
    }
    if (!MayGoOn()) return Count(batch, answer, attempt);
    spent += pause;
    Tell(answer.status(), pause);
    options_.sleep(pause);
  }
}

bool ActivityUploader::MayGoOn() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return !stopping_ && error_.ok();
}

absl::Duration ActivityUploader::PauseAfter(const absl::Status& error, int attempt) {
  const absl::Duration asked = RetryDelayOf(error).value_or(absl::ZeroDuration());
  if (absl::IsResourceExhausted(error) && asked > absl::ZeroDuration()) return asked;
  const absl::Duration full = std::min(
      options_.max_backoff, options_.first_backoff * (int64_t{1} << std::min(attempt, 20)));
  std::lock_guard<std::mutex> lock(mutex_);
  return std::max(asked, full * absl::Uniform(jitter_, 0.5, 1.0));
}

void ActivityUploader::Tell(const absl::Status& status, absl::Duration pause) {
  // Who sends too much has lost nothing.
  if (!options_.tell || absl::IsResourceExhausted(status)) return;
  std::lock_guard<std::mutex> lock(mutex_);
  if (status.ok() && !lost_) return;
  lost_ = !status.ok();
  options_.tell(status, pause);
}

absl::Status ActivityUploader::status() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return error_;
}

void ActivityUploader::Count(const IngestActivitiesRequest& batch,
                             const absl::StatusOr<IngestActivitiesResponse>& answer, int retries) {
  if (answer.ok()) Tell(absl::OkStatus(), absl::ZeroDuration());
  std::lock_guard<std::mutex> lock(mutex_);
  UploadSummary& summary = summaries_[batch.organization()];
  summary.retries += retries;
  if (!answer.ok()) {
    if (error_.ok()) error_ = answer.status();
    queue_.clear();
    return;
  }
  ++summary.batches;
  summary.accepted += answer->accepted_count();
  summary.partly_late += answer->partly_late_count();
  const ingest::v1::IgnoredValues& ignored = answer->ignored();
  summary.ignored_values += ignored.apps() + ignored.platforms() + ignored.traits();
  for (const ingest::v1::Rejection& rejection : answer->rejections()) {
    std::string name = ingest::v1::Reason_Name(rejection.reason());
    if (name.empty()) name = absl::StrCat("REASON_", static_cast<int>(rejection.reason()));
    ++summary.refused[name];
  }
}

}  // namespace tutti
