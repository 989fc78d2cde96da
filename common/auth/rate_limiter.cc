#include "common/auth/rate_limiter.h"

namespace tutti {
namespace {

// What sums of fractions may be off by: a call that is due is there.
constexpr double kRounding = 1e-6;
constexpr absl::Duration kRoundingTime = absl::Microseconds(1);

// One to two, by the microsecond: who is refused a moment later gets something else.
double Spread(absl::Time now) {
  return 1 + static_cast<double>(absl::ToUnixMicros(now) % 1000) / 1000;
}

}  // namespace

double RateLimiter::CallsIn(const Bucket& bucket, absl::Time now) const {
  const double seconds = std::max(0.0, absl::ToDoubleSeconds(now - bucket.since));
  return std::min(limit_.burst(), bucket.calls + seconds * limit_.calls_per_second);
}

void RateLimiter::DropLapsed(Bucket& bucket, absl::Time now) {
  const auto kept = std::find_if(bucket.places.begin(), bucket.places.end(),
                                 [&](const Place& place) { return place.due >= now - kPatience; });
  places_ -= static_cast<size_t>(kept - bucket.places.begin());
  bucket.places.erase(bucket.places.begin(), kept);
}

bool RateLimiter::HasRoom(absl::Time now) {
  // Those of callers who are gone are found by looking at all, now and then.
  if (places_ >= kMaxPlaces && now - swept_ >= kPatience) {
    swept_ = now;
    for (auto& [unused, bucket] : buckets_) DropLapsed(bucket, now);
  }
  return places_ < kMaxPlaces;
}

absl::Duration RateLimiter::Take(absl::string_view caller, absl::Time now, uint64_t connection) {
  if (limit_.calls_per_second <= 0) return absl::ZeroDuration();
  const std::lock_guard lock(mutex_);
  if (buckets_.size() >= kMaxCallers && !buckets_.contains(caller)) {
    absl::erase_if(buckets_, [&](auto& entry) {
      DropLapsed(entry.second, now);
      return entry.second.places.empty() && CallsIn(entry.second, now) >= limit_.burst();
    });
    // All of them call now: who is new waits.
    if (buckets_.size() >= kMaxCallers) return absl::Seconds(Spread(now));
  }
  Bucket& bucket =
      buckets_.try_emplace(std::string(caller), Bucket{limit_.burst(), now, {}}).first->second;
  DropLapsed(bucket, now);
  const double calls = CallsIn(bucket, now);
  std::vector<Place>& places = bucket.places;
  const auto later = std::find_if(places.begin(), places.end(), [&](const Place& place) {
    return place.due > now + kRoundingTime;
  });
  const auto own = std::find_if(places.begin(), later, [connection](const Place& place) {
    return place.connection == connection;
  });
  const bool there = calls >= 1 - kRounding && (own != later || Spares(bucket, calls, now));
  if (!there) return Promise(bucket, calls, now, connection);
  if (own != later) {
    places.erase(own);
    --places_;
  }
  bucket.calls = std::max(0.0, calls - 1);
  bucket.since = std::max(now, bucket.since);
  return absl::ZeroDuration();
}

bool RateLimiter::Spares(const Bucket& bucket, double calls, absl::Time now) const {
  double needed = 2;  // this call, and those of the places so far
  for (const Place& place : bucket.places) {
    const double seconds = std::max(0.0, absl::ToDoubleSeconds(place.due - now));
    const double then = calls + seconds * limit_.calls_per_second;
    if (then < needed - kRounding) return false;
    ++needed;
  }
  return true;
}

absl::Duration RateLimiter::Promise(Bucket& bucket, double calls, absl::Time now,
                                    uint64_t connection) {
  std::vector<Place>& places = bucket.places;
  const auto before = static_cast<double>(places.size());
  // When there is a call beside all that are promised, and up to as long again: places are claimed
  // in step with nobody and in another order each time.
  const absl::Duration free = absl::Seconds((before + 1 - calls) / limit_.calls_per_second);
  const absl::Duration wait = Spread(now) * std::max(kShortestWait, free);
  const auto of_connection =
      std::count_if(places.begin(), places.end(),
                    [connection](const Place& place) { return place.connection == connection; });
  const auto most = std::min(limit_.burst(), static_cast<double>(kMaxPlacesOfOne));
  if (before + 1 > most || of_connection >= static_cast<int64_t>(kMaxPlacesOfConnection) ||
      !HasRoom(now)) {
    return wait;
  }
  const absl::Time due = now + wait;
  const auto after = std::find_if(places.begin(), places.end(),
                                  [due](const Place& place) { return place.due > due; });
  // Those after it find their calls all the same: by then there are as many as places, and one.
  places.insert(after, {due, connection});
  ++places_;
  return wait;
}

}  // namespace tutti
