#include "common/redis/redis_stores.h"

#include "common/redis/server_check.h"

namespace tutti {

absl::Status RedisStores::CheckServer() {
  const auto primaries = router_.Primaries();
  if (!primaries.ok()) return primaries.status();
  for (const auto& primary : *primaries) {
    const absl::StatusOr<ServerFacts> facts = ReadServerFacts(*primary);
    if (!facts.ok()) return facts.status();
    absl::Status fit = tutti::CheckServer(*facts, primary->options());
    if (fit.ok() && router_.in_cluster()) fit = CheckClusterNode(*primary, *facts);
    if (!fit.ok()) return fit;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> RedisStores::RunId() {
  const auto primaries = router_.Primaries();
  if (!primaries.ok()) return primaries.status();
  auto facts = ReadInfo(*primaries->front());
  if (!facts.ok()) return facts.status();
  return (*facts)["run_id"];
}

}  // namespace tutti
