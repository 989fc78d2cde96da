#ifndef TUTTI_TESTS_SUPPORT_REDIS_CLUSTER_H_
#define TUTTI_TESTS_SUPPORT_REDIS_CLUSTER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/redis/connection.h"
#include "tests/support/redis_server.h"

namespace tutti {

// A Redis Cluster of its own, whose primaries have equal shares of the slots. As RedisServer
// otherwise. Takes about three seconds to start: no primary takes writes in its first two.
class RedisCluster {
 public:
  // Starts it, and waits until every node knows every other one and takes writes.
  static absl::StatusOr<std::unique_ptr<RedisCluster>> Start(
      int primaries, int replicas_of_each, RedisServer::Wire wire = RedisServer::Wire::kPlain);

  // How to connect as a user of RedisServer::OptionsFor, with every node as seed.
  RedisOptions OptionsFor(const std::string& user) const;

  // All nodes: the primaries as they were at the start, then the replicas, in rounds.
  const std::vector<std::unique_ptr<RedisServer>>& nodes() const { return nodes_; }
  RedisServer& primary(int index) const { return *nodes_[static_cast<size_t>(index)]; }
  RedisServer& replica(int of_primary) const {
    return *nodes_[static_cast<size_t>(primaries_) + static_cast<size_t>(of_primary)];
  }
  // Which of the primaries had the key's slot at the start.
  int OwnerOf(absl::string_view key) const;

  // Moves the key's slot as redis-cli does, in three steps: both say so, keys go over, both
  // are told, and all agree. The second moves at most `limit` keys and returns how many are left,
  // or one of them.
  absl::Status BeginMove(absl::string_view key, int from, int to) const;
  absl::StatusOr<int64_t> MoveKeys(absl::string_view key, int from, int to, int limit) const;
  absl::Status MoveKey(const std::string& key, int from, int to) const;
  absl::Status EndMove(absl::string_view key, int from, int to) const;
  // All three.
  absl::Status Move(absl::string_view key, int from, int to) const;

 private:
  explicit RedisCluster(int primaries) : primaries_(primaries) {}
  absl::Status Form(int replicas_of_each);
  absl::Status AwaitNodes() const;

  const int primaries_;
  std::vector<std::unique_ptr<RedisServer>> nodes_;
  std::vector<std::string> ids_;  // of the nodes
};

}  // namespace tutti

#endif  // TUTTI_TESTS_SUPPORT_REDIS_CLUSTER_H_
