// A server whose calls last as long as a test needs them to: what common/rpc does
// is tested through it, as a process of its own.

#include <iostream>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/parse.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "common/rpc/health.h"
#include "common/rpc/server.h"
#include "common/rpc/status.h"
#include "tutti/aggregate/v1/aggregate.grpc.pb.h"
#include "tutti/score/v1/score.grpc.pb.h"

namespace tutti {
namespace {

constexpr char kServiceName[] = "tutti.score.v1.ScoreService";

class PatientService final : public score::v1::ScoreService::CallbackService {
 public:
  explicit PatientService(HealthService& health) : health_(health) {}

  // Answers once the server drains, not before. Its arrival makes the part
  // "called" good.
  grpc::ServerUnaryReactor* GetScore(grpc::CallbackServerContext* context,
                                     const score::v1::GetScoreRequest*,
                                     score::v1::GetScoreResponse* response) override {
    response->mutable_score()->set_name("finished");
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (draining_) {
        reactor->Finish(grpc::Status::OK);
      } else {
        waiting_.push_back(reactor);
      }
    }
    health_.SetPart("called", absl::OkStatus());
    return reactor;
  }

  // Never answers by itself: ends when it is cancelled.
  grpc::ServerWriteReactor<score::v1::WatchScoresResponse>* WatchScores(
      grpc::CallbackServerContext*, const score::v1::WatchScoresRequest*) override {
    class Endless final : public grpc::ServerWriteReactor<score::v1::WatchScoresResponse> {
     public:
      void OnCancel() override { Finish(grpc::Status::CANCELLED); }
      void OnDone() override { delete this; }
    };
    health_.SetPart("called", absl::OkStatus());
    return new Endless;
  }

  // Answers at once.
  grpc::ServerUnaryReactor* GetTable(grpc::CallbackServerContext* context,
                                     const score::v1::GetTableRequest*,
                                     score::v1::GetTableResponse*) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  // Fails as the page token asks: with that code, and "." or, after it, the milliseconds after
  // which to come again, of which the method itself says nothing when there are none. A second
  // call with the same parent is answered.
  grpc::ServerUnaryReactor* ListScores(grpc::CallbackServerContext* context,
                                       const score::v1::ListScoresRequest* request,
                                       score::v1::ListScoresResponse*) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    const std::pair<std::string, std::string> asked =
        absl::StrSplit(request->page_token(), absl::MaxSplits('.', 1));
    int code = 0;
    int delay = 0;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!absl::SimpleAtoi(asked.first, &code) || !failed_.insert(request->parent()).second) {
      reactor->Finish(grpc::Status::OK);
    } else if (absl::SimpleAtoi(asked.second, &delay)) {
      const absl::Status status(static_cast<absl::StatusCode>(code), "as asked");
      reactor->Finish(
          ToGrpcStatus(WithRetryDelay(status, absl::Milliseconds(delay) - absl::Microseconds(1))));
    } else {
      reactor->Finish(grpc::Status(static_cast<grpc::StatusCode>(code), "as asked"));
    }
    return reactor;
  }

  void Drain() {
    const std::lock_guard<std::mutex> lock(mutex_);
    draining_ = true;
    for (grpc::ServerUnaryReactor* reactor : waiting_) reactor->Finish(grpc::Status::OK);
    waiting_.clear();
  }

 private:
  HealthService& health_;
  std::mutex mutex_;
  bool draining_ = false;                           // guarded by mutex_
  std::vector<grpc::ServerUnaryReactor*> waiting_;  // guarded by mutex_
  std::set<std::string> failed_;                    // parents; guarded by mutex_
};

}  // namespace
}  // namespace tutti

int main(int argc, char** argv) {
  tutti::BeginServer();
  absl::ParseCommandLine(argc, argv);
  const tutti::SystemSteadyClock clock;
  tutti::HealthService health({tutti::kServiceName}, {"called"}, clock);
  tutti::PatientService service(health);
  // Whose methods are for ingest alone; none of them is implemented here.
  tutti::aggregate::v1::AggregateService::Service internal;
  tutti::Metrics metrics;
  metrics.AddCounter("tutti_example_total", "Is always seven.", {}, [] { return 7; });
  const tutti::ServerOptions options = tutti::ServerOptionsFromFlags();
  const auto access = tutti::MakeAccess(options);
  absl::Status served = access.status();
  if (access.ok()) {
    served = tutti::RunServer(
        options, {.services = {&service, &internal},
                  .names = {tutti::kServiceName,
                            tutti::aggregate::v1::AggregateService::service_full_name()},
                  .health = health,
                  .access = **access,
                  .on_drain = [&service] { service.Drain(); },
                  .metrics = metrics});
  }
  if (served.ok()) return 0;
  std::cerr << served.message() << "\n";
  return 1;
}
