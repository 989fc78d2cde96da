#include "common/redis/replica_watch.h"

#include <utility>

#include "common/redis/at_once.h"
#include "common/redis/server_check.h"
#include "common/status/graver.h"

namespace tutti {
namespace {

constexpr absl::Duration kPatience = absl::Milliseconds(500);
constexpr absl::Duration kBetweenTries = absl::Seconds(1);

}  // namespace

struct ReplicaWatch::Replica {
  Replica(RedisOptions options, const RedisAddress& address) : node(std::move(options), address) {}

  void Ask() {
    const absl::Duration limit = node.answers.Limit(kPatience, kBetweenTries);
    if (limit == absl::ZeroDuration()) return;
    const absl::StatusOr<ServerFacts> facts = ReadServerFacts(node.pool, limit);
    if (absl::IsUnavailable(facts.status())) {
      node.answers.InVain(kBetweenTries);
      return;
    }
    node.answers.Answered();
    const absl::Status fit = facts.ok() ? CheckReplica(*facts) : facts.status();
    const std::lock_guard<std::mutex> lock(mutex);
    said = fit;
  }

  RedisNode node;
  std::mutex mutex;
  absl::Status said;  // guarded by mutex
};

absl::Status ReplicaWatch::Check(const RedisOptions& primary,
                                 const std::vector<RedisAddress>& replicas) {
  absl::Status found;
  std::map<RedisAddress, std::shared_ptr<Replica>> asked;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const RedisAddress& address : replicas) {
      if (!MaySpeakTo(primary, address)) {
        KeepGraver(NotInPlainText(), found);
        continue;
      }
      std::shared_ptr<Replica>& replica = known_[address];
      if (replica == nullptr) {
        replica = std::make_shared<Replica>(OptionsAt(primary, address), address);
      }
      asked.emplace(address, replica);
    }
    known_ = asked;
  }
  std::vector<std::shared_ptr<Replica>> all;
  all.reserve(asked.size());
  for (auto& [address, replica] : asked) all.push_back(std::move(replica));
  DoAtOnce(all.size(), [&](size_t i) { all[i]->Ask(); });
  for (const std::shared_ptr<Replica>& replica : all) {
    const std::lock_guard<std::mutex> lock(replica->mutex);
    KeepGraver(replica->said, found);
  }
  return found;
}

}  // namespace tutti
