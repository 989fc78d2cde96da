#ifndef TUTTI_COMMON_TELEMETRY_METRICS_H_
#define TUTTI_COMMON_TELEMETRY_METRICS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace prometheus {
class Collectable;
class Exposer;
}  // namespace prometheus

namespace tutti {

// Labels of one series: names of ours and values from a closed list ("reason" of an
// enum). Never anything that a caller sent, and never an organisation.
using MetricLabels = std::vector<std::pair<std::string, std::string>>;

// What a process shows of itself to Prometheus. Every series is declared before
// serving, with its labels, so no more can appear later; its value is read from the
// counters that the process keeps anyway, whenever somebody asks. The readers are
// called from other threads, and must outlive the MetricsServer that shows them.
class Metrics {
 public:
  Metrics();

  // Declares a series that only grows; the name ends in "_total".
  void AddCounter(const std::string& name, const std::string& help, const MetricLabels& labels,
                  std::function<uint64_t()> read);

  // Declares a series that goes up and down; the name ends in its unit: "_seconds",
  // "_bytes", "_ratio", "_count" or "_state" (0 or 1).
  void AddGauge(const std::string& name, const std::string& help, const MetricLabels& labels,
                std::function<double()> read);

  // FailedPrecondition, with the name, when a declaration breaks a rule: a name that is
  // not tutti_..., in snake case, with its unit; a label that would tell organisations
  // or people apart; a series declared twice.
  const absl::Status& status() const { return status_; }

  std::shared_ptr<prometheus::Collectable> series() const;

 private:
  class Series;
  bool Accept(const std::string& name, const std::vector<std::string>& units,
              const MetricLabels& labels);

  std::shared_ptr<Series> series_;
  absl::Status status_;
};

// Answers GET /metrics, in plain text.
class MetricsServer {
 public:
  // Serves on `address`, an IP address and port (0: a free one) of the loopback; that it
  // is one is for the caller to check. Unavailable when it is taken; the error of the
  // declarations when they have one.
  static absl::StatusOr<std::unique_ptr<MetricsServer>> Start(const Metrics& metrics,
                                                              const std::string& address);
  ~MetricsServer();

  int port() const;

 private:
  explicit MetricsServer(std::unique_ptr<prometheus::Exposer> exposer);

  // The exposer holds no more than a weak reference.
  std::shared_ptr<prometheus::Collectable> series_;
  std::unique_ptr<prometheus::Exposer> exposer_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_TELEMETRY_METRICS_H_
