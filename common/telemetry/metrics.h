#ifndef TUTTI_COMMON_TELEMETRY_METRICS_H_
#define TUTTI_COMMON_TELEMETRY_METRICS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace prometheus {
class Collectable;
}  // namespace prometheus

namespace tutti {

// Labels of one series: names of ours and values from a closed list ("reason" of an
// enum). Never anything that a caller sent, and never an organisation.
using MetricLabels = std::vector<std::pair<std::string, std::string>>;

// How often each of some ranges was met, and what it all came to.
struct HistogramCounts {
  std::vector<uint64_t>
      counts;  // up to each bound, inclusive, and above the bound before; last: above all
  double sum = 0;
};

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

  // Declares a series that goes up and down; the name ends in its unit, "_seconds" or "_bytes",
  // where it has one, and never in what others end in ("_total", "_count", "_sum", "_bucket").
  void AddGauge(const std::string& name, const std::string& help, const MetricLabels& labels,
                std::function<double()> read);

  // Declares counts by range; the name ends in its unit, "_seconds" or "_bytes". `bounds` ascend;
  // `read` gives one count more than there are of them.
  void AddHistogram(const std::string& name, const std::string& help, const MetricLabels& labels,
                    std::vector<double> bounds, std::function<HistogramCounts()> read);

  // FailedPrecondition, with the name, when a declaration breaks a rule: a name that is
  // not tutti_... or process_..., in snake case, with its unit; a label that would tell
  // organisations or people apart; a series declared twice.
  const absl::Status& status() const { return status_; }

  std::shared_ptr<prometheus::Collectable> series() const;

 private:
  class Series;
  bool Accept(const std::string& name, bool has_unit, const MetricLabels& labels);
  void Add(const std::string& name, bool is_new);

  std::shared_ptr<Series> series_;
  absl::Status status_;
};

// Answers GET /metrics, in plain text, one caller after another.
class MetricsServer {
 public:
  // Serves on `address`, an IP address and port (0: a free one) of the loopback; that it
  // is one is for the caller to check. Unavailable when something else serves there,
  // InvalidArgument when it cannot be bound, both with the reason; the error of the declarations
  // when they have one.
  static absl::StatusOr<std::unique_ptr<MetricsServer>> Start(const Metrics& metrics,
                                                              const std::string& address);
  // What Start would say of the address now; leaves nothing bound.
  static absl::Status Check(const std::string& address);
  ~MetricsServer();

  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  int port() const { return port_; }

 private:
  MetricsServer(std::shared_ptr<prometheus::Collectable> series, int socket, int port);
  void Run() const;

  const std::shared_ptr<prometheus::Collectable> series_;
  const int socket_;
  const int port_;
  const int stop_;  // readable when it ends
  std::thread thread_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_TELEMETRY_METRICS_H_
