#ifndef TUTTI_COMMON_RPC_STATUS_H_
#define TUTTI_COMMON_RPC_STATUS_H_

#include "absl/status/status.h"
#include "common/rpc/error_details.h"
#include "grpcpp/support/status.h"

namespace tutti {

// The one place where our errors become gRPC's: code, message and details. An error that
// gives no reason of its own gets its code's name, of domain "tutti"; one that time mends, when
// to come again (see WithSomeRetryDelay).
grpc::Status ToGrpcStatus(const absl::Status& status);

// What a service that reads messages itself says of bytes that are not the message.
absl::Status UndecodableError();

// And back, for clients.
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_STATUS_H_
