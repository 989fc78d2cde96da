// Sends made-up load to services and prints, as one line of JSON, how fast they
// answered. Every round calls each target in turn, with the same messages, so that
// what else the machine does falls on all alike.

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/rpc/lock_order.h"
#include "common/rpc/tls.h"
#include "grpc/health/v1/health.pb.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "nlohmann/json.hpp"
#include "tests/benchmark/made_up_day.h"
#include "tests/benchmark/rpc_load.h"
#include "tutti/ingest/v1/ingest.pb.h"
#include "tutti/score/v1/score.pb.h"

ABSL_FLAG(
    std::string, kind, "ingest",
    "ingest: activities to each target; score: GetScore with each view and Health/Check to the "
    "first target, GetScore with VIEW_FULL to the others");
ABSL_FLAG(std::vector<std::string>, targets, {},
          "Addresses; the first is the one that is measured");
ABSL_FLAG(std::vector<std::string>, watch, {},
          "For each target the processes behind it, like 12+34: their processor time is reported");
ABSL_FLAG(std::string, organization, "", "Its id; the beginning of it where there are several");
ABSL_FLAG(int, organizations, 1,
          "So many, called ORGANIZATION-0 and so on: the people of each do the same");
ABSL_FLAG(int64_t, people, 1000, "How many people an organisation has");
ABSL_FLAG(int, activities_a_person, 40, "About how many activities a person has a day");
ABSL_FLAG(int, days, 1, "How many days of activity are made");
ABSL_FLAG(int, step, 7, "How many days lie between two of them");
ABSL_FLAG(int, batch, 1000, "Activities in a message");
ABSL_FLAG(bool, stream, false, "Use StreamActivities");
ABSL_FLAG(int, threads, 2, "Client threads, each with a connection of its own");
ABSL_FLAG(int, in_flight, 32, "Unanswered messages of a thread");
ABSL_FLAG(double, rate, 0,
          "Messages a second, at even distances, whatever is answered; 0: IN_FLIGHT at a time");
ABSL_FLAG(
    std::vector<std::string>, tls, {},
    "For each target a folder with ca.pem, operator/cert.pem and operator/key.pem; nothing for "
    "plain text");
ABSL_FLAG(double, seconds, 1, "How long a round lasts; 0: each message once");
ABSL_FLAG(int, rounds, 1, "How often");

