#include "common/rpc/health.h"

#include <algorithm>
#include <optional>

#include "common/telemetry/log.h"

namespace tutti {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

namespace {

constexpr absl::Duration kSameTroubleAgain = absl::Minutes(1);
constexpr absl::Duration kOtherTrouble = absl::Seconds(10);
constexpr absl::Duration kAnswerStep = absl::Milliseconds(100);

}  // namespace

// One open Watch: sends the status when it differs from what was sent last.
class HealthService::Watcher final : public grpc::ServerWriteReactor<HealthCheckResponse> {
 public:
  Watcher(HealthService& health, std::string service)
      : health_(health), service_(std::move(service)) {}

  // Called with the service's mutex held.
  void Offer(Status status) {
    if (finishing_ || writing_ || sent_ == status) return;
    sent_ = status;
    response_.set_status(status);
    writing_ = true;
    StartWrite(&response_);
  }

  void End() {
    if (finishing_) return;
    finishing_ = true;
    Finish(grpc::Status::OK);
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard<std::mutex> lock(health_.mutex_);
    writing_ = false;
    // A cancelled call may still have had its last write succeed.
    if (!ok || cancelled_) {
      End();
      return;
    }
    Offer(health_.StatusOf(service_));
    if (health_.draining_ && !writing_) End();
  }

  void OnCancel() override {
    const std::lock_guard<std::mutex> lock(health_.mutex_);
    cancelled_ = true;
    if (!writing_) End();
  }

  void OnDone() override {
    {
      const std::lock_guard<std::mutex> lock(health_.mutex_);
      health_.watchers_.erase(this);
    }
    delete this;
  }

  const std::string& service() const { return service_; }
  bool writing() const { return writing_; }

 private:
  HealthService& health_;
  const std::string service_;
  HealthCheckResponse response_;
  std::optional<Status> sent_;
  bool writing_ = false;
  bool cancelled_ = false;
  bool finishing_ = false;
};

HealthService::HealthService(const std::vector<std::string>& services,
                             const std::vector<std::string>& parts, const SteadyClock& clock)
    : services_(services.begin(), services.end()), clock_(clock) {
  for (const std::string& part : parts) AddPart(part);
}

HealthService::~HealthService() = default;

HealthService::Status HealthService::StatusOf(const std::string& service) const {
  if (service.empty()) return HealthCheckResponse::SERVING;
  if (services_.count(service) == 0) return HealthCheckResponse::SERVICE_UNKNOWN;
  return AllGood() ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING;
}

bool HealthService::AllGood() const {
  return !draining_ && std::all_of(parts_.begin(), parts_.end(),
                                   [](const auto& part) { return part.second.good(); });
}

bool HealthService::ready() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return AllGood();
}

void HealthService::AddPart(const std::string& part) {
  const std::lock_guard<std::mutex> lock(mutex_);
  parts_.try_emplace(part);
}

std::vector<std::string> HealthService::parts() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, part] : parts_) names.push_back(name);
  return names;
}

bool HealthService::IsGood(const std::string& part) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = parts_.find(part);
  return found != parts_.end() && found->second.good();
}

void HealthService::SetAnswerTime(const std::string& part, absl::Duration took) {
  const std::lock_guard<std::mutex> lock(mutex_);
  parts_[part].answer_time = absl::Ceil(took, kAnswerStep);
}

absl::Duration HealthService::AnswerTime(const std::string& part) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = parts_.find(part);
  return found == parts_.end() ? absl::ZeroDuration() : found->second.answer_time;
}

void HealthService::Log(const std::string& name, Part& part, const absl::Status& status) const {
  if (status.ok()) {
    if (part.status.has_value() && !part.status->ok()) LogInfo("good again", {{"part", name}});
    return;
  }
  const absl::Duration now = clock_.SinceStart();
  const bool goes = !part.status.has_value() || part.status->ok();
  // What was found meanwhile and not told does not count.
  const bool other = !goes && part.told != status && now >= part.next_other_line;
  if (!goes && !other && now < part.next_line) return;
  LogError("not ready", {{"part", name}, {"problem", std::string(status.message())}});
  part.told = status;
  part.next_line = now + kSameTroubleAgain;
  part.next_other_line = now + kOtherTrouble;
}

void HealthService::SetPart(const std::string& part, const absl::Status& status) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Part& known = parts_[part];
  // What it needs may be stopped with it.
  if (!draining_) Log(part, known, status);
  known.status = status;
  for (Watcher* watcher : watchers_) watcher->Offer(StatusOf(watcher->service()));
}

void HealthService::Drain() {
  const std::lock_guard<std::mutex> lock(mutex_);
  draining_ = true;
  for (Watcher* watcher : watchers_) {
    watcher->Offer(StatusOf(watcher->service()));
    if (!watcher->writing()) watcher->End();
  }
}

grpc::ServerUnaryReactor* HealthService::Check(grpc::CallbackServerContext* context,
                                               const HealthCheckRequest* request,
                                               HealthCheckResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const std::lock_guard<std::mutex> lock(mutex_);
  const Status status = StatusOf(request->service());
  if (status == HealthCheckResponse::SERVICE_UNKNOWN) {
    reactor->Finish(grpc::Status(grpc::StatusCode::NOT_FOUND, "no such service here"));
    return reactor;
  }
  response->set_status(status);
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

grpc::ServerWriteReactor<HealthCheckResponse>* HealthService::Watch(
    grpc::CallbackServerContext*, const HealthCheckRequest* request) {
  auto* watcher = new Watcher(*this, request->service());
  const std::lock_guard<std::mutex> lock(mutex_);
  watchers_.insert(watcher);
  watcher->Offer(StatusOf(request->service()));
  if (draining_ && !watcher->writing()) watcher->End();
  return watcher;
}

}  // namespace tutti
