#include "common/auth/rate_limiter.h"

#include <algorithm>

namespace tutti {

double RateLimiter::CallsIn(const Bucket& bucket, absl::Time now) const {
  const double seconds = std::max(0.0, absl::ToDoubleSeconds(now - bucket.since));
  return std::min(limit_.burst(), bucket.calls + seconds * limit_.calls_per_second);
}

absl::Duration RateLimiter::Take(absl::string_view caller, absl::Time now) {
  if (limit_.calls_per_second <= 0) return absl::ZeroDuration();
  const std::lock_guard lock(mutex_);
  if (buckets_.size() >= kMaxCallers && !buckets_.contains(caller)) {
    absl::erase_if(buckets_,
                   [&](const auto& entry) { return CallsIn(entry.second, now) >= limit_.burst(); });
    // All of them call now: who is new waits.
    if (buckets_.size() >= kMaxCallers) return absl::Seconds(1);
  }
  Bucket& bucket =
      buckets_.try_emplace(std::string(caller), Bucket{limit_.burst(), now}).first->second;
  const double calls = CallsIn(bucket, now);
  if (calls < 1) return absl::Seconds((1 - calls) / limit_.calls_per_second);
  bucket = {calls - 1, std::max(now, bucket.since)};
  return absl::ZeroDuration();
}

}  // namespace tutti
