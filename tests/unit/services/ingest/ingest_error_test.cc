#include "services/ingest/ingest_error.h"

#include "common/rpc/error_details.h"
#include "gtest/gtest.h"
#include "tutti/aggregate/v1/organization.pb.h"
#include "tutti/auth/v1/auth.pb.h"

namespace tutti {
namespace {

using absl::StatusCode;

// Mutation: a batch of a stream that is told UNSPECIFIED where a call is told in the words of all
// services.
TEST(IngestError, BatchesOfAStreamAreToldInIngestsReasons) {
  const auto forbidden = BatchErrorOf(
      WithReason(absl::PermissionDeniedError("no"), auth::v1::REASON_ORGANIZATION_FORBIDDEN));
  EXPECT_EQ(forbidden.code(), static_cast<int>(StatusCode::kPermissionDenied));
  EXPECT_EQ(forbidden.reason(), ingest::v1::REASON_ORGANIZATION_FORBIDDEN);
  EXPECT_EQ(forbidden.message(), "no");
  EXPECT_FALSE(forbidden.has_retry_delay());

  const auto limited = BatchErrorOf(WithRetryDelay(
      WithReason(absl::ResourceExhaustedError("too many"), auth::v1::REASON_RATE_LIMITED),
      absl::Milliseconds(1500)));
  EXPECT_EQ(limited.reason(), ingest::v1::REASON_OVERLOADED);
  EXPECT_EQ(limited.retry_delay().seconds(), 1);
  EXPECT_EQ(limited.retry_delay().nanos(), 500'000'000);

  EXPECT_EQ(BatchErrorOf(
                BatchRefused(StatusCode::kUnavailable, ingest::v1::REASON_OVERLOADED, "", "wait"))
                .reason(),
            ingest::v1::REASON_OVERLOADED);
}

// Mutation: a field violation for every error that names a field, or a text without it.
TEST(IngestError, NamesTheFieldInTheTextAndAsAViolationOfArguments) {
  const absl::Status malformed =
      BatchRefused(StatusCode::kInvalidArgument, ingest::v1::REASON_BATCH_EMPTY, "activities",
                   "must not be empty");
  EXPECT_EQ(malformed.message(), "activities: must not be empty");
  EXPECT_EQ(FieldsOf(malformed), std::vector<std::string>{"activities"});
  EXPECT_EQ(ReasonOf(malformed), "BATCH_EMPTY");
  const absl::Status paused =
      BatchRefused(StatusCode::kFailedPrecondition, ingest::v1::REASON_ORGANIZATION_NOT_ACTIVE,
                   "organization", "is paused");
  EXPECT_EQ(paused.message(), "organization: is paused");
  EXPECT_TRUE(FieldsOf(paused).empty());
}

// Mutation: score's reason of the same name, or any error's, taken for aggregate's.
TEST(IngestError, TellsAggregatesErrorsApartByItsOwnReasons) {
  const auto reason = [](const absl::Status& status) {
    return ReasonIn<ingest::v1::Reason>(RefusedByAggregate(status));
  };
  EXPECT_EQ(reason(absl::NotFoundError("")), ingest::v1::REASON_ORGANIZATION_NOT_FOUND);
  EXPECT_EQ(reason(WithReason(absl::UnavailableError(""), aggregate::v1::REASON_CATALOG_MISMATCH)),
            ingest::v1::REASON_CATALOG_MISMATCH);
  EXPECT_EQ(reason(WithReason(absl::UnavailableError(""), ingest::v1::REASON_CATALOG_MISMATCH)),
            ingest::v1::REASON_STORE_UNAVAILABLE);
  EXPECT_EQ(reason(absl::InternalError("")), ingest::v1::REASON_STORE_UNAVAILABLE);
}

}  // namespace
}  // namespace tutti
