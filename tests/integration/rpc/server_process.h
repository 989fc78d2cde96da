#ifndef TUTTI_TESTS_INTEGRATION_RPC_SERVER_PROCESS_H_
#define TUTTI_TESTS_INTEGRATION_RPC_SERVER_PROCESS_H_

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
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/rpc/channel.h"
#include "common/rpc/retry_pushback.h"
#include "common/rpc/status.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "nlohmann/json.hpp"
#include "tutti/score/v1/score.grpc.pb.h"

namespace tutti {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using score::v1::ScoreService;

inline constexpr char kServiceName[] = "tutti.score.v1.ScoreService";

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
inline int ConnectTo(int port) {
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
inline std::string HttpGet(int port, const std::string& path) {
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

  std::shared_ptr<grpc::Channel> Connect(Silence silence = Silence::kPatient) {
    return MakeChannel(server_->Address(), {}, "", silence).value();
  }

  std::filesystem::path folder_;
  std::optional<ServerProcess> server_;
};

inline grpc::StatusCode CheckHealth(const std::shared_ptr<grpc::Channel>& channel,
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
  Watch(const std::shared_ptr<grpc::Channel>& channel, const std::string& service,
        absl::Duration limit = absl::InfiniteDuration())
      : stub_(Health::NewStub(channel)) {
    context_.set_deadline(absl::ToChronoTime(absl::Now() + limit));
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

}  // namespace tutti

#endif  // TUTTI_TESTS_INTEGRATION_RPC_SERVER_PROCESS_H_
