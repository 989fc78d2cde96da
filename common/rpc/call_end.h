#ifndef TUTTI_COMMON_RPC_CALL_END_H_
#define TUTTI_COMMON_RPC_CALL_END_H_

#include <functional>
#include <memory>

#include "absl/strings/string_view.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_interceptor.h"

namespace tutti {

// Gets each call that came to a method once it is over: answered to the last byte, or
// given up (CANCELLED). The context is that of the call, and good as an address alone.
using CallEnd = std::function<void(const grpc::ServerContextBase* call, absl::string_view method,
                                   grpc::StatusCode code)>;

// For ServerBuilder. Not of health and reflection.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeCallEndInterceptors(
    CallEnd end);

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_CALL_END_H_
