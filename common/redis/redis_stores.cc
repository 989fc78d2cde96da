#include "common/redis/redis_stores.h"

#include <set>

#include "absl/strings/str_join.h"
#include "common/redis/at_once.h"
#include "common/redis/server_check.h"
#include "common/status/graver.h"
#include "common/status/status_macros.h"

namespace tutti {

absl::Status RedisStores::CheckServer() {
  ASSIGN_OR_RETURN(RedisTopology::Nodes nodes, router_.ReadNodes());
  std::vector<absl::StatusOr<ServerFacts>> answers(nodes.primaries.size());
  DoAtOnce(answers.size(), [&](size_t i) { answers[i] = ReadServerFacts(*nodes.primaries[i]); });
  absl::Status fit = nodes.complete;
  int missing = 0;
  bool all_answered = fit.ok();
  std::set<std::string> run_ids;
  for (const absl::StatusOr<ServerFacts>& facts : answers) {
    KeepGraver(facts.status(), fit);
    all_answered &= facts.ok();
    if (!facts.ok()) continue;
    run_ids.insert(facts->run_id);
    missing += std::max(0, router_.options().wait_replicas - facts->online_replicas);
    KeepGraver(tutti::CheckServer(*facts, router_.options()), fit);
    // A cluster's map leaves out those that have received nothing yet.
    nodes.replicas.insert(nodes.replicas.end(), facts->replicas.begin(), facts->replicas.end());
  }
  KeepGraver(replicas_.Check(router_.options(), nodes.replicas), fit);
  if (all_answered) {
    missing_replicas_ = missing;
    const std::lock_guard<std::mutex> lock(mutex_);
    run_ids_ = absl::StrJoin(run_ids, " ");
  }
  return fit;
}

std::string RedisStores::run_ids() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return run_ids_;
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
