#include "services/aggregate/clock_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/doubles/fake_clock.h"

namespace tutti {
namespace {

using ::testing::HasSubstr;

class OtherClock final : public StoreClock {
 public:
  absl::StatusOr<absl::Time> Now() override { return now; }
  absl::StatusOr<absl::Time> now = absl::UnavailableError("away");
};

// Mutation: without the check, or with one of the size of the difference alone.
TEST(ClockGuardTest, RefusesAClockThatIsFarAheadOfTheStores) {
  const absl::Time noon = absl::FromCivil(absl::CivilHour(2026, 3, 4, 12), absl::UTCTimeZone());
  FakeWallClock own(noon);
  OtherClock store;
  ClockGuard guard(own, store);
  EXPECT_TRUE(absl::IsUnavailable(guard.Check()));
  store.now = noon;
  EXPECT_EQ(guard.Check(), absl::OkStatus());
  own.Set(noon + ClockGuard::kMaxAhead);
  EXPECT_EQ(guard.Check(), absl::OkStatus());
  own.Set(noon + absl::Hours(24 * 400));
  const absl::Status ahead = guard.Check();
  EXPECT_TRUE(absl::IsFailedPrecondition(ahead)) << ahead;
  EXPECT_THAT(ahead.message(), HasSubstr("9600h"));
  EXPECT_THAT(ahead.message(), HasSubstr("10m"));
  own.Set(noon - absl::Hours(24 * 400));
  EXPECT_EQ(guard.Check(), absl::OkStatus()) << "closing late loses nothing";
}

}  // namespace
}  // namespace tutti
