#include "common/sources/input/audit_time.h"

#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "common/sources/checked_time.h"

namespace tutti {
namespace {

struct Case {
  const char* text;
  int64_t seconds;  // -1: refused
};

TEST(AuditTime, ReadsWhatAuditRecordsSayAndNothingElse) {
  constexpr Case kCases[] = {
      {"2026-05-04T09:00:00", 1777885200},
      {"2026-05-04T09:00:00Z", 1777885200},
      {"2026-05-04T09:00:00.1234567Z", 1777885200},
      {"2026-05-04 09:00:00", 1777885200},
      {"2026-05-04T11:00:00+02:00", 1777885200},
      {"2026-05-04T03:30:00-05:30", 1777885200},
      {" 2026-05-04T09:00:00 ", 1777885200},
      {"/Date(1777885200999)/", 1777885200},
      {"1970-01-01T00:00:00", 0},
      {"2024-02-29T00:00:00", 1709164800},
      {"2025-02-29T00:00:00", -1},
      {"2026-13-04T09:00:00", -1},
      {"2026-05-04T24:00:00", -1},
      {"2026-05-04", -1},
      {"5/4/2026 9:00:00 AM", -1},
      {"2026-05-04T09:00:00 Europe/Berlin", -1},
      {"2026-05-04T11:00:00+0200", 1777885200},
      {"2026-05-04T11:00:00+02", 1777885200},
      {"2026-05-04T11:00:00.5+02", 1777885200},
      {"2026-05-04T11:00:00 +02:00", 1777885200},
      {"2026-05-04t09:00:00z", 1777885200},
      {"2026-05-04T09:00:00,123Z", 1777885200},
      {"2026-05-04T09:00:00.123456789012Z", 1777885200},
      {"2026-05-04 09:00:00 UTC", 1777885200},
      {"2026-05-04T09:00Z", 1777885200},
      {"/Date(1777885200999+0200)/", 1777885200},
      {"/Date(-86400000)/", -86400},
      {"2026-05-04T11:00:00+02:60", -1},
      {"2026-05-04T11:00:00+020", -1},
      {"2026-05-04T11:00:00+02-00", -1},
      {"2026-05-04T09:00:00.Z", -1},
      {"2026-05-04T09:00:", -1},
      {"2026-05-04T09:00:00+2:00", -1},
      {"/Date(noon)/", -1},
      {"", -1},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(ParseAuditTime(c.text).value_or(-1), c.seconds) << c.text;
  }
}

// Mutation: what follows the day decides, or must not be there.
TEST(ReportDay, IsTheDayThatIsWrittenWhateverFollows) {
  constexpr int64_t kMidnight = 1777852800;
  constexpr Case kCases[] = {
      {"2026-05-04", kMidnight},
      {" 2026-05-04 ", kMidnight},
      {"2026-05-04 00:00:00", kMidnight},
      {"2026-05-04T00:00:00", kMidnight},
      {"2026-05-04T00:00:00Z", kMidnight},
      {"2026-05-04T00:00:00.000+0200", kMidnight},
      {"2026-05-04 0:00", kMidnight},
      // Mutation: of the year first two digits of a month and of a day are wanted.
      {"2026-5-4", kMidnight},
      {"2026/5/4", kMidnight},
      {"2026/5/4 9:00", kMidnight},
      {"2026.05.04", kMidnight},
      {"2026. 05. 04.", kMidnight},
      {"2026. 5. 4. 9:00:00", kMidnight},
      {"2026-5/4", -1},
      {"2026-5-4x", -1},
      {"2026/13/4", -1},
      {"2026-5-", -1},
      {"2026.", -1},
      {"2026/05/04", kMidnight},
      {"04.05.2026", kMidnight},
      {"04.05.2026 00:00:00", kMidnight},
      {"5/4/2026", -1},
      {"05/04/2026", -1},
      {"2026-02-30", -1},
      {"2026-05-041", -1},
      {"2026-05-04 noon", -1},
      {"2026-05", -1},
      {"", -1},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(ParseReportDay(c.text).value_or(-1), c.seconds) << c.text;
  }
  // Mutation: two digits wanted of a day and of a month.
  for (const char* day :
       {"4.5.2026", "04.5.2026", "4.05.2026 00:00", "4.5.2026T00:00:00", "04.05.2026.",
        "4. 5. 2026", "4. 5. 2026. 9:00", "04.05.26", "4.5.26 9:00"}) {
    EXPECT_EQ(ParseReportDay(day), ParseReportDay("2026-05-04")) << day;
  }
  for (const char* none :
       {"4.5.6", "4.5.026", "4.  5. 2026", "4. 5. 2026 x", "4..2026", "4.5", "4.5.2026.1",
        "4.13.2026", "31.4.2026", "004.5.2026", "4.5.2026x", ".5.2026"}) {
    EXPECT_EQ(ParseReportDay(none), absl::nullopt) << none;
  }
}

TEST(ReportDay, IsReadInAnOrderWhereItHasTwo) {
  const auto may = ParseReportDay("2026-05-04");
  EXPECT_EQ(ParseReportDay("4/5/2026", DayOrder::kDayFirst), may);
  EXPECT_EQ(ParseReportDay("5/4/2026", DayOrder::kMonthFirst), may);
  EXPECT_EQ(ParseReportDay("04-05-2026 00:00", DayOrder::kDayFirst), may);
  EXPECT_EQ(ParseReportDay("04.05.2026", DayOrder::kMonthFirst), may);
  EXPECT_EQ(ParseReportDay("5/5/2026"), ParseReportDay("2026-05-05"));
  EXPECT_EQ(ParseReportDay("13/5/2026"), ParseReportDay("2026-05-13"));
  EXPECT_EQ(ParseReportDay("5/13/2026"), ParseReportDay("2026-05-13"));
  EXPECT_EQ(ParseReportDay("13/5/2026", DayOrder::kMonthFirst), absl::nullopt);
  EXPECT_EQ(ParseReportDay("4/5/26", DayOrder::kDayFirst), absl::nullopt);
  EXPECT_EQ(DayOrderOf("13/5/2026"), DayOrder::kDayFirst);
  EXPECT_EQ(DayOrderOf("5/13/2026 9:00 PM"), DayOrder::kMonthFirst);
  for (const char* none : {"4/5/2026", "13/13/2026", "13.5.2026", "2026-05-13", "13/5", ""}) {
    EXPECT_EQ(DayOrderOf(none), DayOrder::kUnknown) << none;
  }
  EXPECT_TRUE(NeedsDayOrder("4/5/2026"));
  for (const char* clear : {"5/5/2026", "13/5/2026", "4.5.2026", "2026-05-04", ""}) {
    EXPECT_FALSE(NeedsDayOrder(clear)) << clear;
  }
}

// Mutations: no second of the future; any.
TEST(TimeRange, AllowsForClocksThatDiffer) {
  const TimeRange times(absl::FromUnixSeconds(1777885200));
  EXPECT_TRUE(times.Holds(1777885500));
  EXPECT_FALSE(times.Holds(1777885501));
}

// Mutation: noon of today refused before noon; the day counted in UTC.
TEST(TimeRange, TakesADayThatHasBegunSomewhere) {
  struct At {
    int64_t now;
    const char* day;
    int64_t seconds;  // -1: refused
  };
  constexpr int64_t kMidnight = 1777852800;  // 2026-05-04
  constexpr int64_t kHour = 3600;
  constexpr At kCases[] = {
      {kMidnight + 8 * kHour, "2026-05-04", kMidnight + 8 * kHour},
      {kMidnight + 20 * kHour, "2026-05-04", kMidnight + 12 * kHour},
      {kMidnight - 10 * kHour, "2026-05-04", kMidnight - 10 * kHour},
      {kMidnight - 15 * kHour, "2026-05-04", -1},
      {kMidnight, "2027-01-05", -1},
      {kMidnight, "1999-12-31", -1},
      {kMidnight, "2026-05-03T00:00:00Z", kMidnight - 12 * kHour},
  };
  for (const At& c : kCases) {
    const TimeRange range(absl::FromUnixSeconds(c.now));
    const CheckedTime time = range.Day(c.day);
    EXPECT_EQ(time.seconds.value_or(-1), c.seconds) << c.now << " " << c.day;
    if (c.seconds < 0) {
      EXPECT_EQ(time.problem, RejectionReason::kTimeOutOfRange) << c.day;
    }
  }
  EXPECT_EQ(TimeRange(absl::Now()).Day("today").problem, RejectionReason::kMalformedTime);
}

}  // namespace
}  // namespace tutti
