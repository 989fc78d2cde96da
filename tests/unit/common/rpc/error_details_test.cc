#include "common/rpc/error_details.h"

#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"

namespace tutti {
namespace {

template <typename Detail>
Detail Only(const google::rpc::Status& status) {
  Detail detail;
  int found = 0;
  for (const auto& any : status.details()) found += any.UnpackTo(&detail) ? 1 : 0;
  EXPECT_EQ(found, 1) << Detail::descriptor()->full_name();
  return detail;
}

TEST(ErrorDetailsTest, AttachesWhatAnyGoogleRpcClientReads) {
  const absl::Status error =
      WithRetryDelay(WithReason(absl::UnavailableError("try later"), "ingest.tutti", "STORE_DOWN"),
                     absl::Milliseconds(2500));
  const google::rpc::Status status = ToRpcStatus(error);

  EXPECT_EQ(status.code(), 14);
  EXPECT_EQ(status.message(), "try later");
  const auto info = Only<google::rpc::ErrorInfo>(status);
  EXPECT_EQ(info.domain(), "ingest.tutti");
  EXPECT_EQ(info.reason(), "STORE_DOWN");
  const auto retry = Only<google::rpc::RetryInfo>(status);
  EXPECT_EQ(retry.retry_delay().seconds(), 2);
  EXPECT_EQ(retry.retry_delay().nanos(), 500'000'000);
}

TEST(ErrorDetailsTest, CollectsFieldViolationsInOneBadRequest) {
  const absl::Status error =
      WithFieldViolation(WithFieldViolation(absl::InvalidArgumentError("refused"), "name", "first"),
                         "profile.headcount", "second");
  const auto request = Only<google::rpc::BadRequest>(ToRpcStatus(error));
  ASSERT_EQ(request.field_violations_size(), 2);
  EXPECT_EQ(request.field_violations(0).field(), "name");
  EXPECT_EQ(request.field_violations(0).description(), "first");
  EXPECT_EQ(request.field_violations(1).field(), "profile.headcount");
  EXPECT_EQ(request.field_violations(1).description(), "second");
}

TEST(ErrorDetailsTest, ComesBackFromTheWireAsItWas) {
  const absl::Status error =
      WithFieldViolation(WithReason(absl::NotFoundError("no such thing"), "score.tutti", "NOTHING"),
                         "name", "must exist");
  EXPECT_EQ(FromRpcStatus(ToRpcStatus(error)), error);
}

TEST(ErrorDetailsTest, LeavesOkAlone) {
  const absl::Status ok = WithRetryDelay(
      WithFieldViolation(WithReason(absl::OkStatus(), "ingest.tutti", "NONE"), "name", "fine"),
      absl::Seconds(1));
  EXPECT_EQ(ok, absl::OkStatus());
  EXPECT_EQ(ToRpcStatus(ok).details_size(), 0);
}

TEST(ErrorDetailsTest, TellsTheReason) {
  EXPECT_EQ(ReasonOf(WithReason(absl::NotFoundError(""), "score.tutti", "GONE")), "GONE");
  EXPECT_EQ(ReasonOf(absl::NotFoundError("plain")), "");
  EXPECT_EQ(ReasonOf(absl::OkStatus()), "");
}

}  // namespace
}  // namespace tutti
