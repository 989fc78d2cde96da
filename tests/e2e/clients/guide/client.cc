// A complete client of Tutti: sends activities, and reads the score.
//
//   guide_client send ORGANIZATION SERVICE_CONFIG < activities.jsonl
//   guide_client score ORGANIZATION SERVICE_CONFIG
//
// Takes TUTTI_INGEST, TUTTI_SCORE (host:port), TUTTI_CA and TUTTI_TOKEN_FILE from the
// environment. CMakeLists.txt beside this file makes the stubs and builds it.

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tutti/ingest/v1/ingest.grpc.pb.h"
#include "tutti/score/v1/score.grpc.pb.h"

namespace {

using std::chrono::milliseconds;
using tutti::ingest::v1::IngestActivitiesRequest;
using tutti::ingest::v1::IngestService;
using tutti::ingest::v1::StreamActivitiesRequest;
using tutti::ingest::v1::StreamActivitiesResponse;
using tutti::score::v1::ScoreService;

constexpr int kBatch = 1000;        // activities; at most 10,000 and 16 MiB
constexpr size_t kUnanswered = 32;  // batches of a stream; further ones are not read
constexpr int kMaxBytes = 16 << 20;
constexpr int kAttempts = 8;

std::string Environment(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? "" : value;
}

std::string Contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Shows the token that the file holds when a call begins: it may be renewed meanwhile.
class Token final : public grpc::MetadataCredentialsPlugin {
 public:
  grpc::Status GetMetadata(grpc::string_ref /*url*/, grpc::string_ref /*method*/,
                           const grpc::AuthContext& /*channel*/,
                           std::multimap<std::string, std::string>* metadata) override {
    std::string token;
    std::ifstream(Environment("TUTTI_TOKEN_FILE")) >> token;
    metadata->emplace("authorization", "Bearer " + token);
    return grpc::Status::OK;
  }
};

// A channel with TLS, the token, and the service config.
std::shared_ptr<grpc::Channel> Connect(const std::string& address, const std::string& config) {
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = Contents(Environment("TUTTI_CA"));
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(Contents(config));
  arguments.SetMaxReceiveMessageSize(kMaxBytes);
  // gRPC does not retry a call whose messages are larger than this.
  arguments.SetInt(GRPC_ARG_PER_RPC_RETRY_BUFFER_SIZE, kMaxBytes + (1 << 20));
  return grpc::CreateCustomChannel(
      address,
      grpc::CompositeChannelCredentials(
          grpc::SslCredentials(tls),
          grpc::MetadataCredentialsFromPlugin(std::make_unique<Token>())),
      arguments);
}

template <typename Detail>
std::optional<Detail> DetailOf(const grpc::Status& status) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return std::nullopt;
  for (const auto& packed : details.details()) {
    Detail detail;
    if (packed.UnpackTo(&detail)) return detail;
  }
  return std::nullopt;
}

bool IsRetryable(int code) {
  return code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::RESOURCE_EXHAUSTED;
}

