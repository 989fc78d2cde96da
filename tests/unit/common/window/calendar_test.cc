#include "common/window/calendar.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace tutti {
namespace {

const char* const kZones[] = {"UTC", "Pacific/Kiritimati", "America/Anchorage", "Pacific/Auckland"};

// Mutations: a day that begins in the zone of before; a zone that reaches into the next one's
// days.
TEST(CalendarTest, BeginsEachDayWhereItsInstantsBegin) {
  for (const std::string from : kZones) {
    for (const std::string over : kZones) {
      for (const std::string to : kZones) {
        Calendar calendar;
        calendar.Add(Day(2026, 1, 1), *LoadZone(from));
        calendar.Add(Day(2026, 3, 10), *LoadZone(over));
        calendar.Add(Day(2026, 3, 11), *LoadZone(to));
        Day last = calendar.DayOf(absl::FromCivil(Day(2026, 3, 6), absl::UTCTimeZone()));
        for (int hour = 0; hour < 24 * 9; ++hour) {
          const absl::Time time =
              absl::FromCivil(absl::CivilHour(Day(2026, 3, 6)) + hour, absl::UTCTimeZone());
          const Day day = calendar.DayOf(time);
          ASSERT_GE(day, last) << from << over << to;
          last = day;
          for (Day other = day - 3; other <= day + 3; ++other) {
            ASSERT_EQ(day >= other, time >= calendar.StartOf(other))
                << from << ", " << over << ", " << to << " at " << time << ": " << other;
          }
        }
      }
    }
  }
}

TEST(CalendarTest, HasAShortDayWhereTheZoneMovesAhead) {
  Calendar calendar;
  calendar.Add(Day(2026, 1, 1), absl::UTCTimeZone());
  calendar.Add(Day(2026, 3, 10), *LoadZone("Pacific/Auckland"));
  EXPECT_EQ(calendar.StartOf(Day(2026, 3, 9)),
            absl::FromCivil(Day(2026, 3, 9), absl::UTCTimeZone()));
  EXPECT_EQ(calendar.StartOf(Day(2026, 3, 10)),
            absl::FromCivil(absl::CivilHour(2026, 3, 9, 11), absl::UTCTimeZone()));
}

}  // namespace
}  // namespace tutti
