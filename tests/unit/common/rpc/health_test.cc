#include "common/rpc/health.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "tests/doubles/fake_clock.h"

namespace tutti {
namespace {

constexpr char kPart[] = "store";

class HealthTest : public testing::Test {
 protected:
  // What the log says to a report of the part.
  std::string Report(const absl::Status& status) {
    testing::internal::CaptureStderr();
    health_.SetPart(kPart, status);
    return testing::internal::GetCapturedStderr();
  }

  FakeSteadyClock clock_;
  HealthService health_{{"a.Service"}, {kPart}, clock_};
};

// Mutation: compared is what was found last, and not what was told.
TEST_F(HealthTest, TellsATroubleAgainThatAnotherHidForAMoment) {
  const absl::Status lasts = absl::FailedPreconditionError("it may forget");
  const absl::Status passes = absl::UnavailableError("it is away");
  EXPECT_TRUE(absl::StrContains(Report(lasts), "it may forget"));
  clock_.Advance(absl::Seconds(11));
  EXPECT_EQ(Report(lasts), "") << "once a minute";
  EXPECT_TRUE(absl::StrContains(Report(passes), "it is away"));
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Report(lasts), "") << "not each of many";
  clock_.Advance(absl::Seconds(9));
  EXPECT_TRUE(absl::StrContains(Report(lasts), "it may forget"));
  clock_.Advance(absl::Seconds(59));
  EXPECT_EQ(Report(lasts), "");
  clock_.Advance(absl::Seconds(1));
  EXPECT_TRUE(absl::StrContains(Report(lasts), "it may forget"));
  EXPECT_TRUE(absl::StrContains(Report(absl::OkStatus()), "good again"));
}

}  // namespace
}  // namespace tutti
