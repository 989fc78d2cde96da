#ifndef TUTTI_COMMON_AUTH_RATE_LIMITER_H_
#define TUTTI_COMMON_AUTH_RATE_LIMITER_H_

#include <cstddef>
#include <mutex>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace tutti {

// How many calls each caller may make. Two seconds' calls may come at once.
struct RateLimit {
  double calls_per_second = 0;  // 0: as many as they like

  double burst() const { return 2 * calls_per_second; }
};

// A token bucket for each caller. Keeps no more than kMaxCallers: those that have not
// called for two seconds are forgotten then, and cost nothing. Thread-safe.
class RateLimiter {
 public:
  static constexpr size_t kMaxCallers = 100'000;

  explicit RateLimiter(RateLimit limit) : limit_(limit) {}

  // Takes one call from the caller's bucket. Zero when it was there; else nothing is
  // taken, and the time after which it will be. `now` must not go back by much.
  absl::Duration Take(absl::string_view caller, absl::Time now);

 private:
  struct Bucket {
    double calls = 0;  // at `since`
    absl::Time since;
  };
  double CallsIn(const Bucket& bucket, absl::Time now) const;

  const RateLimit limit_;
  std::mutex mutex_;
  absl::flat_hash_map<std::string, Bucket> buckets_;  // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_COMMON_AUTH_RATE_LIMITER_H_
