#include "common/rpc/call_watch.h"

#include <string>
#include <utility>

namespace tutti {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::ServerRpcInfo;

// Lives as long as its call.
class Interceptor final : public grpc::experimental::Interceptor {
 public:
  Interceptor(const CallWatch& watch, ServerRpcInfo* info)
      : watch_(watch),
        call_(info->server_context()),
        method_(info->method()),
        endless_(info->type() != ServerRpcInfo::Type::UNARY) {}
  ~Interceptor() override { watch_.end(call_, method_, code_); }

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_INITIAL_METADATA) &&
        !watch_.begin(call_, method_, endless_)) {
      call_->TryCancel();
    }
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      code_ = methods->GetSendStatus().error_code();
    }
    methods->Proceed();
  }

 private:
  const CallWatch& watch_;
  grpc::ServerContextBase* const call_;
  const std::string method_;
  const bool endless_;
  grpc::StatusCode code_ = grpc::StatusCode::CANCELLED;
};

class Factory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit Factory(CallWatch watch) : watch_(std::move(watch)) {}
  grpc::experimental::Interceptor* CreateServerInterceptor(ServerRpcInfo* info) override {
    return new Interceptor(watch_, info);
  }

 private:
  const CallWatch watch_;
};

}  // namespace

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeCallWatchInterceptors(
    CallWatch watch) {
  return std::make_unique<Factory>(std::move(watch));
}

}  // namespace tutti
