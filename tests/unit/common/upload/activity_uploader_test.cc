#include "common/upload/activity_uploader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/rpc/error_details.h"

namespace tutti {
namespace {

using ingest::v1::IngestActivitiesRequest;
using ingest::v1::IngestActivitiesResponse;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::Le;

// Takes every activity, or answers with the given errors first.
class FakeIngest : public BatchSink {
 public:
  absl::StatusOr<IngestActivitiesResponse> Send(const IngestActivitiesRequest& batch) override {
    std::unique_lock<std::mutex> lock(mutex_);
    ++calls;
    ++waiting_;
    most_waiting = std::max(most_waiting, waiting_);
    if (waiting_ >= hold_until) hold_until = 0;
    changed_.notify_all();
    changed_.wait(lock, [this] { return hold_until == 0; });
    --waiting_;
    if (!errors.empty()) {
      const absl::Status error = errors.front();
      errors.erase(errors.begin());
      return error;
    }
    sizes.push_back(batch.activities_size());
    bytes.push_back(batch.ByteSizeLong());
    for (const ingest::v1::Activity& activity : batch.activities()) {
      subjects.insert(absl::StrCat(batch.organization(), " ", activity.subject()));
    }
    IngestActivitiesResponse answer = this->response;
    answer.set_accepted_count(batch.activities_size() - answer.rejections_size());
    return answer;
  }

