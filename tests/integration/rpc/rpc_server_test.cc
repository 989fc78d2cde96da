#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/integration/rpc/server_process.h"
#include "tutti/score/v1/score.grpc.pb.h"

namespace tutti {
namespace {

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

// Mutation: a channel that waits 40 s for a silent peer.
TEST_F(RpcServerTest, IsGivenUpWhenItHangs) {
  Start();
  Watch watch(Connect(Silence::kShort), "", absl::Seconds(30));
  EXPECT_EQ(watch.Next(), HealthCheckResponse::SERVING);
  server_->Signal(SIGSTOP);
  EXPECT_EQ(watch.Next(), std::nullopt);
  EXPECT_EQ(watch.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

// Mutation: a server that takes a ping in 20 s, and ends connections that send more.
TEST_F(RpcServerTest, TakesThePingsOfSuchAChannel) {
  Start();
  Watch watch(Connect(Silence::kShort), "", absl::Seconds(6));
  EXPECT_EQ(watch.Next(), HealthCheckResponse::SERVING);
  EXPECT_EQ(watch.Next(), std::nullopt);
  EXPECT_EQ(watch.Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
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
