#include "common/redis/redis_store_clock.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"

namespace tutti {

absl::StatusOr<absl::Time> RedisStoreClock::Now() {
  const absl::StatusOr<std::vector<std::string>> parts = AsStrings(pool_.Call({"TIME"}));
  if (!parts.ok()) return parts.status();
  int64_t seconds = 0;
  int64_t micros = 0;
  if (parts->size() != 2 || !absl::SimpleAtoi((*parts)[0], &seconds) ||
      !absl::SimpleAtoi((*parts)[1], &micros)) {
    return absl::InternalError("redis-server tells a time that makes no sense");
  }
  return absl::FromUnixSeconds(seconds) + absl::Microseconds(micros);
}

}  // namespace tutti
