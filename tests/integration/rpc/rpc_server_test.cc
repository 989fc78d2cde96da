#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/rpc/channel.h"
#include "common/rpc/retry_pushback.h"
#include "common/rpc/status.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "nlohmann/json.hpp"
#include "tutti/score/v1/score.grpc.pb.h"

namespace tutti {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using score::v1::ScoreService;
using ::testing::ElementsAre;
using ::testing::Pair;

constexpr char kServiceName[] = "tutti.score.v1.ScoreService";

// How a process ended.
struct Ending {
  int code = -1;  // -1 when a signal ended it
  std::string errors;
};

// The server as a process, ended by the destructor at the latest.
class ServerProcess {
 public:
  ServerProcess(const std::filesystem::path& folder, const std::vector<std::string>& flags)
      : errors_(folder / "errors"), port_file_(folder / "address") {
    std::vector<std::string> arguments = {
        std::string(std::getenv("TUTTI_BIN_DIR")) + "/rpc_test_server",
        absl::StrCat("--port_file=", port_file_.string())};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    std::vector<char*> argv;
    argv.reserve(arguments.size() + 1);
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors_.c_str(), O_WRONLY | O_CREAT,
                                     0600);
    EXPECT_EQ(posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
  }

  ~ServerProcess() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }

  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // The address it serves on; empty when it ends instead.
  std::string Address() {
    while (!std::filesystem::exists(port_file_)) {
      siginfo_t info{};
      if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
          info.si_pid != 0) {
        return "";
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    std::ifstream file(port_file_);
    std::string address;
    std::getline(file, address);
    return address;
  }

  // The value of a field of the first logged line of that event.
  std::string Logged(const std::string& event, const std::string& field) const {
    std::ifstream file(errors_);
    for (std::string line; std::getline(file, line);) {
      const auto parsed = nlohmann::json::parse(line, nullptr, false);
      if (parsed.is_object() && parsed["event"] == event) return parsed[field];
    }
    return "";
  }

  void LimitDescriptors(rlim_t most) const {
    const rlimit limit = {most, most};
    EXPECT_EQ(prlimit(pid_, RLIMIT_NOFILE, &limit, nullptr), 0);
  }

  void Signal(int signal) const { kill(pid_, signal); }

  Ending Wait() {
    int status = 0;
    waitpid(std::exchange(pid_, -1), &status, 0);
    std::ifstream file(errors_);
    std::ostringstream text;
    text << file.rdbuf();
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text.str()};
  }

 private:
  const std::filesystem::path errors_;
  const std::filesystem::path port_file_;
  pid_t pid_ = -1;
};

// A connection to that port of this machine; -1 when there is none.
int ConnectTo(int port) {
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    return client;
  }
  close(client);
  return -1;
}

// The answer to a GET, head and body.
std::string HttpGet(int port, const std::string& path) {
  std::string answer;
  const int client = ConnectTo(port);
  if (client < 0) return answer;
  const std::string request = absl::StrCat("GET ", path, " HTTP/1.0\r\n\r\n");
  EXPECT_EQ(write(client, request.data(), request.size()), static_cast<ssize_t>(request.size()));
  std::array<char, 4096> buffer{};
  for (ssize_t size = 0; (size = read(client, buffer.data(), buffer.size())) > 0;) {
    answer.append(buffer.data(), static_cast<size_t>(size));
  }
  close(client);
  return answer;
}

class RpcServerTest : public testing::Test {
 protected:
  // An idle client of ours looks at its connection every so often; a server that
  // stops waits for it.
  static void SetUpTestSuite() { setenv("GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS", "20", 1); }

