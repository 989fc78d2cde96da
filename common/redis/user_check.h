#ifndef TUTTI_COMMON_REDIS_USER_CHECK_H_
#define TUTTI_COMMON_REDIS_USER_CHECK_H_

#include "absl/status/status.h"
#include "common/redis/connection.h"

namespace tutti {

// What a service does at a redis-server, as which user of deploy/redis.
enum class RedisUse {
  kAggregate,  // user aggregate of users.acl
  kScore,      // user score of users.acl
  kJournal,    // user aggregate of journal.acl
};

// Whether the server lets the user in and do all that the service does; nothing is changed for
// it. FailedPrecondition, with what to mend, when it does not: that does not pass by itself.
// Unavailable when nobody answers. In a cluster, one node is asked.
absl::Status CheckUser(const RedisOptions& options, RedisUse use);

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_USER_CHECK_H_