namespace tutti {
namespace {

using nlohmann::json;

template <typename Message>
grpc::ByteBuffer Serialise(const Message& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return {&slice, 1};
}

template <typename Message>
bool Parse(const grpc::ByteBuffer& bytes, Message& message) {
  grpc::ByteBuffer copy = bytes;
  return grpc::SerializationTraits<Message>::Deserialize(&copy, &message).ok();
}

bool TookAll(const ingest::v1::IngestActivitiesResponse& response) {
  return response.accepted_count() > 0 && response.rejections().empty();
}

// Seconds of processor time that processes have used, named like 12+34.
double ProcessorSeconds(const std::string& processes) {
  double ticks = 0;
  for (const absl::string_view process : absl::StrSplit(processes, '+', absl::SkipEmpty())) {
    std::ifstream file(absl::StrCat("/proc/", process, "/stat"));
    std::string line;
    std::getline(file, line);
    // Behind the name in brackets: the state, ten numbers, utime and stime.
    const std::vector<std::string> fields =
        absl::StrSplit(line.substr(std::min(line.size(), line.rfind(')') + 2)), ' ');
    int64_t user = 0;
    int64_t system = 0;
    if (fields.size() > 12 && absl::SimpleAtoi(fields[11], &user) &&
        absl::SimpleAtoi(fields[12], &system)) {
      ticks += static_cast<double>(user + system);
    }
  }
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

grpc::ByteBuffer StreamMessage(const ingest::v1::IngestActivitiesRequest& batch) {
  ingest::v1::StreamActivitiesRequest request;
  request.set_request_id("batch");
  *request.mutable_batch() = batch;
  return Serialise(request);
}

// How each target is spoken to.
absl::Status SetCredentials(std::vector<RpcLoad>& loads) {
  const std::vector<std::string> folders = absl::GetFlag(FLAGS_tls);
  for (size_t i = 0; i < std::min(folders.size(), loads.size()); ++i) {
    if (folders[i].empty()) continue;
    TlsFiles files;
    files.authorities = absl::StrCat(folders[i], "/ca.pem");
    files.certificate = absl::StrCat(folders[i], "/operator/cert.pem");
    files.key = absl::StrCat(folders[i], "/operator/key.pem");
    auto credentials = MakeChannelCredentials(files);
    if (!credentials.ok()) return credentials.status();
    loads[i].credentials = *std::move(credentials);
  }
  return absl::OkStatus();
}

// One load for each target. `activities` is how many one round of all messages has.
absl::StatusOr<std::vector<RpcLoad>> IngestLoads(int64_t& activities) {
  MadeUpDay wanted;
  wanted.organization = absl::GetFlag(FLAGS_organization);
  wanted.people = absl::GetFlag(FLAGS_people);
  wanted.activities_a_person = absl::GetFlag(FLAGS_activities_a_person);
  wanted.days = absl::GetFlag(FLAGS_days);
  wanted.step = absl::GetFlag(FLAGS_step);
  wanted.batch = absl::GetFlag(FLAGS_batch);
  wanted.now = absl::Now();
  auto batches = MakeDay(wanted);
  if (!batches.ok()) return batches.status();
  RpcLoad load;
  load.stream = absl::GetFlag(FLAGS_stream);
  activities = 0;
  const int organizations = absl::GetFlag(FLAGS_organizations);
  for (ingest::v1::IngestActivitiesRequest& batch : *batches) {
    for (int i = 0; i < organizations; ++i) {
      if (organizations > 1) {
        batch.set_organization(absl::StrCat("organizations/", wanted.organization, "-", i));
      }
      activities += batch.activities_size();
      load.requests.push_back(load.stream ? StreamMessage(batch) : Serialise(batch));
    }
  }
  load.method = absl::StrCat("/tutti.ingest.v1.IngestService/",
                             load.stream ? "StreamActivities" : "IngestActivities");
  if (load.stream) {
    load.good = [](const grpc::ByteBuffer& bytes) {
      ingest::v1::StreamActivitiesResponse response;
      return Parse(bytes, response) && TookAll(response.response());
    };
  } else {
    load.good = [](const grpc::ByteBuffer& bytes) {
      ingest::v1::IngestActivitiesResponse response;
      return Parse(bytes, response) && TookAll(response);
    };
  }
  std::vector<RpcLoad> loads;
  for (const std::string& target : absl::GetFlag(FLAGS_targets)) {
    loads.push_back(load);
    loads.back().address = target;
  }
  return loads;
}

std::vector<RpcLoad> ScoreLoads() {
  score::v1::GetScoreRequest get;
  get.set_name(absl::StrCat("organizations/", absl::GetFlag(FLAGS_organization), "/scores/latest"));
  RpcLoad score;
  score.address = absl::GetFlag(FLAGS_targets).front();
  score.method = "/tutti.score.v1.ScoreService/GetScore";
  score.requests = {Serialise(get)};
  score.good = [](const grpc::ByteBuffer& bytes) { return bytes.Length() > 100; };
  get.set_view(score::v1::VIEW_BASIC);
  RpcLoad basic = score;
  basic.requests = {Serialise(get)};
  RpcLoad health;
  health.address = score.address;
  health.method = "/grpc.health.v1.Health/Check";
  health.requests = {Serialise(grpc::health::v1::HealthCheckRequest())};
  std::vector<RpcLoad> loads = {score, basic, health};
  for (size_t i = 1; i < absl::GetFlag(FLAGS_targets).size(); ++i) {
    loads.push_back(score);
    loads.back().address = absl::GetFlag(FLAGS_targets)[i];
  }
  return loads;
}

absl::Status Run() {
  if (absl::GetFlag(FLAGS_targets).empty()) return absl::InvalidArgumentError("give --targets");
  int64_t activities = 0;
  std::vector<RpcLoad> loads;
  if (absl::GetFlag(FLAGS_kind) == "score") {
    loads = ScoreLoads();
  } else {
    absl::StatusOr<std::vector<RpcLoad>> made = IngestLoads(activities);
    if (!made.ok()) return made.status();
    loads = *std::move(made);
  }
  if (absl::Status set = SetCredentials(loads); !set.ok()) return set;
  LoadShape shape;
  shape.threads = absl::GetFlag(FLAGS_threads);
  shape.in_flight = absl::GetFlag(FLAGS_in_flight);
  shape.seconds = absl::GetFlag(FLAGS_seconds);
  shape.rate = absl::GetFlag(FLAGS_rate);
  const std::vector<std::string> watch = absl::GetFlag(FLAGS_watch);
  json result = {{"messages", loads.front().requests.size()},
                 {"activities", activities},
                 {"rounds", json::array()}};
  for (int round = 0; round < absl::GetFlag(FLAGS_rounds); ++round) {
    json line = json::array();
    for (size_t i = 0; i < loads.size(); ++i) {
      const RpcLoad& load = loads[i];
      const std::string processes = i < watch.size() ? watch[i] : "";
      const double used_before = ProcessorSeconds(processes);
      const LoadResult sent = SendLoad(load, shape);
      if (sent.bad > 0 || sent.answers == 0) {
        return absl::UnknownError(absl::StrCat(load.method, ": ", sent.bad, " of ",
                                               sent.bad + sent.answers,
                                               " answers are bad: ", sent.problem));
      }
      line.push_back({{"answers", sent.answers},
                      {"seconds", sent.seconds},
                      {"rate", sent.rate()},
                      {"p50_ms", sent.p50_ms},
                      {"p99_ms", sent.p99_ms},
                      {"p999_ms", sent.p999_ms},
                      {"answer_bytes", sent.answer_bytes},
                      {"processor_seconds", ProcessorSeconds(processes) - used_before}});
    }
    result["rounds"].push_back(line);
  }
  std::printf("%s\n", result.dump().c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace tutti

int main(int argc, char** argv) {
  tutti::IgnoreLockOrder();
  absl::SetProgramUsageMessage("Sends made-up load to services and says how fast they answered.");
  absl::ParseCommandLine(argc, argv);
  absl::Status status;
  try {
    status = tutti::Run();
  } catch (const nlohmann::json::exception&) {
    status = absl::InternalError("the result cannot be written as JSON");
  }
  if (status.ok()) return 0;
  std::fprintf(stderr, "load: %s\n", std::string(status.message()).c_str());
  return 1;
}
