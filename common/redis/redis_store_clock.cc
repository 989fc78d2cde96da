#include "common/redis/redis_store_clock.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "common/status/status_macros.h"

namespace tutti {

namespace {

absl::StatusOr<absl::Time> TimeOf(RedisPool& server) {
  ASSIGN_OR_RETURN(const std::vector<std::string> parts, AsStrings(server.Call({"TIME"})));
  int64_t seconds = 0;
  int64_t micros = 0;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &seconds) ||
      !absl::SimpleAtoi(parts[1], &micros)) {
    return absl::InternalError("redis-server tells a time that makes no sense");
  }
  return absl::FromUnixSeconds(seconds) + absl::Microseconds(micros);
}

}  // namespace

absl::StatusOr<absl::Time> RedisStoreClock::Now() {
  ASSIGN_OR_RETURN(const auto primaries, router_.Primaries());
  absl::Time earliest = absl::InfiniteFuture();
  for (const auto& primary : primaries) {
    ASSIGN_OR_RETURN(const absl::Time time, TimeOf(*primary));
    earliest = std::min(earliest, time);
  }
  return earliest;
}

}  // namespace tutti
