#include "common/telemetry/metrics.h"

#include <algorithm>
#include <exception>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prometheus/collectable.h"
#include "prometheus/exposer.h"
#include "prometheus/metric_family.h"

namespace tutti {
namespace {

bool IsSnakeCase(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_islower(static_cast<unsigned char>(c)) ||
           absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '_';
  });
}

// Labels under which one organisation's or one person's activity would show.
bool TellsApart(const std::string& label) {
  static const std::set<std::string> refused = {"organization", "org",  "tenant", "customer",
                                                "subject",      "user", "person", "device",
                                                "slot",         "key",  "peer",   "name"};
  return refused.count(label) != 0;
}

}  // namespace

class Metrics::Series final : public prometheus::Collectable {
 public:
  struct Reader {
    prometheus::ClientMetric labelled;
    std::function<double()> read;
  };
  struct Family {
    std::string help;
    prometheus::MetricType type;
    std::vector<Reader> readers;
  };

  std::vector<prometheus::MetricFamily> Collect() const override {
    std::vector<prometheus::MetricFamily> out;
    out.reserve(families_.size());
    for (const auto& [name, family] : families_) {
      prometheus::MetricFamily& shown = out.emplace_back();
      shown.name = name;
      shown.help = family.help;
      shown.type = family.type;
      shown.metric.reserve(family.readers.size());
      for (const Reader& reader : family.readers) {
        prometheus::ClientMetric metric = reader.labelled;
        (family.type == prometheus::MetricType::Counter ? metric.counter.value
                                                        : metric.gauge.value) = reader.read();
        shown.metric.push_back(std::move(metric));
      }
    }
    return out;
  }

  // False when there is such a series already.
  bool Add(const std::string& name, const std::string& help, prometheus::MetricType type,
           const MetricLabels& labels, std::function<double()> read) {
    Reader reader;
    for (const auto& [label, value] : labels) reader.labelled.label.push_back({label, value});
    Family& family = families_.try_emplace(name, Family{help, type, {}}).first->second;
    const bool is_new =
        family.type == type &&
        std::none_of(family.readers.begin(), family.readers.end(), [&reader](const Reader& other) {
          return other.labelled.label == reader.labelled.label;
        });
    reader.read = std::move(read);
    if (is_new) family.readers.push_back(std::move(reader));
    return is_new;
  }

 private:
  std::map<std::string, Family> families_;
};

Metrics::Metrics() : series_(std::make_shared<Series>()) {}

bool Metrics::Accept(const std::string& name, const std::vector<std::string>& units,
                     const MetricLabels& labels) {
  const bool named = absl::StartsWith(name, "tutti_") && IsSnakeCase(name) &&
                     std::any_of(units.begin(), units.end(), [&name](const std::string& unit) {
                       return absl::EndsWith(name, unit);
                     });
  const bool labelled = std::all_of(labels.begin(), labels.end(), [](const auto& label) {
    return IsSnakeCase(label.first) && !TellsApart(label.first);
  });
  if (named && labelled) return true;
  status_.Update(absl::FailedPreconditionError(
      absl::StrCat("metric ", name,
                   named ? ": a label is not in snake case, or tells organisations or people apart"
                         : ": the name must be tutti_..., in snake case, and end in its unit")));
  return false;
}

void Metrics::AddCounter(const std::string& name, const std::string& help,
                         const MetricLabels& labels, std::function<uint64_t()> read) {
  if (!Accept(name, {"_total"}, labels)) return;
  if (!series_->Add(name, help, prometheus::MetricType::Counter, labels,
                    [read = std::move(read)] { return static_cast<double>(read()); })) {
    status_.Update(absl::FailedPreconditionError(absl::StrCat("metric ", name, ": added twice")));
  }
}

void Metrics::AddGauge(const std::string& name, const std::string& help, const MetricLabels& labels,
                       std::function<double()> read) {
  if (!Accept(name, {"_seconds", "_bytes", "_ratio", "_count", "_state"}, labels)) return;
  if (!series_->Add(name, help, prometheus::MetricType::Gauge, labels, std::move(read))) {
    status_.Update(absl::FailedPreconditionError(absl::StrCat("metric ", name, ": added twice")));
  }
}

std::shared_ptr<prometheus::Collectable> Metrics::series() const { return series_; }

absl::StatusOr<std::unique_ptr<MetricsServer>> MetricsServer::Start(const Metrics& metrics,
                                                                    const std::string& address) {
  if (!metrics.status().ok()) return metrics.status();
  // The library tells of a taken address by throwing.
  try {
    auto server = std::unique_ptr<MetricsServer>(
        new MetricsServer(std::make_unique<prometheus::Exposer>(address, 1)));
    server->series_ = metrics.series();
    server->exposer_->RegisterCollectable(server->series_);
    return server;
  } catch (const std::exception&) {
    return absl::UnavailableError(
        "--metrics_listen: the address cannot be served on; is something else using it?");
  }
}

MetricsServer::MetricsServer(std::unique_ptr<prometheus::Exposer> exposer)
    : exposer_(std::move(exposer)) {}

MetricsServer::~MetricsServer() = default;

int MetricsServer::port() const { return exposer_->GetListeningPorts().front(); }

}  // namespace tutti
