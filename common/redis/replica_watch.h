#ifndef TUTTI_COMMON_REDIS_REPLICA_WATCH_H_
#define TUTTI_COMMON_REDIS_REPLICA_WATCH_H_

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "common/redis/connection.h"
#include "common/redis/redis_topology.h"

namespace tutti {

// Asks replicas whether they may be trusted with what their primaries send them: any may take over.
// For whoever asks all the time: all are asked at once, each on a connection that is kept, and for
// half a second at most. Of one that does not answer, what it said last stands, for its primary
// knows that it is away. Thread-safe.
class ReplicaWatch {
 public:
  // `primary` says how to speak to them. FailedPrecondition when one of them is configured so that
  // it may not take over, see CheckReplica, or may not be asked.
  absl::Status Check(const RedisOptions& primary, const std::vector<RedisAddress>& replicas);

 private:
  struct Replica;

  std::mutex mutex_;
  std::map<RedisAddress, std::shared_ptr<Replica>> known_;  // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_REPLICA_WATCH_H_
