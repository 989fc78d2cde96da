#include "common/auth/rate_limiter.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

absl::Time At(double seconds) { return absl::UnixEpoch() + absl::Seconds(seconds); }

int TakeAll(RateLimiter& limiter, const char* caller, absl::Time now) {
  int taken = 0;
  while (limiter.Take(caller, now) == absl::ZeroDuration()) ++taken;
  return taken;
}

TEST(RateLimiterTest, GivesABurstAndThenTheRate) {
  RateLimiter limiter({10});
  EXPECT_EQ(TakeAll(limiter, "a", At(0)), 20);
  EXPECT_EQ(limiter.Take("a", At(0)), absl::Milliseconds(100));
  EXPECT_EQ(TakeAll(limiter, "a", At(0.5)), 5);
  EXPECT_EQ(TakeAll(limiter, "a", At(100)), 20) << "no more than the burst is saved";
}

TEST(RateLimiterTest, KeepsCallersApart) {
  RateLimiter limiter({10});
  TakeAll(limiter, "a", At(0));
  EXPECT_EQ(TakeAll(limiter, "b", At(0)), 20);
}

TEST(RateLimiterTest, GivesNothingForAClockThatGoesBack) {
  RateLimiter limiter({10});
  TakeAll(limiter, "a", At(100));
  EXPECT_EQ(TakeAll(limiter, "a", At(99)), 0);
  EXPECT_EQ(TakeAll(limiter, "a", At(100.1)), 1);
}

TEST(RateLimiterTest, IsOffAtZero) {
  RateLimiter limiter({});
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(limiter.Take("a", At(0)), absl::ZeroDuration());
}

TEST(RateLimiterTest, ForgetsWhoDoesNotCallWhenThereAreTooMany) {
  RateLimiter limiter({1});
  for (size_t i = 0; i < RateLimiter::kMaxCallers; ++i) {
    ASSERT_EQ(limiter.Take(absl::StrCat(i), At(0)), absl::ZeroDuration());
  }
  EXPECT_GT(limiter.Take("one more", At(0)), absl::ZeroDuration());
  EXPECT_EQ(limiter.Take("one more", At(2)), absl::ZeroDuration());
}

}  // namespace
}  // namespace tutti
