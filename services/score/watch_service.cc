#include "services/score/watch_service.h"

#include <chrono>
#include <deque>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/rpc/error_details.h"
#include "common/rpc/status.h"

namespace tutti {
namespace {

// A new score is sent within a second.
constexpr std::chrono::milliseconds kInterval(500);

absl::Status TooMany(const std::string& what) {
  return WithReason(
      absl::ResourceExhaustedError(absl::StrCat(what, ": retry with backoff, or poll GetScore")),
      score::v1::REASON_TOO_MANY_WATCHERS);
}

}  // namespace

grpc::Slice SharedBytes(const ScoreReader::Answer& answer) {
  auto* const held = new ScoreReader::Answer(answer);
  return {const_cast<char*>((*held)->data()), (*held)->size(),  // NOLINT: nobody writes to it
          [](void* user_data) { delete static_cast<ScoreReader::Answer*>(user_data); }, held};
}

// One call. gRPC may call back on the thread that starts an operation, so operations
// start without the lock; it finishes when nothing is being written.
class WatchService::Watcher final : public Reactor {
 public:
  Watcher(WatchService& owner, std::string organization, AnswerView view, const Caller& caller)
      : owner_(owner),
        organization_(std::move(organization)),
        view_(view),
        principal_(caller.principal),
        expires_(caller.expires) {}

  // Whether it counts as its caller's. Guarded by the owner's mutex.
  bool admitted = false;

  const std::string& organization() const { return organization_; }
  AnswerView view() const { return view_; }
  const std::string& principal() const { return principal_; }
  absl::Time expires() const { return expires_; }

  // The day of the last score that it was given. The thread's own.
  std::optional<Day> last() const { return last_; }

  // Whether all that it was given is written, or being written.
  bool idle() {
    const std::lock_guard lock(mutex_);
    return waiting_.empty();
  }

  // There is no score yet: whatever comes is new. The thread's own.
  void SawNothing() { last_ = Day::min(); }

  // Called by the thread alone.
  void Give(const ScoreReader::Dated& score) {
    last_ = score.end_day;
    std::unique_lock lock(mutex_);
    waiting_.push_back(score.answer);
    Advance(std::move(lock));
  }

  void End(const grpc::Status& status) {
    std::unique_lock lock(mutex_);
    if (!end_.has_value()) end_ = status;
    waiting_.clear();
    Advance(std::move(lock));
  }

  void OnWriteDone(bool ok) override {
    std::unique_lock lock(mutex_);
    writing_ = false;
    if (!ok && !end_.has_value()) end_ = grpc::Status::CANCELLED;
    Advance(std::move(lock));
  }

  void OnCancel() override { End(grpc::Status::CANCELLED); }
  void OnDone() override { owner_.Leave(this); }

 private:
  // Writes the next score, or finishes. It may be gone afterwards.
  void Advance(std::unique_lock<std::mutex> lock) {
    if (writing_ || finished_) return;
    if (end_.has_value()) {
      finished_ = true;
      const grpc::Status status = *end_;
      lock.unlock();
      Finish(status);
      return;
    }
    if (waiting_.empty()) return;
    const grpc::Slice slice = SharedBytes(waiting_.front());
    bytes_ = grpc::ByteBuffer(&slice, 1);
    waiting_.pop_front();
    writing_ = true;
    lock.unlock();
    StartWrite(&bytes_);
  }

