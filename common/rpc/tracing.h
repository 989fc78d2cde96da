#ifndef TUTTI_COMMON_RPC_TRACING_H_
#define TUTTI_COMMON_RPC_TRACING_H_

#include <string>
#include <vector>

namespace tutti {

// Has gRPC trace nothing. It would write to standard error what it sends and receives,
// byte by byte, identifiers, slots and tokens among it, for whoever sets GRPC_TRACE and
// GRPC_VERBOSITY in the environment: those are taken out of it. Returns the names of
// those that were set. First thing in main: before any thread, and before gRPC reads them.
std::vector<std::string> ForbidTracing();

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_TRACING_H_
