#ifndef TUTTI_COMMON_AUTH_RATE_LIMITER_H_
#define TUTTI_COMMON_AUTH_RATE_LIMITER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/retention/lifetimes.h"

namespace tutti {

// How many calls each caller may make. Two seconds' calls may come at once.
struct RateLimit {
  double calls_per_second = 0;  // 0: as many as they like

  double burst() const { return std::max(1.0, 2 * calls_per_second); }
};

// A token bucket for each caller, which keeps its word: a call that is refused is told after
// which time it will be let in, and a place is kept for it. Without places, whoever comes first
// takes what the patient were told to wait for, and a call is refused many times.
//
// It cannot be seen which call comes again, so whoever comes over the same connection when a
// place is due is taken for the one to whom it was promised; others have what is not promised, and
// one who never waits has no place of theirs. A place that nobody has claimed by kPatience after
// its time lapses, and its call is there for anybody.
//
// Example: at 500 a second, a bucket that is empty refuses three calls at 0 ms. They are told
// times from 100 to 200 ms. Till then others may make what comes, but for the last 3.
//
// Keeps no more than kMaxCallers: those that have not called for two seconds are forgotten
// then, and cost nothing. Thread-safe.
class RateLimiter {
 public:
  static constexpr size_t kMaxCallers = kMostCallersKnown;
  // Nobody is told a shorter time. Who waits for one call's turn alone is refused once for each
  // call that is granted; after this time there are more, and several are granted in a row.
  static constexpr absl::Duration kShortestWait = absl::Milliseconds(100);
  static constexpr absl::Duration kPatience = absl::Milliseconds(500);
  // At most so many places are promised over one connection, to one caller (and no more than two
  // seconds' calls), and to all. Beyond, they are told a time and nothing is kept.
  static constexpr size_t kMaxPlacesOfConnection = 64;
  static constexpr size_t kMaxPlacesOfOne = 4096;
  static constexpr size_t kMaxPlaces = 1'000'000;

  explicit RateLimiter(RateLimit limit) : limit_(limit) {}

  // Takes one call from the caller's bucket. Zero when it was there; else nothing is
  // taken, and the time after which it will be. `connection` is any number that tells
  // connections apart. `now` must not go back by much.
  absl::Duration Take(absl::string_view caller, absl::Time now, uint64_t connection = 0);

 private:
  struct Place {
    absl::Time due;
    uint64_t connection = 0;
  };
  struct Bucket {
    double calls = 0;  // at `since`
    absl::Time since;
    std::vector<Place> places;  // that are promised, ascending
  };
  double CallsIn(const Bucket& bucket, absl::Time now) const;
  void DropLapsed(Bucket& bucket, absl::Time now);
  // Whether one more place may be promised to somebody.
  bool HasRoom(absl::Time now);
  // Whether every place finds its call when it is due, though one more is taken now.
  bool Spares(const Bucket& bucket, double calls, absl::Time now) const;
  absl::Duration Promise(Bucket& bucket, double calls, absl::Time now, uint64_t connection);

  const RateLimit limit_;
  std::mutex mutex_;
  absl::flat_hash_map<std::string, Bucket> buckets_;  // guarded by mutex_
  size_t places_ = 0;                                 // of all buckets; guarded by mutex_
  absl::Time swept_ = absl::InfinitePast();           // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_COMMON_AUTH_RATE_LIMITER_H_
