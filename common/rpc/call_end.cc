#include "common/rpc/call_end.h"

#include <string>
#include <utility>

#include "common/auth/method_rules.h"

namespace tutti {
namespace {

// Lives as long as its call.
class Interceptor final : public grpc::experimental::Interceptor {
 public:
  Interceptor(const CallEnd& end, grpc::experimental::ServerRpcInfo* info)
      : end_(end), call_(info->server_context()), method_(info->method()) {}
  ~Interceptor() override { end_(call_, method_, code_); }

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(
            grpc::experimental::InterceptionHookPoints::PRE_SEND_STATUS)) {
      code_ = methods->GetSendStatus().error_code();
    }
    methods->Proceed();
  }

 private:
  const CallEnd& end_;
  const grpc::ServerContextBase* const call_;
  const std::string method_;
  grpc::StatusCode code_ = grpc::StatusCode::CANCELLED;
};

class Factory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit Factory(CallEnd end) : end_(std::move(end)) {}
  grpc::experimental::Interceptor* CreateServerInterceptor(
      grpc::experimental::ServerRpcInfo* info) override {
    const MethodRule* const rule = RuleOf(info->method());
    if (rule != nullptr && rule->callable_by == CallableBy::kAnybody) return nullptr;
    return new Interceptor(end_, info);
  }

 private:
  const CallEnd end_;
};

}  // namespace

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeCallEndInterceptors(
    CallEnd end) {
  return std::make_unique<Factory>(std::move(end));
}

}  // namespace tutti
