#ifndef TUTTI_COMMON_REDIS_USER_CHECK_H_
#define TUTTI_COMMON_REDIS_USER_CHECK_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/clock/clock.h"
#include "common/redis/connection.h"
#include "common/redis/redis_topology.h"

namespace tutti {

// What a service does at a redis-server, as which user of deploy/redis.
enum class RedisUse {
  kAggregate,  // user aggregate of users.acl
  kScore,      // user score of users.acl
  kJournal,    // user aggregate of journal.acl
};

// Whether the server lets the user in and do all that the service does; nothing is changed for
// it. FailedPrecondition, with what to mend, when it does not: that does not pass by itself.
// Unavailable when nobody answers. In a cluster every node is asked, replicas too, for any may come
// to be used: all at the same time, and one that does not answer says nothing. The whole takes no
// longer than RedisOptions::timeout.
absl::Status CheckUser(const RedisOptions& options, RedisUse use);

// The same for whoever asks all the time, as rights can be taken away from a service that runs:
// what the server answered is repeated for two seconds. Not thread-safe.
class UserWatch {
 public:
  UserWatch(RedisOptions options, RedisUse use) : topology_(std::move(options)), use_(use) {}

  absl::Status Check();

 private:
  absl::Status Ask();

  RedisTopology topology_;
  const RedisUse use_;
  const SystemSteadyClock clock_;
  absl::Status answer_ = absl::UnavailableError("redis-server was not asked yet");
  absl::Duration ask_at_ = absl::ZeroDuration();
};

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_USER_CHECK_H_
