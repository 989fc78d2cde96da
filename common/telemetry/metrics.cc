#include "common/telemetry/metrics.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <limits>
#include <map>
#include <set>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/status/status_macros.h"
#include "prometheus/collectable.h"
#include "prometheus/metric_family.h"
#include "prometheus/text_serializer.h"

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

// What a caller may say.
constexpr size_t kMostRequestBytes = 8 << 10;
constexpr time_t kPatienceSeconds = 2;
constexpr int kPauseMillis = 100;
constexpr absl::string_view kRequest = "GET /metrics";

struct Bound {
  int socket = -1;
  int port = 0;
};

absl::Status NotBound(const std::string& address, const char* why, int error) {
  const std::string said =
      absl::StrCat("--metrics_listen: ", address, " cannot be served on: ", why);
  return error == EADDRINUSE ? absl::UnavailableError(said) : absl::InvalidArgumentError(said);
}

absl::StatusOr<Bound> Bind(const std::string& address) {
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (absl::StartsWith(host, "[")) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  addrinfo* found = nullptr;
  if (colon == std::string::npos ||
      getaddrinfo(host.c_str(), address.c_str() + colon + 1, &hints, &found) != 0) {
    return NotBound(address, "it is no IP address and port", 0);
  }
  const absl::Cleanup free_found = [found] { freeaddrinfo(found); };
  const int bound = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (bound < 0) return NotBound(address, std::strerror(errno), errno);
  const int yes = 1;
  setsockopt(bound, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  sockaddr_storage name{};
  socklen_t size = sizeof(name);
  if (bind(bound, found->ai_addr, found->ai_addrlen) != 0 || listen(bound, SOMAXCONN) != 0 ||
      getsockname(bound, reinterpret_cast<sockaddr*>(&name), &size) != 0) {
    const int error = errno;
    close(bound);
    return NotBound(address, std::strerror(error), error);
  }
  // The port is at the same place in both families.
  return Bound{bound, ntohs(reinterpret_cast<const sockaddr_in*>(&name)->sin_port)};
}

// The head of a request, as far as it came in time.
std::string HeadOf(int caller) {
  std::string head;
  char part[1024];
  const absl::Time deadline = absl::Now() + absl::Seconds(kPatienceSeconds);
  while (!absl::StrContains(head, "\r\n\r\n") && head.size() < kMostRequestBytes &&
         absl::Now() < deadline) {
    const ssize_t got = recv(caller, part, sizeof(part), 0);
    if (got <= 0) break;
    head.append(part, static_cast<size_t>(got));
  }
  return head;
}

void Answer(int caller, const std::function<std::string()>& text) {
  const std::string head = HeadOf(caller);
  const char after = head.size() > kRequest.size() ? head[kRequest.size()] : '\0';
  const bool asked = absl::StartsWith(head, kRequest) && (after == ' ' || after == '?');
  const std::string body = asked ? text() : "GET /metrics\n";
  const std::string answer = absl::StrCat(
      "HTTP/1.1 ", asked ? "200 OK" : "404 Not Found",
      "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nConnection: close\r\n"
      "Content-Length: ",
      body.size(), "\r\n\r\n", body);
  // A caller that reads slowly keeps others waiting no longer either.
  const absl::Time deadline = absl::Now() + absl::Seconds(kPatienceSeconds);
  size_t sent = 0;
  while (sent < answer.size() && absl::Now() < deadline) {
    const ssize_t more = send(caller, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
    if (more <= 0) return;
    sent += static_cast<size_t>(more);
  }
}

}  // namespace

class Metrics::Series final : public prometheus::Collectable {
 public:
  struct Reader {
    prometheus::ClientMetric labelled;
    // Puts the value in.
    std::function<void(prometheus::ClientMetric&)> read;
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
        reader.read(metric);
        shown.metric.push_back(std::move(metric));
      }
    }
    return out;
  }

  // False when there is such a series already.
  bool Add(const std::string& name, const std::string& help, prometheus::MetricType type,
           const MetricLabels& labels, std::function<void(prometheus::ClientMetric&)> read) {
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

bool Metrics::Accept(const std::string& name, bool has_unit, const MetricLabels& labels) {
  const bool named = has_unit &&
                     (absl::StartsWith(name, "tutti_") || absl::StartsWith(name, "process_")) &&
                     IsSnakeCase(name);
  const bool labelled = std::all_of(labels.begin(), labels.end(), [](const auto& label) {
    return IsSnakeCase(label.first) && !TellsApart(label.first);
  });
  if (named && labelled) return true;
  status_.Update(absl::FailedPreconditionError(absl::StrCat(
      "metric ", name,
      named ? ": a label is not in snake case, or tells organisations or people apart"
            : ": the name must be tutti_... or process_..., in snake case, and end in its unit")));
  return false;
}

void Metrics::Add(const std::string& name, bool is_new) {
  if (is_new) return;
  status_.Update(absl::FailedPreconditionError(absl::StrCat("metric ", name, ": added twice")));
}

void Metrics::AddCounter(const std::string& name, const std::string& help,
                         const MetricLabels& labels, std::function<uint64_t()> read) {
  if (!Accept(name, absl::EndsWith(name, "_total"), labels)) return;
  Add(name, series_->Add(name, help, prometheus::MetricType::Counter, labels,
                         [read = std::move(read)](prometheus::ClientMetric& metric) {
                           metric.counter.value = static_cast<double>(read());
                         }));
}

void Metrics::AddGauge(const std::string& name, const std::string& help, const MetricLabels& labels,
                       std::function<double()> read) {
  const bool anothers = absl::EndsWith(name, "_total") || absl::EndsWith(name, "_count") ||
                        absl::EndsWith(name, "_sum") || absl::EndsWith(name, "_bucket");
  if (!Accept(name, !anothers, labels)) return;
  Add(name, series_->Add(name, help, prometheus::MetricType::Gauge, labels,
                         [read = std::move(read)](prometheus::ClientMetric& metric) {
                           metric.gauge.value = read();
                         }));
}

void Metrics::AddHistogram(const std::string& name, const std::string& help,
                           const MetricLabels& labels, std::vector<double> bounds,
                           std::function<HistogramCounts()> read) {
  if (!Accept(name, absl::EndsWith(name, "_seconds") || absl::EndsWith(name, "_bytes"), labels)) {
    return;
  }
  bounds.push_back(std::numeric_limits<double>::infinity());
  Add(name, series_->Add(name, help, prometheus::MetricType::Histogram, labels,
                         [bounds = std::move(bounds),
                          read = std::move(read)](prometheus::ClientMetric& metric) {
                           const HistogramCounts now = read();
                           uint64_t so_far = 0;
                           for (size_t i = 0; i < bounds.size() && i < now.counts.size(); ++i) {
                             so_far += now.counts[i];
                             metric.histogram.bucket.push_back({so_far, bounds[i]});
                           }
                           metric.histogram.sample_count = so_far;
                           metric.histogram.sample_sum = now.sum;
                         }));
}

std::shared_ptr<prometheus::Collectable> Metrics::series() const { return series_; }

absl::StatusOr<std::unique_ptr<MetricsServer>> MetricsServer::Start(const Metrics& metrics,
                                                                    const std::string& address) {
  if (!metrics.status().ok()) return metrics.status();
  ASSIGN_OR_RETURN(const Bound bound, Bind(address));
  return std::unique_ptr<MetricsServer>(
      new MetricsServer(metrics.series(), bound.socket, bound.port));
}

absl::Status MetricsServer::Check(const std::string& address) {
  const absl::StatusOr<Bound> bound = Bind(address);
  if (bound.ok()) close(bound->socket);
  return bound.status();
}

MetricsServer::MetricsServer(std::shared_ptr<prometheus::Collectable> series, int socket, int port)
    : series_(std::move(series)), socket_(socket), port_(port), stop_(eventfd(0, EFD_CLOEXEC)) {
  thread_ = std::thread([this] { Run(); });
}

MetricsServer::~MetricsServer() {
  eventfd_write(stop_, 1);
  thread_.join();
  close(socket_);
  close(stop_);
}

void MetricsServer::Run() const {
  while (true) {
    pollfd waiting[] = {{stop_, POLLIN, 0}, {socket_, POLLIN, 0}};
    if (poll(waiting, std::size(waiting), -1) < 0) continue;
    if ((waiting[0].revents & POLLIN) != 0) return;
    const int caller = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
    if (caller < 0) {
      // Without descriptors the socket could be read at once and for ever.
      if (errno == EMFILE || errno == ENFILE) poll(waiting, 1, kPauseMillis);
      continue;
    }
    // Whoever says nothing keeps others waiting no longer.
    const timeval patience{kPatienceSeconds, 0};
    setsockopt(caller, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(caller, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    Answer(caller, [this] { return prometheus::TextSerializer().Serialize(series_->Collect()); });
    close(caller);
  }
}

}  // namespace tutti
