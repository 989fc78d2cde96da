#ifndef TUTTI_COMMON_RPC_END_CONNECTION_H_
#define TUTTI_COMMON_RPC_END_CONNECTION_H_

#include "absl/strings/string_view.h"

namespace tutti {

// Ends the connections of this process with the peer of a call, as gRPC names it:
// "ipv4:127.0.0.1:50051" or "ipv6:%5B::1%5D:50051". gRPC has no call for it. Nothing happens when
// there is none; a peer of a Unix socket has no name. Thread-safe; looks at every descriptor.
void EndConnection(absl::string_view peer);

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_END_CONNECTION_H_
