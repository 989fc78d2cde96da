#ifndef TUTTI_COMMON_RPC_CALL_WATCH_H_
#define TUTTI_COMMON_RPC_CALL_WATCH_H_

#include <functional>
#include <memory>

#include "absl/strings/string_view.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_interceptor.h"

namespace tutti {

// Is told of each call that comes to a method: with its headers, before the method sees it,
// and once it is over. Thread-safe.
struct CallWatch {
  // False gives the call up: it ends with CANCELLED. `endless` is one that its caller ends.
  std::function<bool(const grpc::ServerContextBase* call, absl::string_view method, bool endless)>
      begin;
  // Answered to the last byte, or given up (CANCELLED). The context is good as an address
  // alone.
  std::function<void(const grpc::ServerContextBase* call, absl::string_view method,
                     grpc::StatusCode code)>
      end;
};

// For ServerBuilder.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeCallWatchInterceptors(
    CallWatch watch);

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_CALL_WATCH_H_
