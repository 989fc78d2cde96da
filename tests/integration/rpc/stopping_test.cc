#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/rpc/server_process.h"
#include "tests/support/wait_until.h"
#include "tutti/score/v1/score.grpc.pb.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

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
    grpc::Status status = stub->GetTable(&context, {}, &response);
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
    const std::string address = server.Address();
    ASSERT_NE(address, "");
    // What the server says is seen, and not what gRPC's own retries make of it.
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    std::array<grpc::Status, kCallers> ended;
    std::atomic<int> answered = 0;
    std::vector<std::thread> callers;
    callers.reserve(kCallers);
    for (size_t caller = 0; caller < kCallers; ++caller) {
      callers.emplace_back([&, caller,
                            channel = grpc::CreateCustomChannel(
                                address, grpc::InsecureChannelCredentials(), arguments)] {
        ended[caller] = CallUntilItFails(channel, answered);
      });
    }
    EXPECT_TRUE(WaitUntil([&] { return answered >= 10 * kCallers; }));
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

}  // namespace
}  // namespace tutti
