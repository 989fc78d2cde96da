#ifndef TUTTI_COMMON_REDIS_SERVER_CHECK_H_
#define TUTTI_COMMON_REDIS_SERVER_CHECK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/redis/connection.h"

namespace tutti {

// All that a redis-server says of itself, by name: "role", "run_id" and so on. Waits no longer than
// `limit`. Needs the INFO command.
absl::StatusOr<absl::flat_hash_map<std::string, std::string>> ReadInfo(
    RedisPool& server, absl::Duration limit = absl::InfiniteDuration());

// What matters of it here.
struct ServerFacts {
  std::string run_id;  // another one after every restart
  bool primary = false;
  bool in_cluster = false;
  bool appends = false;      // keeps an append-only file
  bool writes_file = false;  // the last write to it succeeded
  bool evicts = false;       // may throw away keys
  int64_t used_bytes = 0;    // of those that count towards max_bytes
  int64_t max_bytes = 0;     // above which it refuses writes; 0: none
  int online_replicas = 0;   // that follow it; neither away nor still copying
  // Synchronises the file before it answers a write, also while the file is rewritten. INFO
  // does not tell it.
  bool synchronizes = false;
  // Writes all that it has into a file that is not rewritten, now and then or when a replica
  // copies it. INFO does not tell it.
  bool snapshots = false;
  std::vector<RedisAddress> replicas;  // that follow it in whatever state
  // Of use in a cluster alone; INFO does not tell them.
  bool migrates_replicas = false;   // a replica of it may go over to another primary
  bool takes_over_late = false;     // as a replica, however long it was away
  bool reads_when_down = false;     // answers when it is cut off
  int64_t node_timeout_millis = 0;  // after which a replica takes over
};

// Waits no longer than `limit`. Needs the commands INFO and CONFIG GET; FailedPrecondition when the
// server denies the latter.
absl::StatusOr<ServerFacts> ReadServerFacts(RedisPool& server,
                                            absl::Duration limit = absl::InfiniteDuration());

// Whether a server may be trusted with writes: it is a primary, keeps an append-only file that
// it synchronises at every write, and no snapshots, evicts nothing, has room, and has the replicas
// that `options` wait for; in a cluster no more than these, for any may take over, and the settings
// that a node must have. Unavailable when what is wrong may pass by itself, FailedPrecondition
// when the server's configuration is.
absl::Status CheckServer(const ServerFacts& facts, const RedisOptions& options);

// The same of a replica, of which only the configuration matters: it may take over.
absl::Status CheckReplica(const ServerFacts& facts);

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_SERVER_CHECK_H_
