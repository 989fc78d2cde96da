#ifndef TUTTI_TESTS_SUPPORT_REDIS_SERVER_H_
#define TUTTI_TESTS_SUPPORT_REDIS_SERVER_H_

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/redis/connection.h"

namespace tutti {

// A redis-server of its own, configured by deploy/redis as in production, on a Unix
// socket in a new folder. It ends, and its folder goes, with this object. Needs
// redis-server on the PATH and TUTTI_SOURCE_DIR in the environment, as ctest sets
// it. Not thread-safe.
class RedisServer {
 public:
  // What is spoken on ports of the loopback. By TLS both sides show the certificate of tls().
  enum class Wire { kPlain, kTls };

  // Starts a server and waits until it answers.
  static absl::StatusOr<std::unique_ptr<RedisServer>> Start();
  // The same, listening on a free port of the loopback too, for replicas.
  static absl::StatusOr<std::unique_ptr<RedisServer>> StartPrimary(Wire wire = Wire::kPlain);
  // A replica of a primary; waits until it has all that the primary has.
  static absl::StatusOr<std::unique_ptr<RedisServer>> StartReplicaOf(const RedisServer& primary);
  // A node of a cluster that has no slots and has met nobody, on free ports of the loopback,
  // set up as a cluster of Tutti's must be. A node that does not answer for five seconds has
  // failed.
  static absl::StatusOr<std::unique_ptr<RedisServer>> StartClusterNode(Wire wire = Wire::kPlain);
  // The primary of a cluster, with all slots, and a replica in that cluster.
  static absl::StatusOr<std::unique_ptr<RedisServer>> StartClusterPrimary();
  static absl::StatusOr<std::unique_ptr<RedisServer>> StartClusterReplicaOf(
      const RedisServer& primary);
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  // Where it listens beside its socket, and for other nodes of its cluster.
  RedisAddress address() const { return {"127.0.0.1", port_}; }
  // How to speak to that address; of no use to the socket.
  RedisTls tls() const { return wire_ == Wire::kTls ? Credentials() : RedisTls(); }
  int bus_port() const { return bus_port_; }
  // Waits until a replica of it has all that it has.
  absl::Status AwaitReplica(const RedisServer& replica) const;

  // How to connect as the user "aggregate" or "score" of the ACL file, or as
  // "inspector", which may do everything and exists in tests alone.
  RedisOptions OptionsFor(const std::string& user) const;

  // Ends it in order, and starts it anew on the same files.
  absl::Status Restart();
  // Ends it as a power cut would end the process.
  void Kill();
  // Starts it anew after Kill.
  absl::Status Resume();
  // Stops the process in the middle of whatever it does, connections and all; or lets it go
  // on.
  void Freeze(bool frozen);

  // The bytes of every append-only file.
  std::string AppendOnlyFiles() const;
  // Whether a file has all that it had at some time, and stays.
  bool HasSnapshot() const;
  // Deletes every append-only file; only after Kill.
  void LoseFiles();
  // Makes a replica a primary of its own, which takes writes.
  absl::Status Promote();

  // Copies them to a folder, and puts them back; only after Kill.
  void SaveFiles(const std::filesystem::path& folder) const;
  void RestoreFiles(const std::filesystem::path& folder);
  // Waits until no rewrite of them is under way; false when the last one failed.
  bool WaitForRewrite();
  // Has rewritings wait at every key, so that one can be met while it is under way; or no
  // longer.
  void SlowRewrites(bool slow);
  // Kills the process that rewrites the files, once there is one; false when none comes.
  bool KillRewrite();
  // Kills the one that there is now; false when there is none.
  bool KillRewriteIfAny();

 private:
  explicit RedisServer(std::filesystem::path folder) : folder_(std::move(folder)) {}
  static absl::StatusOr<std::unique_ptr<RedisServer>> StartWith(std::vector<std::string> more);
  // One certificate for all of this process, for 127.0.0.1.
  static const RedisTls& Credentials();
  void End(int signal);

  const std::filesystem::path folder_;
  std::vector<std::string> more_;  // words of the command line
  int port_ = 0;                   // for replicas, or of one
  int bus_port_ = 0;               // of a cluster
  Wire wire_ = Wire::kPlain;
  pid_t pid_ = -1;
};

}  // namespace tutti

#endif  // TUTTI_TESTS_SUPPORT_REDIS_SERVER_H_
