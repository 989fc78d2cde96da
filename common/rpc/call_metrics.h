#ifndef TUTTI_COMMON_RPC_CALL_METRICS_H_
#define TUTTI_COMMON_RPC_CALL_METRICS_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/auth/method_rules.h"
#include "common/telemetry/metrics.h"
#include "grpcpp/support/server_interceptor.h"

namespace tutti {

// Counts calls by method and code, and how long they took. A method that is not served counts as
// "unknown". Not counted: what ingest calls with success, for a delta is sent when something was
// done for the first time. Reads of what is published are timed to the millisecond; others in whole
// tenths of a second, rounded up: neither what a batch had that was new nor how long a close took
// shows in them. Streams, whose length is their caller's choice, are counted and not timed.
// Thread-safe. Outlives the server.
class CallMetrics {
 public:
  explicit CallMetrics(const MethodRules& rules);

  // Declares the series. Once.
  void Show(Metrics& metrics) const;

  // A call that came to no method, which may be any text.
  void CountRefused(absl::string_view method, absl::StatusCode code);

  // For ServerBuilder: counts what comes to a method.
  std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> Interceptors();

 private:
  class Call;
  class Calls;

  static constexpr size_t kCodes = 17;
  static constexpr size_t kRanges = 13;

  struct Counts {
    bool of_ingest = false;  // what succeeds is not counted
    bool fine = false;       // timed to the millisecond
    bool timed = true;
    std::array<std::atomic<uint64_t>, kCodes> codes = {};
    std::array<std::atomic<uint64_t>, kRanges> ranges = {};
    std::atomic<uint64_t> milliseconds = 0;
  };

  Counts& CountsOf(absl::string_view method);
  static void Count(Counts& counts, absl::StatusCode code);
  static void Time(Counts& counts, absl::Duration took);

  std::map<std::string, Counts, std::less<>> methods_;  // by path; "unknown" too
};

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_CALL_METRICS_H_