  RpcServerTest() {
    std::string name = (std::filesystem::temp_directory_path() / "rpc-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~RpcServerTest() override { std::filesystem::remove_all(folder_); }

  ServerProcess& Start(const std::vector<std::string>& flags = {"--listen=127.0.0.1:0",
                                                                "--insecure_loopback"}) {
    return server_.emplace(folder_, flags);
  }

  std::shared_ptr<grpc::Channel> Connect() { return MakeChannel(server_->Address()).value(); }

  std::filesystem::path folder_;
  std::optional<ServerProcess> server_;
};

grpc::StatusCode CheckHealth(const std::shared_ptr<grpc::Channel>& channel,
                             const std::string& service, HealthCheckResponse& response) {
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  HealthCheckRequest request;
  request.set_service(service);
  return Health::NewStub(channel)->Check(&context, request, &response).error_code();
}

// A call that lasts, and the news that it has arrived.
class Watch {
 public:
  Watch(const std::shared_ptr<grpc::Channel>& channel, const std::string& service)
      : stub_(Health::NewStub(channel)) {
    HealthCheckRequest request;
    request.set_service(service);
    reader_ = stub_->Watch(&context_, request);
  }

  // Nothing when the stream ends.
  std::optional<HealthCheckResponse::ServingStatus> Next() {
    HealthCheckResponse response;
    if (!reader_->Read(&response)) return std::nullopt;
    return response.status();
  }

  grpc::Status Finish() { return reader_->Finish(); }
  void Cancel() { context_.TryCancel(); }

 private:
  std::unique_ptr<Health::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<HealthCheckResponse>> reader_;
};

TEST_F(RpcServerTest, IsAliveAtOnceAndReadyWhenItsPartsAre) {
  Start();
  const auto channel = Connect();
  HealthCheckResponse response;
  EXPECT_EQ(CheckHealth(channel, "", response), grpc::StatusCode::OK);
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  EXPECT_EQ(CheckHealth(channel, kServiceName, response), grpc::StatusCode::OK);
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(CheckHealth(channel, "no.such.Service", response), grpc::StatusCode::NOT_FOUND);

  Watch watch(channel, kServiceName);
  EXPECT_EQ(watch.Next(), HealthCheckResponse::NOT_SERVING);
  Watch call(channel, kServiceName);  // to be cancelled while the other goes on
  EXPECT_EQ(call.Next(), HealthCheckResponse::NOT_SERVING);
  call.Cancel();
  EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::CANCELLED);

  grpc::ClientContext context;
  score::v1::GetScoreResponse ignored;
  auto stub = ScoreService::NewStub(channel);
  std::thread caller([&] { (void)stub->GetScore(&context, {}, &ignored); });
  EXPECT_EQ(watch.Next(), HealthCheckResponse::SERVING);
  context.TryCancel();
  caller.join();
}

TEST_F(RpcServerTest, WatchesNamesThatItDoesNotKnow) {
  Start();
  Watch watch(Connect(), "no.such.Service");
  EXPECT_EQ(watch.Next(), HealthCheckResponse::SERVICE_UNKNOWN);
}

TEST_F(RpcServerTest, FinishesACallInFlightWhenTerminated) {
  for (const int signal : {SIGTERM, SIGINT}) {
    std::filesystem::remove(folder_ / "address");
    ServerProcess& server = Start();
    const auto channel = Connect();
    Watch watch(channel, kServiceName);
    ASSERT_EQ(watch.Next(), HealthCheckResponse::NOT_SERVING);

    grpc::Status status;
    score::v1::GetScoreResponse response;
    auto stub = ScoreService::NewStub(channel);
    std::thread caller([&] {
      grpc::ClientContext context;
      status = stub->GetScore(&context, {}, &response);
    });
    EXPECT_EQ(watch.Next(), HealthCheckResponse::SERVING);  // the call has arrived
    server.Signal(signal);
    EXPECT_EQ(watch.Next(), HealthCheckResponse::NOT_SERVING);
    EXPECT_EQ(watch.Next(), std::nullopt);
    EXPECT_TRUE(watch.Finish().ok());
    caller.join();
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.score().name(), "finished");
    EXPECT_EQ(server.Wait().code, 0);
  }
}

