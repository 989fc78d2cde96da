#ifndef TUTTI_COMMON_REDIS_REDIS_NODES_H_
#define TUTTI_COMMON_REDIS_REDIS_NODES_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/redis/connection.h"

namespace tutti {

// How to speak to each replica of a primary: as to the primary, at the address that the
// replica announces. Unavailable when one announces none. A replica that is not
// connected is not listed: it takes over what the primary has when it comes back.
absl::StatusOr<std::vector<RedisOptions>> ReplicasOf(RedisPool& primary);

// Has one node rewrite its append-only files, and returns when they have been replaced by
// what a rewriting wrote that began after this was called. Unavailable when it failed,
// or the node was restarted meanwhile; Cancelled when `stop`, which is asked now and
// then, says so: the node goes on by itself.
absl::Status RewriteFiles(RedisPool& node, const std::function<bool()>& stop);

// All keys of a pattern that one node holds. One that comes or goes meanwhile may be
// among them or not.
absl::StatusOr<std::vector<std::string>> KeysOf(RedisPool& node, const std::string& pattern);

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_REDIS_NODES_H_
