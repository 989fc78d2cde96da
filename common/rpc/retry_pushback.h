#ifndef TUTTI_COMMON_RPC_RETRY_PUSHBACK_H_
#define TUTTI_COMMON_RPC_RETRY_PUSHBACK_H_

#include <memory>

#include "grpcpp/support/server_interceptor.h"

namespace tutti {

// The trailer that gRPC's own retries obey: milliseconds, in digits.
inline constexpr char kRetryPushback[] = "grpc-retry-pushback-ms";

// For ServerBuilder: of every call that a method ends with UNAVAILABLE or RESOURCE_EXHAUSTED,
// says in the trailer what RetryInfo says in the details, rounded up; and adds RetryInfo where
// the method gave none. So no method can forget either. Messages that gRPC itself refuses, as
// too large, come to no method: nothing is said of those, for no repetition mends them.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>
MakeRetryPushbackInterceptors();

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_RETRY_PUSHBACK_H_