// Calls again and again until one fails; how that did.
grpc::Status CallUntilItFails(const std::shared_ptr<grpc::Channel>& channel,
                              std::atomic<int>& answered) {
  auto stub = ScoreService::NewStub(channel);
  while (true) {
    grpc::ClientContext context;
    score::v1::GetTableResponse response;
    const grpc::Status status = stub->GetTable(&context, {}, &response);
    if (!status.ok()) return status;
    ++answered;
  }
}

// Mutation: no farewell before Shutdown. TUTTI_STOPS=200 for the long form.
TEST_F(RpcServerTest, CancelsNoCallThatComesWhileItBeginsToStop) {
  constexpr int kCallers = 4;
  const char* const asked = std::getenv("TUTTI_STOPS");
  const int stops = asked == nullptr ? 15 : std::atoi(asked);
  std::map<grpc::StatusCode, int> endings;
  for (int i = 0; i < stops; ++i) {
    std::filesystem::remove(folder_ / "address");
    ServerProcess& server = Start();
    // What the server says is seen, and not what gRPC's own retries make of it.
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    std::array<grpc::Status, kCallers> ended;
    std::atomic<int> answered = 0;
    std::vector<std::thread> callers;
    for (size_t caller = 0; caller < kCallers; ++caller) {
      callers.emplace_back([&, caller,
                            channel = grpc::CreateCustomChannel(
                                server.Address(), grpc::InsecureChannelCredentials(), arguments)] {
        ended[caller] = CallUntilItFails(channel, answered);
      });
    }
    while (answered < 10 * kCallers) std::this_thread::yield();
    server.Signal(SIGTERM);
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(server.Wait().code, 0);
    for (const grpc::Status& status : ended) ++endings[status.error_code()];
  }
  for (const auto& [code, count] : endings) {
    std::cout << count << " callers of " << stops * kCallers << " ended with " << code << "\n";
  }
  EXPECT_THAT(endings, ElementsAre(Pair(grpc::StatusCode::UNAVAILABLE, stops * kCallers)));
}

TEST_F(RpcServerTest, EndsEvenWhenACallDoesNot) {
  ServerProcess& server =
      Start({"--listen=127.0.0.1:0", "--insecure_loopback", "--drain_seconds=0"});
  const auto channel = Connect();
  Watch watch(channel, kServiceName);
  ASSERT_EQ(watch.Next(), HealthCheckResponse::NOT_SERVING);
  auto stub = ScoreService::NewStub(channel);
  grpc::ClientContext context;
  auto endless = stub->WatchScores(&context, {});
  EXPECT_EQ(watch.Next(), HealthCheckResponse::SERVING);
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait().code, 0);
  EXPECT_FALSE(endless->Finish().ok());
}

TEST_F(RpcServerTest, ServesOnAUnixSocket) {
  const std::string address = absl::StrCat("unix:", (folder_ / "socket").string());
  Start({absl::StrCat("--listen=", address), "--insecure_loopback"});
  EXPECT_EQ(server_->Address(), address);
  HealthCheckResponse response;
  EXPECT_EQ(CheckHealth(Connect(), "", response), grpc::StatusCode::OK);
}

TEST_F(RpcServerTest, RefusesPlainTextUnlessAskedAndOnThisMachine) {
  for (const std::vector<std::string>& flags :
       {std::vector<std::string>{"--listen=127.0.0.1:0"},
        std::vector<std::string>{"--listen=0.0.0.0:0", "--insecure_loopback"},
        std::vector<std::string>{"--listen=[::]:0", "--insecure_loopback"}}) {
    const Ending ending = Start(flags).Wait();
    EXPECT_EQ(ending.code, 1) << flags[0];
    EXPECT_THAT(ending.errors, testing::HasSubstr("--insecure_loopback"));
  }
}

