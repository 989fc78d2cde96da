#include "common/rpc/status.h"

#include <string>

#include "tutti/v1/reason.pb.h"

namespace tutti {

grpc::Status ToGrpcStatus(const absl::Status& status) {
  // The codes of both are those of google.rpc.Code.
  if (status.ok()) return grpc::Status::OK;
  // No error is without a reason that a program can read.
  const absl::Status reasoned = ReasonOf(status).empty() ? WithCodeAsReason(status) : status;
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()),
                      ToRpcStatus(WithSomeRetryDelay(reasoned)).SerializeAsString());
}

absl::Status UndecodableError() {
  return WithReason(absl::InvalidArgumentError("the message is not one that this method takes"),
                    v1::REASON_MESSAGE_UNDECODABLE);
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  google::rpc::Status details;
  if (!status.error_details().empty() && details.ParseFromString(status.error_details()) &&
      details.code() == static_cast<int>(status.error_code())) {
    return FromRpcStatus(details);
  }
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace tutti
