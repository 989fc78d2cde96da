#include "common/rpc/server.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/resource_quota.h>
#include <malloc.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <csignal>
#include <iostream>
#include <thread>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/files/write_file.h"
#include "common/process/build_info.h"
#include "common/process/standard_files.h"
#include "common/rpc/call_metrics.h"
#include "common/rpc/certificate_watch.h"
#include "common/rpc/farewell.h"
#include "common/rpc/free_memory.h"
#include "common/rpc/grpc_lines.h"
#include "common/rpc/listener.h"
#include "common/rpc/lock_order.h"
#include "common/rpc/reflection.h"
#include "common/rpc/retry_pushback.h"
#include "common/rpc/trace_context.h"
#include "common/rpc/tracing.h"
#include "common/status/status_macros.h"
#include "common/telemetry/log.h"
#include "common/telemetry/process_metrics.h"
#include "common/text/plain_text.h"

namespace tutti {
namespace {

constexpr int kMaxStreams = 100;           // of one connection
constexpr int kMaxHeaderBytes = 16 << 10;  // of one call; a token has at most 4 KiB
// A call whose answer is not read holds one; more than OpenCalls lets be.
constexpr int kMaxThreads = 1500;
constexpr int kKeptBytes = 4 << 20;
constexpr char kTokenKeysPart[] = "token_keys";
constexpr char kCertificatesPart[] = "certificates";
constexpr int kSecondsBetweenReturns = 5;
// How long callers have to hear that they must leave. Long streams that are not ended are cut off
// later.
constexpr absl::Duration kLongestFarewell = absl::Seconds(1);

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

absl::Status OfPortFile(const absl::Status& status) {
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat("--port_file: ", status.message()));
}

absl::Status WriteAddress(const std::string& path, const std::string& address) {
  return OfPortFile(ReplaceFile(path, absl::StrCat(address, "\n"), 0644));
}

// Milliseconds that gRPC takes: at least one, and no more than it takes for "never".
int Milliseconds(absl::Duration duration) {
  return static_cast<int>(std::clamp<int64_t>(absl::ToInt64Milliseconds(duration), 1, INT_MAX));
}

void Configure(const ServerOptions& options, const Served& served, grpc::ServerBuilder& builder) {
  // Without it, one caller can leave gigabytes of unfinished messages: above it, gRPC ends
  // the calls that hold most.
  grpc::ResourceQuota quota("server");
  quota.Resize(static_cast<size_t>(options.memory_mib) << 20);
  quota.SetMaxThreads(kMaxThreads);
  builder.SetResourceQuota(quota);
  // Else the largest messages, once freed, make the allocator keep whatever is as large.
  mallopt(M_TRIM_THRESHOLD, kKeptBytes);
  builder.SetMaxReceiveMessageSize(served.max_request_bytes);
  builder.SetMaxSendMessageSize(kMaxMessageBytes);
  // A megabyte of zeros, compressed, is a gigabyte before any limit applies.
  for (const auto algorithm : {GRPC_COMPRESS_DEFLATE, GRPC_COMPRESS_GZIP}) {
    builder.SetCompressionAlgorithmSupportStatus(algorithm, false);
  }
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreams);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxHeaderBytes);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 20 * 1000);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, Milliseconds(options.idle_timeout));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, Milliseconds(options.connection_age));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                             Milliseconds(options.connection_age_grace));
  // A peer that vanished holds its calls no longer than this.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60 * 1000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20 * 1000);
  // Callers find out by pings, one a second, that a server hangs; see Silence.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 500);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> CredentialsFor(
    const ServerOptions& options, Access& access) {
  if (options.tls.any()) return MakeServerCredentials(options.tls, access);
  return grpc::InsecureServerCredentials();
}

// Whether who serves on `listen` takes this port of the loopback.
bool Takes(absl::string_view listen, absl::string_view host, absl::string_view port) {
  if (!absl::ConsumeSuffix(&listen, absl::StrCat(":", port))) return false;
  return listen == host || listen == "localhost" || listen == "[::]" ||
         (listen == "0.0.0.0" && host == "127.0.0.1");
}

absl::Status CheckMetricsAddress(const ServerOptions& options) {
  const absl::string_view address = options.metrics_listen;
  if (address.empty()) return absl::OkStatus();
  const size_t colon = std::min(address.rfind(':'), address.size());
  const absl::string_view host = address.substr(0, colon);
  const absl::string_view port = address.substr(std::min(colon + 1, address.size()));
  int number = 0;
  if ((host != "127.0.0.1" && host != "[::1]") || !absl::SimpleAtoi(port, &number) || number < 0 ||
      number > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("--metrics_listen must be an address of this machine, 127.0.0.1:PORT or "
                     "[::1]:PORT, not \"",
                     address, "\""));
  }
  if (number == 0 || !Takes(options.listen, host, port)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "--metrics_listen: ", address, " is taken by --listen; give another port to one of them"));
}

