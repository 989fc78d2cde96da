#include "common/redis/redis_stores.h"

#include "common/redis/server_check.h"
#include "common/status/status_macros.h"

namespace tutti {

absl::Status RedisStores::CheckServer() {
  ASSIGN_OR_RETURN(const auto primaries, router_.Primaries());
  absl::Status fit;
  int missing = 0;
  for (const auto& primary : primaries) {
    ASSIGN_OR_RETURN(const ServerFacts facts, ReadServerFacts(*primary));
    missing += std::max(0, primary->options().wait_replicas - facts.online_replicas);
    fit.Update(tutti::CheckServer(facts, primary->options()));
    if (fit.ok() && router_.in_cluster()) fit = CheckClusterNode(*primary, facts);
  }
  missing_replicas_ = missing;
  return fit;
}

absl::StatusOr<bool> RedisStores::IsStoredIn(const std::string& run_id) {
  ASSIGN_OR_RETURN(const auto primaries, router_.Primaries());
  for (const auto& primary : primaries) {
    ASSIGN_OR_RETURN(auto facts, ReadInfo(*primary));
    if (facts["run_id"] == run_id) return true;
  }
  return false;
}

}  // namespace tutti