TEST_F(RpcServerTest, DoesNotShareAnAddressThatIsTaken) {
  Start();
  const std::string taken = server_->Address();
  const auto other_folder = folder_ / "other";
  std::filesystem::create_directory(other_folder);
  ServerProcess other(other_folder, {absl::StrCat("--listen=", taken), "--insecure_loopback"});
  const Ending ending = other.Wait();
  EXPECT_EQ(ending.code, 1);
  EXPECT_THAT(ending.errors, testing::HasSubstr("--listen"));
}

// Mutation: gRPC's own listener, which never accepts again after it once found no descriptor.
TEST_F(RpcServerTest, ServesAgainWhenDescriptorsAreFreeAgain) {
  Start({"--listen=127.0.0.1:0", "--insecure_loopback", "--metrics_listen=127.0.0.1:0"});
  const std::string address = server_->Address();
  const int metrics = std::stoi(server_->Logged("showing metrics", "port"));
  server_->LimitDescriptors(150);
  std::vector<int> silent;
  do {
    silent.push_back(ConnectTo(std::stoi(address.substr(address.rfind(':') + 1))));
    ASSERT_GE(silent.back(), 0);
  } while (
      absl::StrContains(HttpGet(metrics, "/metrics"), "\ntutti_connections_starved_total 0\n"));
  EXPECT_GT(silent.size(), 50);
  for (const int connection : silent) close(connection);
  HealthCheckResponse response;
  EXPECT_EQ(CheckHealth(Connect(), "", response), grpc::StatusCode::OK);
}

TEST_F(RpcServerTest, SaysSoWhenTheAddressCannotBeWritten) {
  const Ending ending =
      Start({"--listen=127.0.0.1:0", "--insecure_loopback", "--port_file=/dev/null/address"})
          .Wait();
  EXPECT_EQ(ending.code, 1);
  EXPECT_THAT(ending.errors, testing::HasSubstr("--port_file"));
}

TEST_F(RpcServerTest, ShowsMetrics) {
  Start({"--listen=127.0.0.1:0", "--insecure_loopback", "--metrics_listen=127.0.0.1:0"});
  ASSERT_NE(server_->Address(), "");
  const std::string answer =
      HttpGet(std::stoi(server_->Logged("showing metrics", "port")), "/metrics");
  EXPECT_THAT(answer, testing::HasSubstr("200 OK"));
  EXPECT_THAT(answer, testing::HasSubstr("\ntutti_ready_state 0\n"));
  EXPECT_THAT(answer, testing::HasSubstr("\ntutti_example_total 7\n"));
}

TEST_F(RpcServerTest, ShowsMetricsOnThisMachineOnly) {
  const Ending ending =
      Start({"--listen=127.0.0.1:0", "--insecure_loopback", "--metrics_listen=0.0.0.0:0"}).Wait();
  EXPECT_EQ(ending.code, 1);
  EXPECT_THAT(ending.errors, testing::HasSubstr("--metrics_listen"));
}

grpc::Status CallWith(const std::shared_ptr<grpc::Channel>& channel, size_t name_size,
                      std::optional<grpc_compression_algorithm> compression) {
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  if (compression.has_value()) context.set_compression_algorithm(*compression);
  score::v1::GetTableRequest request;
  request.set_name(std::string(name_size, 'x'));
  score::v1::GetTableResponse response;
  return ScoreService::NewStub(channel)->GetTable(&context, request, &response);
}

