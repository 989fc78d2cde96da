#include "common/rpc/status.h"

#include <gtest/gtest.h>

#include "tutti/ingest/v1/ingest.pb.h"

namespace tutti {
namespace {

TEST(StatusTest, KeepsEveryCodeThereAndBack) {
  for (int code = 0; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "why");
    const grpc::Status sent = ToGrpcStatus(status);
    EXPECT_EQ(static_cast<int>(sent.error_code()), code);
    const absl::Status back = FromGrpcStatus(sent);
    EXPECT_EQ(back.code(), status.code());
    EXPECT_EQ(back.message(), status.message());
  }
}

// Mutation: errors without a reason leave programs to read sentences.
TEST(StatusTest, GivesEveryErrorAReason) {
  EXPECT_EQ(ReasonOf(FromGrpcStatus(ToGrpcStatus(absl::UnavailableError("why")))), "UNAVAILABLE");
  EXPECT_EQ(ReasonOf(FromGrpcStatus(ToGrpcStatus(UndecodableError()))), "MESSAGE_UNDECODABLE");
}

// Mutation: a converter that adds nothing.
TEST(StatusTest, GivesEveryErrorThatTimeMendsATime) {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "why");
    EXPECT_EQ(RetryDelayOf(FromGrpcStatus(ToGrpcStatus(status))).has_value(),
              absl::IsUnavailable(status) || absl::IsResourceExhausted(status))
        << status;
  }
}

TEST(StatusTest, CarriesDetailsThereAndBack) {
  const absl::Status status =
      WithReason(absl::FailedPreconditionError("no key"), ingest::v1::REASON_KEY_MISSING);
  const absl::Status back = FromGrpcStatus(ToGrpcStatus(status));
  EXPECT_EQ(back, status);
  EXPECT_EQ(ReasonOf(back), "KEY_MISSING");
}

TEST(StatusTest, TakesPlainStatusesOfOtherServers) {
  const absl::Status back =
      FromGrpcStatus(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "too large"));
  EXPECT_EQ(back, absl::ResourceExhaustedError("too large"));
}

TEST(StatusTest, DistrustsDetailsThatDoNotBelongToTheCode) {
  const std::string of_another = ToRpcStatus(absl::NotFoundError("other")).SerializeAsString();
  EXPECT_EQ(FromGrpcStatus(grpc::Status(grpc::StatusCode::INTERNAL, "broken", of_another)),
            absl::InternalError("broken"));
  EXPECT_EQ(FromGrpcStatus(grpc::Status(grpc::StatusCode::INTERNAL, "broken", "\xff\xff")),
            absl::InternalError("broken"));
}

}  // namespace
}  // namespace tutti
