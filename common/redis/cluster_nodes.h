#ifndef TUTTI_COMMON_REDIS_CLUSTER_NODES_H_
#define TUTTI_COMMON_REDIS_CLUSTER_NODES_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tutti {

// How many other nodes hold what one primary of a cluster holds, or may hold it: its
// replicas, and also primaries without slots and their replicas, for these slots may have
// been theirs until it took over.
struct ClusterCopies {
  int known = 0;
  int missing = 0;  // of those: failed, not connected, or without an address
};

// Reads what that primary answers to CLUSTER NODES. A node that is only being introduced
// (handshake) has had nothing yet. Internal when it is no such table.
absl::StatusOr<ClusterCopies> CopiesIn(absl::string_view table);

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_CLUSTER_NODES_H_
