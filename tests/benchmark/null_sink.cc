// The yardstick of ingest: a server with the method of IngestService that parses
// each batch, as gRPC does by itself, and forgets it. Everything that RunServer
// gives a service of Tutti it has as well.

#include <iostream>
#include <string>

#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "common/rpc/server.h"
#include "tutti/ingest/v1/ingest.grpc.pb.h"

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

}  // namespace
}  // namespace tutti

int main(int argc, char** argv) {
  tutti::BlockStopSignals();
  absl::SetProgramUsageMessage("Parses activities and forgets them.");
  absl::ParseCommandLine(argc, argv);
  tutti::NullSink sink;
  const std::string name = tutti::ingest::v1::IngestService::service_full_name();
  tutti::HealthService health({name}, {});
  const absl::Status served =
      tutti::RunServer(tutti::ServerOptionsFromFlags(), {{&sink}, {name}, health});
  if (served.ok()) return 0;
  std::cerr << "null_sink: " << served.message() << "\n";
  return 1;
}
