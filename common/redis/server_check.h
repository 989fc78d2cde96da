#ifndef TUTTI_COMMON_REDIS_SERVER_CHECK_H_
#define TUTTI_COMMON_REDIS_SERVER_CHECK_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/redis/connection.h"

namespace tutti {

// All that a redis-server says of itself, by name: "role", "run_id" and so on. Needs the
// INFO command.
absl::StatusOr<absl::flat_hash_map<std::string, std::string>> ReadInfo(RedisPool& server);

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
};

// Needs the commands INFO and CONFIG GET; FailedPrecondition when the server denies the latter.
absl::StatusOr<ServerFacts> ReadServerFacts(RedisPool& server);

// Whether a server may be trusted with writes: it is a primary, keeps an append-only file that
// it synchronises at every write, and no snapshots, evicts nothing, has room, and has the replicas
// that `options` wait for. Unavailable when what is wrong may pass by itself, FailedPrecondition
// when the server's configuration is.
absl::Status CheckServer(const ServerFacts& facts, const RedisOptions& options);

// Whether a primary of a cluster, which CheckServer found fit, has the settings that it must
// have as one. FailedPrecondition, with what to set. Needs the command CONFIG GET.
absl::Status CheckClusterNode(RedisPool& primary, const ServerFacts& facts);

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_SERVER_CHECK_H_
