#include "common/rpc/retry_pushback.h"

#include "absl/strings/str_cat.h"
#include "common/rpc/status.h"

namespace tutti {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;
using grpc::experimental::ServerRpcInfo;

class Interceptor final : public grpc::experimental::Interceptor {
 public:
  void Intercept(InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      AddTo(*methods);
    }
    methods->Proceed();
  }

 private:
  static void AddTo(InterceptorBatchMethods& methods) {
    const grpc::Status sent = methods.GetSendStatus();
    if (sent.error_code() != grpc::StatusCode::UNAVAILABLE &&
        sent.error_code() != grpc::StatusCode::RESOURCE_EXHAUSTED) {
      return;
    }
    absl::Status status = FromGrpcStatus(sent);
    if (!RetryDelayOf(status).has_value()) {
      status = WithSomeRetryDelay(status);
      methods.ModifySendStatus(ToGrpcStatus(status));
    }
    const absl::Duration delay = absl::Ceil(*RetryDelayOf(status), absl::Milliseconds(1));
    methods.GetSendTrailingMetadata()->emplace(kRetryPushback,
                                               absl::StrCat(absl::ToInt64Milliseconds(delay)));
  }
};

class Factory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  grpc::experimental::Interceptor* CreateServerInterceptor(ServerRpcInfo* /*info*/) override {
    return new Interceptor;
  }
};

}  // namespace

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>
MakeRetryPushbackInterceptors() {
  return std::make_unique<Factory>();
}

}  // namespace tutti