// Of an address that a check has tried: one that is in use is that of the service beside which it
// is run, as a rule.
absl::Status WarnIfInUse(const absl::Status& tried) {
  if (!absl::IsUnavailable(tried)) return tried;
  std::cout << "warning: in use now (by a running service?): " << PlainText(tried.message())
            << "\n";
  return absl::OkStatus();
}

// Of certificates that can be used, and which peers may refuse all the same.
void WarnOfCertificates(const ServerOptions& options) {
  for (const std::string& doubt : CertificateDoubts(options.tls)) {
    if (options.check_config) {
      std::cout << "warning: " << PlainText(doubt) << "\n";
    } else {
      LogWarning("certificates may be refused", {{"problem", doubt}});
    }
  }
}

absl::Status CheckAddresses(const ServerOptions& options) {
  RETURN_IF_ERROR(WarnIfInUse(Listener::Check(options.listen)));
  if (options.metrics_listen.empty()) return absl::OkStatus();
  return WarnIfInUse(MetricsServer::Check(options.metrics_listen));
}

// Nothing when metrics are not asked for.
absl::StatusOr<std::unique_ptr<MetricsServer>> ShowMetrics(const ServerOptions& options,
                                                           const Served& served,
                                                           const CallMetrics& calls,
                                                           const Listener& listener) {
  const std::string& address = options.metrics_listen;
  if (address.empty()) return nullptr;
  Metrics metrics = served.metrics;
  AddProcessMetrics(metrics);
  calls.Show(metrics);
  metrics.AddGauge("tutti_build_info", "Is 1; its label says what was built.",
                   {{"build", BuildInfo()}}, [] { return 1.0; });
  if (!options.tls.certificate.empty()) {
    metrics.AddGauge("tutti_certificate_expiry_timestamp_seconds",
                     "When the certificate of --tls_certificate ceases to be valid, in Unix time.",
                     {}, [&options] {
                       return static_cast<double>(absl::ToUnixSeconds(CertificateEnd(options.tls)));
                     });
  }
  metrics.AddGauge("tutti_ready_state", "Is 1 when every part that the service needs is good.", {},
                   [&served] { return served.health.ready() ? 1.0 : 0.0; });
  for (const std::string& part : served.health.parts()) {
    metrics.AddGauge("tutti_part_good_state", "Is 1 when a part that the service needs is good.",
                     {{"part", part}},
                     [&served, part] { return served.health.IsGood(part) ? 1.0 : 0.0; });
  }
  metrics.AddCounter("tutti_connections_starved_total",
                     "How often a connection found no file descriptor, and was ended or waited.",
                     {}, [&listener] { return static_cast<uint64_t>(listener.starved()); });
  metrics.AddCounter("tutti_audit_log_lost_lines_total",
                     "Lines of --audit_log that could not be written: the disk is full, or fails.",
                     {}, [&served] { return served.access.lost_audit_lines(); });
  metrics.AddCounter("tutti_log_lost_lines_total",
                     "Lines of the log that could not be written: nobody reads standard error.", {},
                     LostLogLines);
  absl::StatusOr<std::unique_ptr<MetricsServer>> server = MetricsServer::Start(metrics, address);
  if (server.ok()) LogInfo("showing metrics", {{"port", absl::StrCat((*server)->port())}});
  return server;
}

// Each connection takes a descriptor: have as many as the system lets a process have.
void RaiseFileLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// What is looked after every second.
void Tick(const ServerOptions& options, const Served& served) {
  served.access.Tick();
  served.health.SetPart(kTokenKeysPart, served.access.token_keys());
  const bool believed = AuthoritiesUnusableFor(options.tls) <= options.token_keys_grace;
  served.access.BelieveCertificates(believed);
  absl::Status certificates = CheckCertificates(options.tls);
  if (!believed && !certificates.ok()) {
    certificates = absl::Status(
        certificates.code(),
        absl::StrCat(certificates.message(), "; no client's certificate is believed any more"));
  }
  served.health.SetPart(kCertificatesPart, certificates);
  LogGrpcLinesLeftOut();
  served.on_tick();
}

// Waits for a stop signal, with a tick every second.
void WaitForStop(int signals, const ServerOptions& options, const Served& served) {
  pollfd poll_fd{signals, POLLIN, 0};
  for (int seconds = 1; poll(&poll_fd, 1, 1000) <= 0; ++seconds) {
    Tick(options, served);
    if (served.returns_memory && seconds % kSecondsBetweenReturns == 0) ReturnFreeMemory();
  }
}

using Interceptors =
    std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>>;