// How long to wait: what the server asks for, else longer each time, by chance.
milliseconds PauseAfter(const grpc::Status& status, int attempt) {
  if (const auto retry = DetailOf<google::rpc::RetryInfo>(status)) {
    return milliseconds(
        google::protobuf::util::TimeUtil::DurationToMilliseconds(retry->retry_delay()));
  }
  static std::minstd_rand chance(std::random_device{}());
  const int longest = std::min(10'000, 100 << attempt);
  return milliseconds(std::uniform_int_distribution<>(longest / 2, longest)(chance));
}

// The next batch of the activities that lines of standard input hold:
// {"subject":..,"type":..,"occurredAt":..}. Nothing at the end.
std::optional<IngestActivitiesRequest> ReadBatch(const std::string& organization) {
  IngestActivitiesRequest batch;
  batch.set_organization("organizations/" + organization);
  std::string line;
  while (batch.activities_size() < kBatch && std::getline(std::cin, line)) {
    if (line.empty()) continue;
    if (!google::protobuf::util::JsonStringToMessage(line, batch.add_activities()).ok()) {
      std::cerr << "this is no activity, and left out\n";
      batch.mutable_activities()->RemoveLast();
    }
  }
  if (batch.activities_size() == 0) return std::nullopt;
  return batch;
}

// Sends every batch over a stream until it is answered. Sending again never counts twice,
// so whatever was not answered is simply sent again.
class Sender {
 public:
  Sender(IngestService::Stub& ingest, std::string organization)
      : ingest_(ingest), organization_(std::move(organization)) {}

  grpc::Status Send() {
    for (int attempt = 0;;) {
      const size_t answered = answered_;
      grpc::Status status = SendOnOneStream();
      if (status.ok()) return status;
      attempt = answered_ > answered ? 1 : attempt + 1;
      if (!IsRetryable(status.error_code()) || attempt >= kAttempts) return status;
      std::this_thread::sleep_for(PauseAfter(status, attempt));
    }
  }

  void Print() const {
    std::cout << accepted_ << " accepted (" << partly_late_ << " late for some windows), "
              << refused_ << " refused\n";
  }

 private:
  grpc::Status SendOnOneStream() {
    grpc::ClientContext context;
    const auto stream = ingest_.StreamActivities(&context);
    bool good = true;
    for (const auto& [id, request] : unanswered_) good = good && stream->Write(request);
    good = good && Fill(*stream);
    StreamActivitiesResponse answer;
    while (good && !unanswered_.empty() && stream->Read(&answer)) {
      const auto found = unanswered_.find(answer.request_id());
      if (answer.has_error() && IsRetryable(answer.error().code())) {
        std::this_thread::sleep_for(
            milliseconds(google::protobuf::util::TimeUtil::DurationToMilliseconds(
                answer.error().retry_delay())));
        good = stream->Write(found->second);
        continue;
      }
      if (answer.has_error()) {
        context.TryCancel();
        static_cast<void>(stream->Finish());
        return {static_cast<grpc::StatusCode>(answer.error().code()), answer.error().message()};
      }
      Count(answer.response());
      unanswered_.erase(found);
      good = Fill(*stream);
    }
    stream->WritesDone();
    return stream->Finish();
  }

  bool Fill(grpc::ClientReaderWriter<StreamActivitiesRequest, StreamActivitiesResponse>& stream) {
    while (unanswered_.size() < kUnanswered) {
      std::optional<IngestActivitiesRequest> batch = ReadBatch(organization_);
      if (!batch.has_value()) return true;
      StreamActivitiesRequest request;
      request.set_request_id(std::to_string(++last_id_));
      *request.mutable_batch() = *std::move(batch);
      const auto& kept = unanswered_[request.request_id()] = std::move(request);
      if (!stream.Write(kept)) return false;
    }
    return true;
  }

  void Count(const tutti::ingest::v1::IngestActivitiesResponse& response) {
    ++answered_;
    accepted_ += response.accepted_count();
    partly_late_ += response.partly_late_count();
    refused_ += response.rejections_size();
    for (const auto& rejection : response.rejections()) {
      std::cerr << "refused: " << rejection.field() << " " << rejection.description() << "\n";
    }
  }

  IngestService::Stub& ingest_;
  const std::string organization_;
  std::map<std::string, StreamActivitiesRequest> unanswered_;  // by request id
  int64_t last_id_ = 0;
  size_t answered_ = 0;
  int64_t accepted_ = 0;
  int64_t partly_late_ = 0;
  int64_t refused_ = 0;
};

grpc::Status PrintScore(const std::string& organization, const std::string& config) {
  const auto score = ScoreService::NewStub(Connect(Environment("TUTTI_SCORE"), config));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  tutti::score::v1::GetScoreRequest request;
  request.set_name("organizations/" + organization + "/scores/latest");
  tutti::score::v1::GetScoreResponse response;
  grpc::Status status = score->GetScore(&context, request, &response);
  if (status.ok()) {
    const auto& percent = response.score().percent();
    std::cout << std::fixed << std::setprecision(1) << response.score().name() << ": "
              << percent.value() << " ± " << percent.margin() << " %\n";
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: guide_client send|score ORGANIZATION SERVICE_CONFIG\n";
    return 2;
  }
  const std::string command = argv[1];
  const std::string organization = argv[2];
  grpc::Status status;
  if (command == "score") {
    status = PrintScore(organization, argv[3]);
  } else {
    const auto ingest = IngestService::NewStub(Connect(Environment("TUTTI_INGEST"), argv[3]));
    Sender sender(*ingest, organization);
    status = sender.Send();
    sender.Print();
  }
  if (status.ok()) return 0;
  std::cerr << status.error_code() << ": " << status.error_message();
  if (const auto info = DetailOf<google::rpc::ErrorInfo>(status))
    std::cerr << " " << info->reason();
  std::cerr << "\n";
  return 1;
}
