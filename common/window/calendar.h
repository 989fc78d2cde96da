#ifndef TUTTI_COMMON_WINDOW_CALENDAR_H_
#define TUTTI_COMMON_WINDOW_CALENDAR_H_

#include <vector>

#include "absl/time/time.h"
#include "common/window/day.h"

namespace tutti {

// Tells to which civil day an instant belongs, where the time zone changes now and then.
// Days never go back as time goes on. Where the zone changes, the last day in the old zone is
// longer or shorter than others, or has no instant at all. Immutable once it is made, and then
// thread-safe.
//
// Example: UTC, and from 2026-03-10 on Pacific/Auckland, which is 13 hours ahead. 2026-03-10
// begins at 11:00 UTC on 2026-03-09, which has lasted 11 hours.
class Calendar {
 public:
  // Adds the zone in which days are counted from `from_day` on; it must be later than that of
  // the zone added before. The first one holds for earlier days too.
  void Add(Day from_day, absl::TimeZone zone);

  // There must be a zone.
  Day DayOf(absl::Time time) const;
  // The first instant of the day: DayOf(t) >= day just when t >= StartOf(day).
  absl::Time StartOf(Day day) const;

 private:
  struct Zone {
    Day from_day;
    absl::TimeZone zone;
  };
  std::vector<Zone> zones_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_WINDOW_CALENDAR_H_
