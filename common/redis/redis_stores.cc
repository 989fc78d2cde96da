#include "common/redis/redis_stores.h"

#include "common/redis/server_check.h"

namespace tutti {

absl::Status RedisStores::CheckServer() {
  const absl::StatusOr<ServerFacts> facts = ReadServerFacts(pool_);
  return facts.ok() ? tutti::CheckServer(*facts, pool_.options()) : facts.status();
}

absl::StatusOr<std::string> RedisStores::RunId() {
  auto facts = ReadInfo(pool_);
  if (!facts.ok()) return facts.status();
  return (*facts)["run_id"];
}

}  // namespace tutti
