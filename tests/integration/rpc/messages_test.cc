#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "common/rpc/retry_pushback.h"
#include "common/rpc/status.h"
#include "tests/integration/rpc/server_process.h"
#include "tutti/score/v1/score.grpc.pb.h"

namespace tutti {
namespace {

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

// Mutations: no trailer, and gRPC comes back after a tenth of a second; RESOURCE_EXHAUSTED
// repeated.
TEST_F(RpcServerTest, IsObeyedByTheRetriesOfGrpcItself) {
  Start();
  const auto channel = MakeChannel(server_->Address());
  ASSERT_TRUE(channel.ok()) << channel.status();
  const auto stub = ScoreService::NewStub(*channel);
  const auto call = [&stub](grpc::StatusCode code) {
    grpc::ClientContext context;
    score::v1::ListScoresRequest request;
    score::v1::ListScoresResponse response;
    request.set_parent(absl::StrCat(code));
    request.set_page_token(absl::StrCat(code, ".400"));
    return stub->ListScores(&context, request, &response).error_code();
  };
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(call(grpc::StatusCode::UNAVAILABLE), grpc::StatusCode::OK);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(399));
  EXPECT_EQ(call(grpc::StatusCode::RESOURCE_EXHAUSTED), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(RpcServerTest, RefusesCompressedMessages) {
  Start();
  const auto channel = Connect();
  EXPECT_TRUE(CallWith(channel, 10'000, {}).ok());
  for (const auto algorithm : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    EXPECT_EQ(CallWith(channel, 10'000, algorithm).error_code(), grpc::StatusCode::UNIMPLEMENTED);
  }
}

}  // namespace
}  // namespace tutti
