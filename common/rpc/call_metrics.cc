#include "common/rpc/call_metrics.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "common/clock/clock.h"
#include "google/protobuf/descriptor.h"

namespace tutti {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::ServerRpcInfo;

constexpr char kUnknown[] = "unknown";
constexpr char kReads[] = "/tutti.score.v1.";
// Upper ends of ranges, in milliseconds; one more is open.
constexpr uint64_t kFine[] = {1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 10'000};
constexpr uint64_t kCoarse[] = {100,  200,    300,    500,    1000,   2000,
                                5000, 10'000, 20'000, 30'000, 60'000, 120'000};
constexpr uint64_t kTenth = 100;

// Whether its caller says how long it lasts.
bool IsStream(absl::string_view path) {
  const std::string name = absl::StrReplaceAll(absl::StripPrefix(path, "/"), {{"/", "."}});
  const google::protobuf::MethodDescriptor* const method =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(name);
  return method != nullptr && (method->client_streaming() || method->server_streaming());
}

std::vector<double> Seconds(const uint64_t (&ends)[12]) {
  std::vector<double> seconds;
  for (const uint64_t end : ends) seconds.push_back(static_cast<double>(end) / 1000);
  return seconds;
}

}  // namespace

// Lives as long as its call.
class CallMetrics::Call final : public grpc::experimental::Interceptor {
 public:
  explicit Call(Counts& counts) : counts_(counts), begin_(clock_.SinceStart()) {}
  ~Call() override {
    Count(counts_, static_cast<absl::StatusCode>(code_));
    if (counts_.timed) Time(counts_, clock_.SinceStart() - begin_);
  }

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      code_ = methods->GetSendStatus().error_code();
    }
    methods->Proceed();
  }

 private:
  Counts& counts_;
  const SystemSteadyClock clock_;
  const absl::Duration begin_;
  grpc::StatusCode code_ = grpc::StatusCode::CANCELLED;
};

class CallMetrics::Calls final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit Calls(CallMetrics& metrics) : metrics_(metrics) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(ServerRpcInfo* info) override {
    Counts& counts = metrics_.CountsOf(info->method());
    return new Call(counts);
  }

 private:
  CallMetrics& metrics_;
};

CallMetrics::CallMetrics(const MethodRules& rules) {
  for (const auto& [path, rule] : rules.all()) {
    Counts& counts = methods_[path];
    counts.of_ingest = rule.callable_by == CallableBy::kIngest;
    counts.timed = !counts.of_ingest && !IsStream(path);
    counts.fine = absl::StartsWith(path, kReads);
  }
  methods_[kUnknown].timed = false;
}

CallMetrics::Counts& CallMetrics::CountsOf(absl::string_view method) {
  const auto found = methods_.find(method);
  return found == methods_.end() ? methods_.find(kUnknown)->second : found->second;
}

void CallMetrics::Count(Counts& counts, absl::StatusCode code) {
  if (counts.of_ingest && code == absl::StatusCode::kOk) return;
  const auto at = static_cast<size_t>(code);
  ++counts.codes[at < kCodes ? at : static_cast<size_t>(absl::StatusCode::kUnknown)];
}

void CallMetrics::Time(Counts& counts, absl::Duration took) {
  const absl::Duration step = absl::Milliseconds(counts.fine ? 1 : kTenth);
  const auto milliseconds =
      static_cast<uint64_t>(absl::ToInt64Milliseconds(absl::Ceil(took, step)));
  const auto& ends = counts.fine ? kFine : kCoarse;
  const auto end = std::lower_bound(std::begin(ends), std::end(ends), milliseconds);
  ++counts.ranges[static_cast<size_t>(end - std::begin(ends))];
  counts.milliseconds += milliseconds;
}

void CallMetrics::CountRefused(absl::string_view method, absl::StatusCode code) {
  Count(CountsOf(method), code);
}

void CallMetrics::Show(Metrics& metrics) const {
  for (const auto& [path, counts] : methods_) {
    const std::string method(absl::StripPrefix(path, "/"));
    for (size_t code = 0; code < kCodes; ++code) {
      if (counts.of_ingest && code == 0) continue;
      metrics.AddCounter(
          "tutti_requests_total",
          "Calls that ended, by method and code; those that ingest makes only where they failed.",
          {{"method", method},
           {"code", absl::StatusCodeToString(static_cast<absl::StatusCode>(code))}},
          [&one = counts.codes[code]] { return one.load(); });
    }
    if (!counts.timed) continue;
    metrics.AddHistogram(
        "tutti_request_duration_seconds",
        "How long unary calls took; outside score in whole tenths of a second, rounded up.",
        {{"method", method}}, Seconds(counts.fine ? kFine : kCoarse), [&all = counts] {
          HistogramCounts now;
          for (const auto& range : all.ranges) now.counts.push_back(range.load());
          now.sum = static_cast<double>(all.milliseconds.load()) / 1000;
          return now;
        });
  }
}

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> CallMetrics::Interceptors() {
  return std::make_unique<Calls>(*this);
}

}  // namespace tutti