TEST_F(RpcServerTest, TakesMessagesUpToTheLimit) {
  Start();
  const auto channel = Connect();
  EXPECT_TRUE(CallWith(channel, kMaxMessageBytes - 100, {}).ok());
  EXPECT_EQ(CallWith(channel, kMaxMessageBytes + 100, {}).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

// Mutations: no trailers; a time that is rounded down; one for every error.
TEST_F(RpcServerTest, SaysInTheTrailersWhenToComeAgain) {
  Start();
  grpc::ChannelArguments once;
  once.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  const auto stub = ScoreService::NewStub(
      grpc::CreateCustomChannel(server_->Address(), grpc::InsecureChannelCredentials(), once));
  for (int code = 1; code <= 16; ++code) {
    for (const char* const delay : {"", "1235"}) {
      grpc::ClientContext context;
      score::v1::ListScoresRequest request;
      score::v1::ListScoresResponse response;
      request.set_parent(absl::StrCat(code, delay));
      request.set_page_token(absl::StrCat(code, ".", delay));
      const grpc::Status status = stub->ListScores(&context, request, &response);
      ASSERT_EQ(status.error_code(), code);
      const auto told = RetryDelayOf(FromGrpcStatus(status));
      const auto& trailers = context.GetServerTrailingMetadata();
      const auto trailer = trailers.find(kRetryPushback);
      const bool passes =
          code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::RESOURCE_EXHAUSTED;
      EXPECT_EQ(trailer != trailers.end(), passes) << code;
      // Whoever says a time of another error is left alone.
      EXPECT_EQ(told.has_value(), passes || *delay != 0) << code;
      if (!passes) continue;
      EXPECT_EQ(std::string(trailer->second.data(), trailer->second.size()),
                absl::StrCat(absl::ToInt64Milliseconds(absl::Ceil(*told, absl::Milliseconds(1)))));
      if (*delay != 0) {
        EXPECT_EQ(*told, absl::Milliseconds(1235) - absl::Microseconds(1));
      }
    }
  }
}

// Mutation: no trailer. gRPC then comes back after a tenth of a second.
TEST_F(RpcServerTest, IsObeyedByTheRetriesOfGrpcItself) {
  Start();
  const auto channel = MakeChannel(server_->Address());
  ASSERT_TRUE(channel.ok()) << channel.status();
  const auto stub = ScoreService::NewStub(*channel);
  for (const char* const code : {"14", "8"}) {
    grpc::ClientContext context;
    score::v1::ListScoresRequest request;
    score::v1::ListScoresResponse response;
    request.set_parent(code);
    request.set_page_token(absl::StrCat(code, ".400"));
    const auto begin = std::chrono::steady_clock::now();
    const grpc::Status status = stub->ListScores(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(399));
  }
}

TEST_F(RpcServerTest, RefusesCompressedMessages) {
  Start();
  const auto channel = Connect();
  EXPECT_TRUE(CallWith(channel, 10'000, {}).ok());
  for (const auto algorithm : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    EXPECT_EQ(CallWith(channel, 10'000, algorithm).error_code(), grpc::StatusCode::UNIMPLEMENTED);
  }
}

TEST_F(RpcServerTest, ListsHealthAndTheServiceByReflection) {
  Start();
  for (const char* version : {"v1", "v1alpha"}) {
    grpc::GenericStub stub(Connect());
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    // ServerReflectionRequest{list_services: "*"}: field 7, one byte.
    const grpc::Slice bytes("\x3a\x01*");
    const auto call = stub.PrepareUnaryCall(
        &context,
        absl::StrCat("/grpc.reflection.", version, ".ServerReflection/ServerReflectionInfo"),
        grpc::ByteBuffer(&bytes, 1), &queue);
    call->StartCall();
    grpc::ByteBuffer response;
    grpc::Status status;
    call->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    ASSERT_TRUE(queue.Next(&tag, &ok));
    ASSERT_TRUE(status.ok()) << status.error_message();
    grpc::Slice text;
    ASSERT_TRUE(response.DumpToSingleSlice(&text).ok());
    const std::string names(text.begin(), text.end());
    EXPECT_THAT(names, testing::HasSubstr(kServiceName));
    EXPECT_THAT(names, testing::HasSubstr("grpc.health.v1.Health"));
  }
}

}  // namespace
}  // namespace tutti
