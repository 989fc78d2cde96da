#ifndef TUTTI_TESTS_SUPPORT_WAIT_UNTIL_H_
#define TUTTI_TESTS_SUPPORT_WAIT_UNTIL_H_

#include <functional>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace tutti {

// Waits for something that comes by itself; false when it does not within a minute.
inline bool WaitUntil(const std::function<bool()>& there) {
  const absl::Time deadline = absl::Now() + absl::Minutes(1);
  while (!there()) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(absl::Milliseconds(10));
  }
  return true;
}

}  // namespace tutti

#endif  // TUTTI_TESTS_SUPPORT_WAIT_UNTIL_H_