  WatchService& owner_;
  const std::string organization_;
  const AnswerView view_;
  const std::string principal_;
  const absl::Time expires_;
  std::optional<Day> last_;
  std::mutex mutex_;
  // Guarded by mutex_:
  std::deque<ScoreReader::Answer> waiting_;
  grpc::ByteBuffer bytes_;  // being written
  std::optional<grpc::Status> end_;
  bool writing_ = false;
  bool finished_ = false;
};

WatchService::WatchService(ScoreReader& reader, RecordReader& records)
    : reader_(reader), records_(records), thread_([this] { Run(); }) {}

WatchService::~WatchService() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

absl::Status WatchService::Admit(Watcher& watcher) {
  if (draining_) return StoppingError();
  if (watchers_.size() >= kMaxWatchers) {
    return TooMany(absl::StrCat(kMaxWatchers, " calls are watching, the most of this server"));
  }
  int& watches = of_caller_[watcher.principal()];
  if (watches >= kMaxWatchesOfACaller) {
    return TooMany(absl::StrCat("this caller is watching ", watches, " times, the most for one"));
  }
  ++watches;
  watcher.admitted = true;
  return absl::OkStatus();
}

WatchService::Reactor* WatchService::Watch(std::string organization, AnswerView view,
                                           const Caller& caller) {
  const auto watcher = std::make_shared<Watcher>(*this, std::move(organization), view, caller);
  absl::Status admitted;
  {
    const std::lock_guard lock(mutex_);
    admitted = Admit(*watcher);
    // It stays until gRPC is done with it, admitted or not.
    watchers_.emplace(watcher.get(), watcher);
    if (admitted.ok()) new_.push_back(watcher);
  }
  if (!admitted.ok()) {
    watcher->End(ToGrpcStatus(admitted));
  } else {
    // So that the caller knows that it watches, also before anything is published.
    watcher->StartSendInitialMetadata();
    changed_.notify_one();
  }
  return watcher.get();
}

WatchService::Reactor* WatchService::Refuse(const grpc::Status& status) {
  class Refused final : public Reactor {
   public:
    explicit Refused(const grpc::Status& refusal) { Finish(refusal); }
    void OnDone() override { delete this; }
  };
  return new Refused(status);
}

void WatchService::Leave(Watcher* watcher) {
  std::shared_ptr<Watcher> self;  // let go after the lock
  const std::lock_guard lock(mutex_);
  const auto found = watchers_.find(watcher);
  self.swap(found->second);
  watchers_.erase(found);
  if (!self->admitted) return;
  const auto watches = of_caller_.find(self->principal());
  if (--watches->second == 0) of_caller_.erase(watches);
}

void WatchService::Drain() {
  Watchers all;
  {
    const std::lock_guard lock(mutex_);
    draining_ = true;
    for (const auto& [unused, watcher] : watchers_) all.push_back(watcher);
  }
  for (const auto& watcher : all) watcher->End(ToGrpcStatus(StoppingError()));
}

void WatchService::Run() {
  auto next = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    Watchers watchers;
    if (std::chrono::steady_clock::now() >= next) {
      new_.clear();
      for (const auto& [unused, watcher] : watchers_) watchers.push_back(watcher);
      next = std::chrono::steady_clock::now() + kInterval;
    } else {
      watchers.swap(new_);
    }
    lock.unlock();
    Serve(watchers);
    watchers.clear();
    lock.lock();
    const auto wanted = [&] { return stopping_ || !new_.empty(); };
    if (watchers_.empty()) {
      changed_.wait(lock, wanted);
    } else {
      changed_.wait_until(lock, next, wanted);
    }
  }
}

void WatchService::Serve(const Watchers& watchers) {
  std::map<std::string, Watchers> by_organization;
  const absl::Time now = absl::Now();
  for (const auto& watcher : watchers) {
    if (now >= watcher->expires()) {
      watcher->End(ToGrpcStatus(absl::UnauthenticatedError("unauthenticated")));
    } else {
      by_organization[watcher->organization()].push_back(watcher);
    }
  }
  if (by_organization.empty()) return;
  std::vector<std::string> organizations;
  organizations.reserve(by_organization.size());
  for (const auto& [organization, unused] : by_organization) organizations.push_back(organization);
  const auto latest = records_.LatestDays(organizations);
  if (!latest.ok()) {
    for (const auto& watcher : watchers) watcher->End(ToGrpcStatus(latest.status()));
    return;
  }
  auto day = latest->begin();
  for (const auto& [organization, those] : by_organization) {
    if (day->has_value()) {
      ServeOne(organization, **day, those);
    } else {
      for (const auto& watcher : those) watcher->SawNothing();
    }
    ++day;
  }
}

void WatchService::ServeOne(const std::string& organization, Day latest, const Watchers& watchers) {
  // Grouped by what they were given last and how much they want: mostly one group, often none.
  std::map<std::pair<std::optional<Day>, AnswerView>, Watchers> behind;
  for (const auto& watcher : watchers) {
    // Whoever does not read is given nothing more until they have.
    if (!watcher->idle()) continue;
    if (!watcher->last().has_value() || *watcher->last() < latest) {
      behind[{watcher->last(), watcher->view()}].push_back(watcher);
    }
  }
  for (const auto& [wanted, those] : behind) {
    const auto scores = reader_.ScoresAfter(organization, wanted.first, wanted.second);
    for (const auto& watcher : those) {
      if (!scores.ok()) {
        watcher->End(ToGrpcStatus(scores.status()));
        continue;
      }
      for (const ScoreReader::Dated& score : *scores) watcher->Give(score);
    }
  }
}

}  // namespace tutti
