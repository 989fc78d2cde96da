#include "common/rpc/trace_context.h"

#include <sys/random.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "common/telemetry/log.h"
#include "grpcpp/server_context.h"

namespace tutti {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::ServerRpcInfo;

constexpr size_t kTraceDigits = 32;
constexpr size_t kParentDigits = 16;
constexpr char kDigits[] = "0123456789abcdef";

bool IsHex(absl::string_view text) {
  return text.find_first_not_of(kDigits) == absl::string_view::npos;
}

bool IsId(absl::string_view text) {
  return IsHex(text) && text.find_first_not_of('0') != absl::string_view::npos;
}

// From the kernel, like all chance here.
std::string NewTraceId() {
  std::string bytes(kTraceDigits / 2, '\0');
  // So few bytes come whole.
  if (getrandom(bytes.data(), bytes.size(), 0) < 0) return std::string(kTraceDigits, 'f');
  return absl::BytesToHexString(bytes);
}

// Lives as long as its call.
class TraceLine final : public grpc::experimental::Interceptor {
 public:
  explicit TraceLine(const char* method) : method_(method) {}
  ~TraceLine() override {
    LogDebug("call", {{"method", method_},
                      {"trace", trace_.empty() ? NewTraceId() : trace_},
                      {"code", absl::StatusCodeToString(static_cast<absl::StatusCode>(code_))}});
  }

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_INITIAL_METADATA)) {
      const auto* const metadata = methods->GetRecvInitialMetadata();
      const auto [begin, end] = metadata->equal_range("traceparent");
      // Two are none.
      if (begin != end && std::next(begin) == end) {
        trace_ = TraceIdIn({begin->second.data(), begin->second.size()}).value_or("");
      }
    }
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      code_ = methods->GetSendStatus().error_code();
    }
    methods->Proceed();
  }

 private:
  const std::string method_;
  std::string trace_;
  grpc::StatusCode code_ = grpc::StatusCode::CANCELLED;
};

class TraceLines final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit TraceLines(std::vector<std::string> services) : services_(std::move(services)) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(ServerRpcInfo* info) override {
    const absl::string_view method = info->method();
    const bool traced = std::any_of(services_.begin(), services_.end(), [&](const auto& service) {
      absl::string_view rest = method;
      return absl::ConsumePrefix(&rest, "/") && absl::ConsumePrefix(&rest, service) &&
             absl::StartsWith(rest, "/");
    });
    return traced ? new TraceLine(info->method()) : nullptr;
  }

 private:
  const std::vector<std::string> services_;
};

}  // namespace

std::optional<std::string> TraceIdIn(absl::string_view traceparent) {
  if (!absl::ConsumePrefix(&traceparent, "00-") ||
      traceparent.size() != kTraceDigits + 1 + kParentDigits + 1 + 2) {
    return std::nullopt;
  }
  const absl::string_view trace = traceparent.substr(0, kTraceDigits);
  const absl::string_view parent = traceparent.substr(kTraceDigits + 1, kParentDigits);
  const absl::string_view flags = traceparent.substr(kTraceDigits + 1 + kParentDigits + 1);
  const bool separated =
      traceparent[kTraceDigits] == '-' && traceparent[kTraceDigits + 1 + kParentDigits] == '-';
  if (!separated || !IsId(trace) || !IsId(parent) || !IsHex(flags)) return std::nullopt;
  return std::string(trace);
}

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeTraceLines(
    std::vector<std::string> services) {
  if (services.empty()) return nullptr;
  return std::make_unique<TraceLines>(std::move(services));
}

}  // namespace tutti
