#include "common/redis/redis_stores.h"

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_split.h"

namespace tutti {

absl::Status RedisStores::CheckServer() {
  const absl::StatusOr<std::string> info = AsString(pool_.Call({"INFO"}));
  if (!info.ok()) return info.status();
  absl::flat_hash_map<std::string, std::string> facts;
  for (const absl::string_view line : absl::StrSplit(*info, "\r\n")) {
    facts.insert(absl::StrSplit(line, absl::MaxSplits(':', 1)));
  }
  if (facts["role"] != "master") {
    return absl::UnavailableError("redis-server is a replica; connect to the primary");
  }
  if (facts["aof_enabled"] != "1") {
    return absl::FailedPreconditionError(
        "redis-server keeps no append-only file; set appendonly yes and appendfsync always");
  }
  if (facts["aof_last_write_status"] != "ok") {
    return absl::UnavailableError("redis-server cannot write its append-only file; check the disk");
  }
  if (facts["maxmemory_policy"] != "noeviction") {
    return absl::FailedPreconditionError(
        "redis-server may evict counters; set maxmemory-policy noeviction");
  }
  return absl::OkStatus();
}

}  // namespace tutti
