#include "common/redis/server_check.h"

#include "absl/strings/str_split.h"

namespace tutti {

absl::StatusOr<absl::flat_hash_map<std::string, std::string>> ReadInfo(RedisPool& server) {
  const absl::StatusOr<std::string> info = AsString(server.Call({"INFO"}));
  if (!info.ok()) return info.status();
  absl::flat_hash_map<std::string, std::string> facts;
  for (const absl::string_view line : absl::StrSplit(*info, "\r\n")) {
    facts.insert(absl::StrSplit(line, absl::MaxSplits(':', 1)));
  }
  return facts;
}

absl::StatusOr<ServerFacts> ReadServerFacts(RedisPool& server) {
  auto facts = ReadInfo(server);
  if (!facts.ok()) return facts.status();
  return ServerFacts{(*facts)["run_id"],
                     (*facts)["role"] == "master",
                     (*facts)["cluster_enabled"] == "1",
                     (*facts)["aof_enabled"] == "1",
                     (*facts)["aof_last_write_status"] == "ok",
                     (*facts)["maxmemory_policy"] != "noeviction"};
}

absl::Status CheckServer(const ServerFacts& facts) {
  if (!facts.primary) {
    return absl::UnavailableError("redis-server is a replica; connect to the primary");
  }
  if (!facts.appends) {
    return absl::FailedPreconditionError(
        "redis-server keeps no append-only file; set appendonly yes and appendfsync always");
  }
  if (!facts.writes_file) {
    return absl::UnavailableError("redis-server cannot write its append-only file; check the disk");
  }
  if (facts.evicts) {
    return absl::FailedPreconditionError(
        "redis-server may evict counters; set maxmemory-policy noeviction");
  }
  return absl::OkStatus();
}

}  // namespace tutti
