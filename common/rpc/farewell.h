#ifndef TUTTI_COMMON_RPC_FAREWELL_H_
#define TUTTI_COMMON_RPC_FAREWELL_H_

#include "absl/time/time.h"

namespace grpc {
class Server;
}

namespace tutti {

// Asks the callers of a server that accepts no connection any more to leave, and waits until all
// have left, or until the time. Every connection gets a GOAWAY, and its calls are served
// meanwhile, those that were on their way included. gRPC's Shutdown sends one, too, but from the
// moment in which it is called it answers CANCELLED to what was on its way, and callers do not
// try that again.
void AskCallersToLeave(grpc::Server& server, absl::Time until);

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_FAREWELL_H_
