#ifndef TUTTI_SERVICES_INGEST_FLIGHT_LIMIT_H_
#define TUTTI_SERVICES_INGEST_FLIGHT_LIMIT_H_

#include <algorithm>
#include <cstddef>

#include "absl/time/time.h"

namespace tutti {

// How much may be under way at once, in activities, when more of it takes longer and what takes too
// long was done for nothing. A store that becomes slow is given so little that it is done in time:
// half of what was under way when something was slow, or less the slower it was; twice as much, up
// to the most, after each round that took half of that or less. Not thread-safe.
class FlightLimit {
 public:
  // What takes longer than `slow` is slow.
  FlightLimit(size_t most, absl::Duration slow) : most_(most), slow_(slow), limit_(most) {}

  // At least 1.
  size_t value() const { return limit_; }

  // How long one took of late.
  absl::Duration took() const { return took_; }

  // `own` activities, of `all` that were under way together, have come to an end, whatever it was.
  // Those that set out before the limit fell lower it no further.
  void Note(absl::Duration begin, absl::Duration end, size_t own, size_t all) {
    const absl::Duration took = end - begin;
    took_ = (took_ + took) / 2;
    if (took <= slow_ / 2) {
      limit_ = std::min(most_, limit_ + own);
    } else if (took > slow_ && begin >= fell_at_) {
      const double share = absl::FDivDuration(slow_, 2 * took);
      limit_ = std::max<size_t>(
          1, static_cast<size_t>(static_cast<double>(std::min(limit_, all)) * share));
      fell_at_ = end;
    }
  }

 private:
  const size_t most_;
  const absl::Duration slow_;
  size_t limit_;
  absl::Duration took_;
  absl::Duration fell_at_ = -absl::InfiniteDuration();
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_FLIGHT_LIMIT_H_