  int calls = 0;
  int most_waiting = 0;
  int hold_until = 0;  // answers only once so many calls wait
  std::vector<absl::Status> errors;
  IngestActivitiesResponse response;
  std::vector<int> sizes;
  std::vector<size_t> bytes;
  std::multiset<std::string> subjects;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
};

ingest::v1::Activity MakeActivity(int number) {
  ingest::v1::Activity activity;
  activity.set_subject(absl::StrCat("person", number, "@example.com"));
  activity.set_type("mail.sent");
  return activity;
}

struct Pauses {
  std::mutex mutex;
  std::vector<absl::Duration> taken;
};

UploadOptions OptionsWith(Pauses* pauses) {
  UploadOptions options;
  options.batch_activities = 10;
  options.sleep = [pauses](absl::Duration pause) {
    std::lock_guard<std::mutex> lock(pauses->mutex);
    pauses->taken.push_back(pause);
  };
  return options;
}

TEST(ActivityUploader, SendsEveryActivityOnceToItsOrganisation) {
  FakeIngest ingest;
  Pauses pauses;
  ActivityUploader uploader(ingest, OptionsWith(&pauses));
  for (int i = 0; i < 95; ++i) {
    ASSERT_TRUE(
        uploader.Add(i % 2 == 0 ? "organizations/a" : "organizations/b", MakeActivity(i)).ok());
  }
  ASSERT_TRUE(uploader.Flush().ok());
  EXPECT_EQ(ingest.subjects.size(), 95u);
  EXPECT_EQ(ingest.subjects.count("organizations/a person94@example.com"), 1u);
  EXPECT_EQ(ingest.subjects.count("organizations/b person93@example.com"), 1u);
  EXPECT_THAT(ingest.sizes, Each(Le(10)));
  EXPECT_EQ(uploader.SummaryOf("organizations/a").accepted, 48);
  EXPECT_EQ(uploader.SummaryOf("organizations/b").accepted, 47);
  EXPECT_EQ(uploader.SummaryOf("organizations/b").batches, 5);
  EXPECT_EQ(uploader.SummaryOf("organizations/c").batches, 0);
}

TEST(ActivityUploader, KeepsBatchesBelowTheirBytes) {
  FakeIngest ingest;
  Pauses pauses;
  UploadOptions options = OptionsWith(&pauses);
  options.batch_activities = 10000;
  options.batch_bytes = 2000;
  ActivityUploader uploader(ingest, options);
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(uploader.Add("organizations/a", MakeActivity(i)).ok());
  ASSERT_TRUE(uploader.Flush().ok());
  EXPECT_EQ(ingest.subjects.size(), 500u);
  // The organisation's name comes on top.
  EXPECT_THAT(ingest.bytes, Each(Le(2000u + 20u)));
  EXPECT_LT(ingest.sizes.size(), 15u);
}

TEST(ActivityUploader, HasSeveralBatchesInFlight) {
  FakeIngest ingest;
  ingest.hold_until = 3;
  Pauses pauses;
  UploadOptions options = OptionsWith(&pauses);
  options.in_flight = 3;
  ActivityUploader uploader(ingest, options);
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(uploader.Add("organizations/a", MakeActivity(i)).ok());
  ASSERT_TRUE(uploader.Flush().ok());
  EXPECT_EQ(ingest.most_waiting, 3);
}

// Mutation: any of these ends the upload.
TEST(ActivityUploader, TriesAgainAfterGrowingPauses) {
  FakeIngest ingest;
  ingest.errors = {absl::UnavailableError("a"), absl::ResourceExhaustedError("b"),
                   absl::DeadlineExceededError("c"), absl::CancelledError("d")};
  Pauses pauses;
  UploadOptions options = OptionsWith(&pauses);
  options.in_flight = 1;
  options.first_backoff = absl::Seconds(1);
  options.max_backoff = absl::Seconds(3);
  ActivityUploader uploader(ingest, options);
  ASSERT_TRUE(uploader.Add("organizations/a", MakeActivity(1)).ok());
  ASSERT_TRUE(uploader.Flush().ok());
  EXPECT_THAT(pauses.taken, ElementsAre(AllOf(Ge(absl::Seconds(0.5)), Le(absl::Seconds(1))),
                                        AllOf(Ge(absl::Seconds(1)), Le(absl::Seconds(2))),
                                        AllOf(Ge(absl::Seconds(1.5)), Le(absl::Seconds(3))),
                                        AllOf(Ge(absl::Seconds(1.5)), Le(absl::Seconds(3)))));
  EXPECT_EQ(uploader.SummaryOf("organizations/a").retries, 4);
  EXPECT_EQ(uploader.SummaryOf("organizations/a").accepted, 1);
}

// Mutations: its own pause whatever it is told, or what it is told and never more.
TEST(ActivityUploader, ComesBackWhenItIsTold) {
  FakeIngest ingest;
  ingest.errors = {
      WithRetryDelay(absl::ResourceExhaustedError("a"), absl::Milliseconds(102)),
      WithRetryDelay(absl::UnavailableError("b"), absl::Seconds(700)),
      WithRetryDelay(absl::UnavailableError("c"), absl::Milliseconds(1)),
  };
  Pauses pauses;
  UploadOptions options = OptionsWith(&pauses);
  options.in_flight = 1;
  options.first_backoff = absl::Seconds(1);
  options.retry_for = absl::Hours(1);
  ActivityUploader uploader(ingest, options);
  ASSERT_TRUE(uploader.Add("organizations/a", MakeActivity(1)).ok());
  ASSERT_TRUE(uploader.Flush().ok());
  EXPECT_THAT(pauses.taken, ElementsAre(absl::Milliseconds(102), absl::Seconds(700),
                                        AllOf(Ge(absl::Seconds(2)), Le(absl::Seconds(4)))));
}

TEST(ActivityUploader, TellsWhenIngestIsLostAndWhenItIsBack) {
  FakeIngest ingest;
  ingest.errors = {absl::ResourceExhaustedError("too fast"), absl::UnavailableError("gone"),
                   absl::DeadlineExceededError("slow")};
  Pauses pauses;
  UploadOptions options = OptionsWith(&pauses);
  options.in_flight = 1;
  std::vector<std::string> told;
  options.tell = [&](const absl::Status& status, absl::Duration) {
    told.emplace_back(status.ok() ? "back" : std::string(status.message()));
  };
  ActivityUploader uploader(ingest, options);
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(uploader.Add("organizations/a", MakeActivity(i)).ok());
  ASSERT_TRUE(uploader.Flush().ok());
  EXPECT_THAT(told, ElementsAre("gone", "slow", "back"));
}

TEST(ActivityUploader, DoesNotTryAgainWhatCannotSucceed) {
  for (const absl::Status& error :
       {absl::PermissionDeniedError("x"), absl::FailedPreconditionError("x"),
        absl::InvalidArgumentError("x"), absl::InternalError("x"), absl::NotFoundError("x")}) {
    FakeIngest ingest;
    ingest.errors = {error};
    Pauses pauses;
    ActivityUploader uploader(ingest, OptionsWith(&pauses));
    ASSERT_TRUE(uploader.Add("organizations/a", MakeActivity(1)).ok());
    EXPECT_EQ(uploader.Flush().code(), error.code());
    EXPECT_EQ(ingest.calls, 1);
    EXPECT_THAT(pauses.taken, IsEmpty());
    EXPECT_EQ(uploader.Flush().code(), error.code());
  }
}

// Mutations: it gives up at once, or never; it does not count what calls or pauses took.
TEST(ActivityUploader, GivesUpWhenItHasTriedForLongEnough) {
  FakeIngest ingest;
  ingest.errors.assign(1000, absl::UnavailableError("gone"));
  Pauses pauses;
  UploadOptions options = OptionsWith(&pauses);
  options.max_backoff = absl::Seconds(10);
  options.retry_for = absl::Minutes(2);
  ActivityUploader uploader(ingest, options);
  ASSERT_TRUE(uploader.Add("organizations/a", MakeActivity(1)).ok());
  EXPECT_EQ(uploader.Flush().code(), absl::StatusCode::kUnavailable);
  const absl::Duration waited =
      std::accumulate(pauses.taken.begin(), pauses.taken.end(), absl::ZeroDuration());
  EXPECT_LE(waited, absl::Minutes(2));
  EXPECT_GE(waited, absl::Minutes(2) - options.max_backoff - absl::Seconds(1));
  EXPECT_EQ(ingest.calls, static_cast<int>(pauses.taken.size()) + 1);
}

TEST(ActivityUploader, TriesOnceWhenItShallNotTryAgain) {
  FakeIngest ingest;
  ingest.errors.assign(10, absl::UnavailableError("gone"));
  Pauses pauses;
  UploadOptions options = OptionsWith(&pauses);
  options.retry_for = absl::ZeroDuration();
  ActivityUploader uploader(ingest, options);
  ASSERT_TRUE(uploader.Add("organizations/a", MakeActivity(1)).ok());
  EXPECT_EQ(uploader.Flush().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ingest.calls, 1);
}

TEST(ActivityUploader, CountsWhatIngestRefusesByReason) {
  FakeIngest ingest;
  ingest.response.add_rejections()->set_reason(ingest::v1::REASON_LATE);
  ingest.response.add_rejections()->set_reason(ingest::v1::REASON_TYPE_UNKNOWN);
  ingest.response.add_rejections()->set_reason(ingest::v1::REASON_LATE);
  ingest.response.set_partly_late_count(2);
  ingest.response.mutable_ignored()->set_traits(5);
  ingest.response.mutable_ignored()->set_apps(1);
  Pauses pauses;
  ActivityUploader uploader(ingest, OptionsWith(&pauses));
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(uploader.Add("organizations/a", MakeActivity(i)).ok());
  ASSERT_TRUE(uploader.Flush().ok());
  const UploadSummary summary = uploader.SummaryOf("organizations/a");
  EXPECT_EQ(summary.accepted, 7);
  EXPECT_EQ(summary.partly_late, 2);
  EXPECT_EQ(summary.ignored_values, 6);
  EXPECT_THAT(summary.refused, ElementsAre(std::make_pair("REASON_LATE", 2),
                                           std::make_pair("REASON_TYPE_UNKNOWN", 1)));
}

}  // namespace
}  // namespace tutti
