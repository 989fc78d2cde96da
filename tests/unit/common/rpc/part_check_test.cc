#include "common/rpc/part_check.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "absl/synchronization/notification.h"
#include "tests/support/wait_until.h"

namespace tutti {
namespace {

constexpr char kPart[] = "store";
constexpr absl::Duration kShort = absl::Milliseconds(50);

class PartCheckTest : public testing::Test {
 protected:
  SystemSteadyClock clock_;
  HealthService health_{{"a.Service"}, {kPart}, clock_};
};

TEST_F(PartCheckTest, FollowsWhatIsAnswered) {
  std::atomic<bool> good = true;
  const PartCheck check(health_, kPart,
                        [&] { return good ? absl::OkStatus() : absl::UnavailableError("away"); });
  // Known when it begins.
  EXPECT_TRUE(health_.IsGood(kPart));
  EXPECT_TRUE(health_.ready());
  good = false;
  EXPECT_TRUE(WaitUntil([&] { return !health_.ready(); }));
  good = true;
  EXPECT_TRUE(WaitUntil([&] { return health_.ready(); }));
}

// Mutation: an answer is waited for, however long it takes.
TEST_F(PartCheckTest, TakesSilenceForNo) {
  std::atomic<bool> hangs = false;
  absl::Notification answered;
  auto check = std::make_unique<PartCheck>(
      health_, kPart,
      [&] {
        if (hangs) answered.WaitForNotification();
        return absl::OkStatus();
      },
      kShort);
  ASSERT_TRUE(WaitUntil([&] { return health_.ready(); }));
  hangs = true;
  EXPECT_TRUE(WaitUntil([&] { return !health_.ready(); }));
  EXPECT_GT(health_.AnswerTime(kPart), absl::ZeroDuration());
  hangs = false;
  answered.Notify();
  EXPECT_TRUE(WaitUntil([&] { return health_.ready(); }));
  check.reset();
}

// Mutation: it begins once the first question is answered, which may be never.
TEST_F(PartCheckTest, BeginsAlthoughNothingAnswers) {
  absl::Notification answered;
  const std::unique_ptr<PartCheck> check = std::make_unique<PartCheck>(
      health_, kPart,
      [&] {
        answered.WaitForNotification();
        return absl::OkStatus();
      },
      kShort);
  EXPECT_FALSE(health_.ready());
  answered.Notify();
  EXPECT_TRUE(WaitUntil([&] { return health_.ready(); }));
}

TEST_F(PartCheckTest, TellsWhatItWasToldBeforeOfOtherParts) {
  health_.AddPart("keys");
  const PartCheck check(health_, kPart, [] { return absl::OkStatus(); });
  EXPECT_FALSE(health_.ready());
  health_.SetPart("keys", absl::OkStatus());
  EXPECT_TRUE(health_.ready());
  EXPECT_EQ(health_.parts(), (std::vector<std::string>{"keys", kPart}));
}

}  // namespace
}  // namespace tutti
