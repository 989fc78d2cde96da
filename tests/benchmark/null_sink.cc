// The yardsticks of ingest and of a score's size: a server with the methods of
// IngestService that parses each batch, as gRPC does by itself, and forgets it; and
// with GetScore, which answers so many zeros from memory. Everything that RunServer
// gives a service of Tutti it has as well.

#include <iostream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "common/rpc/server.h"
#include "tutti/ingest/v1/ingest.grpc.pb.h"
#include "tutti/score/v1/score.grpc.pb.h"

ABSL_FLAG(int, score_bytes, 0, "Bytes of GetScore's answer");

namespace tutti {
namespace {

using ingest::v1::IngestActivitiesRequest;
using ingest::v1::IngestActivitiesResponse;
using ingest::v1::StreamActivitiesRequest;
using ingest::v1::StreamActivitiesResponse;

class NullStream final
    : public grpc::ServerBidiReactor<StreamActivitiesRequest, StreamActivitiesResponse> {
 public:
  NullStream() { StartRead(&request_); }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    response_.set_request_id(request_.request_id());
    response_.mutable_response()->set_accepted_count(request_.batch().activities_size());
    StartWrite(&response_);
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    StartRead(&request_);
  }
  void OnDone() override { delete this; }

 private:
  StreamActivitiesRequest request_;
  StreamActivitiesResponse response_;
};

class NullSink final : public ingest::v1::IngestService::CallbackService {
 public:
  grpc::ServerUnaryReactor* IngestActivities(grpc::CallbackServerContext* context,
                                             const IngestActivitiesRequest* request,
                                             IngestActivitiesResponse* response) override {
    response->set_accepted_count(request->activities_size());
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  grpc::ServerBidiReactor<StreamActivitiesRequest, StreamActivitiesResponse>* StreamActivities(
      grpc::CallbackServerContext*) override {
    return new NullStream;
  }
};

class NullScore final : public score::v1::ScoreService::WithRawCallbackMethod_GetScore<
                            score::v1::ScoreService::Service> {
 public:
  explicit NullScore(size_t bytes) : zeros_(bytes, '\0') {}

  grpc::ServerUnaryReactor* GetScore(grpc::CallbackServerContext* context, const grpc::ByteBuffer*,
                                     grpc::ByteBuffer* response) override {
    const grpc::Slice slice(zeros_.data(), zeros_.size(), grpc::Slice::STATIC_SLICE);
    *response = grpc::ByteBuffer(&slice, 1);
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  const std::string zeros_;
};

}  // namespace
}  // namespace tutti

int main(int argc, char** argv) {
  tutti::BeginServer();
  absl::SetProgramUsageMessage("Parses activities and forgets them.");
  absl::ParseCommandLine(argc, argv);
  tutti::NullSink sink;
  tutti::NullScore score(static_cast<size_t>(absl::GetFlag(FLAGS_score_bytes)));
  const std::vector<std::string> names = {tutti::ingest::v1::IngestService::service_full_name(),
                                          tutti::score::v1::ScoreService::service_full_name()};
  const tutti::SystemSteadyClock clock;
  tutti::HealthService health(names, {}, clock);
  const std::unique_ptr<tutti::Access> access = tutti::Access::ForEverybody();
  const absl::Status served =
      tutti::RunServer(tutti::ServerOptionsFromFlags(), {{&sink, &score}, names, health, *access});
  if (served.ok()) return 0;
  std::cerr << "null_sink: " << served.message() << "\n";
  return 1;
}
