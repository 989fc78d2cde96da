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
// replica announces. Each has done what the primary had done when this was called: what
// is deleted by then is deleted there.
//
// Unavailable, and says how many there are, while a replica that is known to exist cannot
// be reached or has not caught up: what it holds would outlive its deletion everywhere
// else. Known are those that are connected to the primary; as many as
// RedisOptions::wait_replicas; and in a cluster those in the primary's table of nodes,
// where a primary without slots counts, too, for it may have been replaced by this one.
// Outside of a cluster a primary forgets a replica when its connection ends: without
// wait_replicas one that is away is not missed. Replicas of replicas are not seen.
absl::StatusOr<std::vector<RedisOptions>> ReplicasOf(RedisPool& primary);

// Has one node rewrite its append-only files, and returns when they have been replaced by
// what a rewriting wrote that began after this was called. Unavailable when it failed,
// or the node was restarted meanwhile; Cancelled when `stop`, which is asked now and
// then, says so: the node goes on by itself.
absl::Status RewriteFiles(RedisPool& node, const std::function<bool()>& stop);

// All keys of a pattern that one node holds; with `type` ("list", ...) those of that type
// alone. One that comes or goes meanwhile may be among them or not.
absl::StatusOr<std::vector<std::string>> KeysOf(RedisPool& node, const std::string& pattern,
                                                const std::string& type = "");

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_REDIS_NODES_H_
