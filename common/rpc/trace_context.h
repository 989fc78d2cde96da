#ifndef TUTTI_COMMON_RPC_TRACE_CONTEXT_H_
#define TUTTI_COMMON_RPC_TRACE_CONTEXT_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "grpcpp/support/server_interceptor.h"

namespace tutti {

// The trace id, 32 hexadecimal digits, of a W3C traceparent, letter for letter as the
// specification has it: version 00, lower case, 55 characters, no id of zeros. Nothing for anything
// else.
std::optional<std::string> TraceIdIn(absl::string_view traceparent);

// For ServerBuilder: writes a line at debug for every call of these services, by full name, when
// it is over: method, trace id and code. The trace id is that of the call's traceparent, when it
// has one, a new one otherwise. Nothing else that a caller says of a trace is read; of other
// services, nothing at all. Null when no service is named.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeTraceLines(
    std::vector<std::string> services);

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_TRACE_CONTEXT_H_
