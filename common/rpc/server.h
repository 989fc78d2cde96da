#ifndef TUTTI_COMMON_RPC_SERVER_H_
#define TUTTI_COMMON_RPC_SERVER_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/auth/rate_limiter.h"
#include "common/auth/token_verifier.h"
#include "common/files/named_files.h"
#include "common/rpc/access.h"
#include "common/rpc/channel.h"
#include "common/rpc/health.h"
#include "common/rpc/tls.h"
#include "common/telemetry/metrics.h"
#include "grpcpp/impl/codegen/service_type.h"

namespace tutti {

// What every server is told by flags (see ServerOptionsFromFlags).
struct ServerOptions {
  std::string listen;              // host:port (port 0: a free one) or unix:path
  bool insecure_loopback = false;  // plain text, on this machine alone
  TlsFiles tls;                    // all three, unless insecure_loopback
  std::string trust_domain;        // of the callers' certificates, see common/auth
  std::string token_keys;          // JWKS file; empty: no tokens
  // How long what a file of trust held last is believed while it is absent or broken.
  absl::Duration token_keys_grace = absl::Minutes(10);
  TokenRules token_rules;
  RateLimit rate_limit;        // of each caller; not with plain text
  int memory_mib = 512;        // of calls under way
  std::string audit_log;       // file, see common/rpc/audit_log.h; empty: none
  std::string metrics_listen;  // IP:port of the loopback; empty: no metrics
  std::string port_file;       // where the address is written once it serves
  absl::Duration drain = absl::Seconds(20);
  absl::Duration idle_timeout = absl::Minutes(5);
  absl::Duration connection_age = absl::Minutes(10);  // a tenth more or less, see gRPC
  absl::Duration connection_age_grace = absl::Minutes(1);
  std::string log_level = "info";  // the one that is set; empty: the flag named none
  // Ends before anything is served, changed or made, once all is found good that must be.
  bool check_config = false;
  // What the flags name beside: no file that is written may be another of them.
  std::vector<NamedFile> files = {};
};

// A service's own flags that name files that it writes, without dashes.
struct WrittenFlags {
  std::vector<std::string> added_to = {};  // in place
  // By way of a new file beside it, under a lock beside it; see retention.h for their names.
  std::vector<std::string> replaced = {};
};

// Reads the flags that all servers share: --listen, --insecure_loopback,
// --tls_certificate, --tls_key, --tls_authorities, --trust_domain, --token_keys,
// --token_keys_grace, --token_issuer, --token_audience, --calls_per_second, --memory_mib,
// --audit_log,
// --metrics_listen, --port_file, --drain_seconds, --idle_timeout, --max_connection_age,
// --max_connection_age_grace, --log_level, --check_config. To be called after
// absl::ParseCommandLine. `files` are those that every flag names, by which it is told that one of
// them is written to.
ServerOptions ServerOptionsFromFlags(const WrittenFlags& written = {});

// Who may call a server with these options: everybody with plain text, else whom
// certificates and tokens name. InvalidArgument unless exactly one of plain text and
// TLS is asked for, when plain text would leave the machine, when what tells callers
// apart is missing or cannot be read, when a file that is written is one of another flag, too, when
// the audit log cannot be written, and when a limit of
// the options makes no sense.
absl::StatusOr<std::unique_ptr<Access>> MakeAccess(const ServerOptions& options);

// Blocks the signals that stop a server, in this thread and those made later, and has
// gRPC trace nothing (ForbidTracing), not check its locks (IgnoreLockOrder), and complain in the
// log alone (WriteGrpcLines). First thing in main, before any thread.
void BeginServer();

// What a server serves.
struct Served {
  std::vector<grpc::Service*> services;
  // The full name of each: "tutti.score.v1.ScoreService".
  std::vector<std::string> names;
  HealthService& health;
  // From MakeAccess with the options that RunServer gets; the services ask it too.
  Access& access;
  // Called once, when nothing can keep it from serving any more: begins what goes on beside it.
  std::function<void()> on_start = [] {};
  // Called every second while it serves, and once before. Waits for nobody.
  std::function<void()> on_tick = [] {};
  // Called when it must stop, after new connections are refused: whatever waits with an
  // answer gives it now, and so does what comes later.
  std::function<void()> on_drain = [] {};
  // Services, by full name, of which every call gets a line with its trace (see
  // common/rpc/trace_context.h). Never one that takes what people do.
  std::vector<std::string> traced = {};
  // What it shows at GET /metrics beside what every server does.
  Metrics metrics = {};
  // Whether memory that was freed can go back to the system: not where all of it is locked.
  bool returns_memory = true;
  // Larger requests are refused before they are read.
  int max_request_bytes = kMaxMessageBytes;
  // What a check of the configuration did not look at, because it does not answer, or a service
  // waits for it anyway.
  std::vector<std::string> not_checked = {};
};

// With options.check_config: whether it would serve, and says on standard output that it would, and
// what was not checked; an address that is in use is a warning there. Else:
//
// Serves until SIGTERM or SIGINT: then says "not ready", lets calls in flight end
// within options.drain, and returns. With health, reflection, limits (on messages, headers,
// streams, threads and memory), keepalive, and no compression. Health has two parts more: token
// keys, and certificates, as long as their files can be used. InvalidArgument, naming flag and
// file, when a file of TLS cannot be used; Unavailable when the address is taken.
absl::Status RunServer(const ServerOptions& options, const Served& served);

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_SERVER_H_
