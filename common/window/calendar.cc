#include "common/window/calendar.h"

#include <algorithm>

namespace tutti {

void Calendar::Add(Day from_day, absl::TimeZone zone) {
  // One zone, however many terms it takes: most organisations never move.
  if (!zones_.empty() && zones_.back().zone == zone) return;
  zones_.push_back({from_day, zone});
}

Day Calendar::DayOf(absl::Time time) const {
  size_t i = zones_.size() - 1;
  Day day(absl::ToCivilDay(time, zones_[i].zone));
  while (i > 0 && day < zones_[i].from_day) {
    // A zone's days end where the next one's begin.
    const Day last = zones_[i].from_day - 1;
    --i;
    day = std::min(Day(absl::ToCivilDay(time, zones_[i].zone)), last);
  }
  return day;
}

absl::Time Calendar::StartOf(Day day) const {
  absl::Time start = absl::InfiniteFuture();
  for (size_t i = zones_.size(); i-- > 0;) {
    const bool first = i == 0 || day >= zones_[i].from_day;
    start = std::min(start, absl::FromCivil(first ? day : zones_[i].from_day, zones_[i].zone));
    if (first) break;
  }
  return start;
}

}  // namespace tutti
