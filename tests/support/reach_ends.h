#ifndef TUTTI_TESTS_SUPPORT_REACH_ENDS_H_
#define TUTTI_TESTS_SUPPORT_REACH_ENDS_H_

#include <vector>

#include "common/window/schedule.h"

namespace tutti {

// End days of the reach windows that contain the day, ascending.
inline std::vector<Day> ReachEndsContaining(const Schedule& schedule, Day day) {
  std::vector<Day> ends;
  for (Day end = day; end < day + kReachDays; ++end) {
    if (schedule.IsReachEnd(end)) ends.push_back(end);
  }
  return ends;
}

}  // namespace tutti

#endif  // TUTTI_TESTS_SUPPORT_REACH_ENDS_H_
