#include "common/rpc/error_details.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "tutti/aggregate/v1/organization.pb.h"
#include "tutti/auth/v1/auth.pb.h"
#include "tutti/ingest/v1/ingest.pb.h"
#include "tutti/score/v1/score.pb.h"
#include "tutti/v1/reason.pb.h"

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
  const absl::Status error = WithRetryDelay(
      WithReason(absl::UnavailableError("try later"), ingest::v1::REASON_STORE_UNAVAILABLE),
      absl::Milliseconds(2500));
  const google::rpc::Status status = ToRpcStatus(error);

  EXPECT_EQ(status.code(), 14);
  EXPECT_EQ(status.message(), "try later");
  const auto info = Only<google::rpc::ErrorInfo>(status);
  EXPECT_EQ(info.domain(), "ingest.tutti");
  EXPECT_EQ(info.reason(), "STORE_UNAVAILABLE");
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
  for (int code = 0; code <= 16; ++code) {
    const absl::Status error = WithFieldViolation(
        WithReason(absl::Status(static_cast<absl::StatusCode>(code), "no such thing"),
                   score::v1::REASON_NO_SUCH_WINDOW),
        "name", "must exist");
    EXPECT_EQ(FromRpcStatus(ToRpcStatus(error)), error);
  }
}

TEST(ErrorDetailsTest, LeavesOkAlone) {
  const absl::Status ok = WithRetryDelay(
      WithFieldViolation(WithReason(absl::OkStatus(), ingest::v1::REASON_LATE), "name", "fine"),
      absl::Seconds(1));
  EXPECT_EQ(ok, absl::OkStatus());
  EXPECT_EQ(ToRpcStatus(ok).details_size(), 0);
}

// Mutations: a delay for every error, or the same one for all; who stops says INTERNAL.
TEST(ErrorDetailsTest, SaysOfWhatTimeMendsWhenToComeAgain) {
  for (int code = 0; code <= 16; ++code) {
    const absl::Status error(static_cast<absl::StatusCode>(code), "why");
    const auto delay = RetryDelayOf(WithSomeRetryDelay(error));
    const bool passes = absl::IsUnavailable(error) || absl::IsResourceExhausted(error);
    ASSERT_EQ(delay.has_value(), passes) << error;
    if (!passes) continue;
    const absl::Duration shortest = absl::Milliseconds(absl::IsUnavailable(error) ? 500 : 1000);
    EXPECT_GE(*delay, shortest);
    EXPECT_LT(*delay, 2 * shortest);
  }
  const absl::Status told = WithRetryDelay(absl::UnavailableError("why"), absl::Milliseconds(7));
  EXPECT_EQ(WithSomeRetryDelay(told), told);
  EXPECT_EQ(RetryDelayOf(told), absl::Milliseconds(7));
  EXPECT_TRUE(absl::IsUnavailable(StoppingError()));
  EXPECT_EQ(RetryDelayOf(StoppingError()), absl::Milliseconds(100));
  EXPECT_FALSE(RetryDelayOf(absl::OkStatus()).has_value());
  std::set<absl::Duration> delays;
  while (delays.size() < 2) {
    delays.insert(*RetryDelayOf(WithSomeRetryDelay(absl::UnavailableError("why"))));
  }
}

TEST(ErrorDetailsTest, TellsTheFields) {
  const absl::Status one = WithFieldViolation(absl::InvalidArgumentError("no"), "a.b", "must");
  EXPECT_EQ(FieldsOf(one), std::vector<std::string>{"a.b"});
  EXPECT_EQ(FieldsOf(WithFieldViolation(one, "c", "must")), (std::vector<std::string>{"a.b", "c"}));
  EXPECT_TRUE(FieldsOf(absl::InvalidArgumentError("no")).empty());
}

TEST(ErrorDetailsTest, TellsTheReason) {
  EXPECT_EQ(ReasonOf(WithReason(absl::NotFoundError(""), score::v1::REASON_NOTHING_PUBLISHED)),
            "NOTHING_PUBLISHED");
  EXPECT_EQ(ReasonOf(absl::NotFoundError("plain")), "");
  EXPECT_EQ(ReasonOf(absl::OkStatus()), "");
}

// Mutation: one domain for all, or "access.tutti", which no caller knows.
TEST(ErrorDetailsTest, NamesDomainAndReasonAsCallersKnowThem) {
  const auto told = [](const absl::Status& error) {
    const auto info = Only<google::rpc::ErrorInfo>(ToRpcStatus(error));
    return info.domain() + " " + info.reason();
  };
  const absl::Status error = absl::UnavailableError("why");
  EXPECT_EQ(told(WithReason(error, score::v1::REASON_TABLE_UNKNOWN)), "score.tutti TABLE_UNKNOWN");
  EXPECT_EQ(told(WithReason(error, auth::v1::REASON_ORGANIZATION_FORBIDDEN)),
            "auth.tutti ORGANIZATION_FORBIDDEN");
  EXPECT_EQ(told(WithReason(error, auth::v1::REASON_RATE_LIMITED)), "auth.tutti RATE_LIMITED");
  EXPECT_EQ(told(WithReason(error, v1::REASON_MESSAGE_UNDECODABLE)), "tutti MESSAGE_UNDECODABLE");
  EXPECT_EQ(told(WithCodeAsReason(error)), "tutti UNAVAILABLE");
}

// Mutations: a reason that is read whatever its domain; one that is not known crashes.
TEST(ErrorDetailsTest, ReadsAReasonInItsOwnEnumAlone) {
  const absl::Status error =
      WithReason(absl::UnavailableError("why"), aggregate::v1::REASON_CATALOG_MISMATCH);
  EXPECT_EQ(ReasonIn<aggregate::v1::Reason>(error), aggregate::v1::REASON_CATALOG_MISMATCH);
  EXPECT_EQ(ReasonIn<score::v1::Reason>(error), score::v1::REASON_UNSPECIFIED)
      << "score has one of that name, too";
  EXPECT_EQ(ReasonIn<v1::Reason>(WithCodeAsReason(error)), v1::REASON_UNSPECIFIED);
  EXPECT_EQ(ReasonIn<ingest::v1::Reason>(absl::OkStatus()), ingest::v1::REASON_UNSPECIFIED);
  // One that a newer service has.
  google::rpc::ErrorInfo info;
  info.set_domain("score.tutti");
  info.set_reason("OF_TOMORROW");
  google::rpc::Status status;
  status.set_code(14);
  status.add_details()->PackFrom(info);
  const absl::Status newer = FromRpcStatus(status);
  ASSERT_EQ(ReasonOf(newer), "OF_TOMORROW");
  EXPECT_EQ(ReasonIn<score::v1::Reason>(newer), score::v1::REASON_UNSPECIFIED);
}

}  // namespace
}  // namespace tutti