Interceptors InterceptorsOf(const ServerOptions& options, const Served& served,
                            CallMetrics& calls) {
  Interceptors creators;
  creators.push_back(MakeRetryPushbackInterceptors());
  if (auto interceptors = served.access.Interceptors(); interceptors != nullptr) {
    creators.push_back(std::move(interceptors));
  }
  creators.push_back(calls.Interceptors());
  // No call pays for lines that are not written.
  if (options.log_level == "debug") {
    if (auto lines = MakeTraceLines(served.traced); lines != nullptr) {
      creators.push_back(std::move(lines));
    }
  }
  return creators;
}

// Lets calls that are under way end, for as long as the options say.
void Stop(const ServerOptions& options, const Served& served, Listener& listener,
          grpc::Server& server) {
  served.health.Drain();
  listener.Stop();
  std::thread drain([&served] { served.on_drain(); });
  const absl::Time now = absl::Now();
  AskCallersToLeave(server, now + std::min(options.drain, kLongestFarewell));
  server.Shutdown(absl::ToChronoTime(now + options.drain));
  server.Wait();
  drain.join();
}

}  // namespace

void BeginServer() {
  OpenStandardFiles();
  IgnoreLockOrder();
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  // Whoever reads the log may go.
  std::signal(SIGPIPE, SIG_IGN);
  // A file at the limit of its size is an error of the write, as a full disk is.
  std::signal(SIGXFSZ, SIG_IGN);
  WriteGrpcLines(GrpcLines::kLog);
  for (const std::string& name : ForbidTracing()) {
    LogWarning("ignored: tracing would write down what callers send", {{"variable", name}});
  }
}

absl::Status RunServer(const ServerOptions& options, const Served& served) {
  ASSIGN_OR_RETURN(const std::shared_ptr<grpc::ServerCredentials> credentials,
                   CredentialsFor(options, served.access));
  std::vector<std::string> names = served.names;
  names.insert(names.end(), {grpc::health::v1::Health::service_full_name(), Reflection::kV1,
                             Reflection::kV1Alpha});
  ASSIGN_OR_RETURN(MethodRules rules, MethodRules::Of(names));
  CallMetrics calls(rules);
  served.access.CountRefusals([&calls](absl::string_view method, absl::StatusCode code) {
    calls.CountRefused(method, code);
  });
  served.access.Serve(std::move(rules));
  RETURN_IF_ERROR(CheckMetricsAddress(options));
  if (!options.port_file.empty()) {
    RETURN_IF_ERROR(OfPortFile(CheckReplaceable(options.port_file)));
  }
  WarnOfCertificates(options);
  if (options.check_config) {
    RETURN_IF_ERROR(CheckAddresses(options));
    std::cout << "the configuration is good";
    if (!served.not_checked.empty()) {
      std::cout << ", but " << served.not_checked.size()
                << " not checked: " << PlainText(absl::StrJoin(served.not_checked, "; "));
    }
    std::cout << "\n";
    return absl::OkStatus();
  }
  const sigset_t stop_signals = StopSignals();
  const int signals = signalfd(-1, &stop_signals, SFD_CLOEXEC);
  if (signals < 0) return absl::InternalError("signals cannot be received");
  const absl::Cleanup close_signals = [signals] { close(signals); };
  // What was waited for before this may have taken long.
  if (pollfd stop{signals, POLLIN, 0}; poll(&stop, 1, 0) > 0) {
    LogInfo("stopping", {});
    return absl::OkStatus();
  }

  served.health.AddPart(kTokenKeysPart);
  served.health.AddPart(kCertificatesPart);
  RaiseFileLimit();
  ASSIGN_OR_RETURN(std::unique_ptr<Listener> listener, Listener::Open(options.listen));
  ASSIGN_OR_RETURN(const std::unique_ptr<MetricsServer> metrics,
                   ShowMetrics(options, served, calls, *listener));
  grpc::EnableDefaultHealthCheckService(false);
  grpc::ServerBuilder builder;
  Configure(options, served, builder);
  builder.experimental().SetInterceptorCreators(InterceptorsOf(options, served, calls));
  const std::shared_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor =
      builder.experimental().AddExternalConnectionAcceptor(
          grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, credentials);
  for (grpc::Service* service : served.services) builder.RegisterService(service);
  builder.RegisterService(&served.health);
  const Reflection reflection(names);
  for (grpc::Service* service : reflection.services()) builder.RegisterService(service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return absl::InternalError("gRPC cannot be started");
  served.on_start();
  listener->Serve([acceptor](int connection) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
    parameters.fd = connection;
    acceptor->HandleNewConnection(&parameters);
  });
  Tick(options, served);
  absl::Status written;
  if (!options.port_file.empty()) written = WriteAddress(options.port_file, listener->address());
  if (written.ok()) {
    LogInfo("serving", {{"address", listener->address()}});
    WaitForStop(signals, options, served);
    LogInfo("stopping", {});
  }
  Stop(options, served, *listener, *server);
  served.access.Tick();
  return written;
}

}  // namespace tutti
