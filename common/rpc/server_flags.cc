#include <sys/stat.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/flags/flag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/retention/retention.h"
#include "common/rpc/server.h"
#include "common/telemetry/log.h"

ABSL_FLAG(std::string, listen, "127.0.0.1:0",
          "Address to serve on: host:port (port 0 takes a free one) or unix:path");
ABSL_FLAG(bool, insecure_loopback, false,
          "Serve in plain text; allowed on loopback addresses and Unix sockets alone");
ABSL_FLAG(std::string, tls_certificate, "",
          "PEM file of this service's certificate chain; read again when it changes");
ABSL_FLAG(std::string, tls_key, "", "PEM file of the certificate's key");
ABSL_FLAG(std::string, tls_authorities, "",
          "PEM file of the authorities that sign the certificates of callers and services");
ABSL_FLAG(std::string, trust_domain, "",
          "Callers are known by the URI spiffe://TRUST_DOMAIN/ingest or /operator in their "
          "certificate; required with TLS");
ABSL_FLAG(std::string, token_keys, "",
          "File of the public keys that sign callers' tokens (a JSON Web Key Set); read again when "
          "it changes. Without it callers need an operator's certificate");
ABSL_FLAG(absl::Duration, token_keys_grace, absl::Minutes(10),
          "How long the keys of --token_keys, and the authorities of --tls_authorities, are still "
          "believed once their file is absent or broken; none are after that. The service is not "
          "ready meanwhile. A key set that lists no key withdraws all of them at once");
ABSL_FLAG(std::string, token_issuer, "", "Tokens must have this `iss`; required with --token_keys");
ABSL_FLAG(std::string, token_audience, "",
          "Tokens must have this in their `aud`; required with --token_keys");
ABSL_FLAG(double, calls_per_second, 500,
          "How many calls, and messages of streams, each caller may send; twice as many may come "
          "at once. 0: as many as they like. Operators count as one caller. Not with plain text");
ABSL_FLAG(int, memory_mib, 512,
          "Memory that calls under way may take, in MiB; above it, calls are ended with "
          "RESOURCE_EXHAUSTED or UNAVAILABLE");
ABSL_FLAG(std::string, audit_log, "",
          "File to which one line of JSON is added for each call: when, which method, by which "
          "caller, for which organizations, with which outcome. Move it away to rotate it");
ABSL_FLAG(std::string, metrics_listen, "",
          "Address for GET /metrics: 127.0.0.1:PORT or [::1]:PORT (port 0 takes a free one)");
ABSL_FLAG(std::string, port_file, "", "File to which the address is written once it serves");
ABSL_FLAG(int, drain_seconds, 20, "Seconds that calls in flight get when the server stops");
ABSL_FLAG(absl::Duration, idle_timeout, absl::Minutes(5),
          "Connections without a call are ended after this long");
ABSL_FLAG(absl::Duration, max_connection_age, absl::Minutes(10),
          "Connections are ended after about this long, so that callers find new replicas and show "
          "new certificates; callers connect again by themselves");
ABSL_FLAG(absl::Duration, max_connection_age_grace, absl::Minutes(1),
          "How long calls that are then under way may go on");
ABSL_FLAG(std::string, log_level, "info", "debug, info, warning or error");
ABSL_FLAG(bool, check_config, false,
          "Check everything that would keep it from serving, say what to mend, and end with 1, or "
          "with 0 when there is nothing; neither serves nor changes anything");

namespace tutti {
namespace {

bool IsFile(const std::string& path) {
  struct stat there = {};
  return stat(path.c_str(), &there) == 0 && S_ISREG(there.st_mode);
}

// Every file that a flag names, in the order of the flags' names. What a flag means is not known
// here: its text, or a part of it between commas, names a file when there is one; of one that is
// written, the text does whatever is there.
std::vector<NamedFile> FilesOfFlags(WrittenFlags written) {
  written.added_to.emplace_back("audit_log");
  written.replaced.emplace_back("port_file");
  std::vector<NamedFile> files;
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    const bool is_replaced = absl::c_linear_search(written.replaced, name);
    const bool is_written = is_replaced || absl::c_linear_search(written.added_to, name);
    const std::string value = flag->CurrentValue();
    if (is_written || IsFile(value)) {
      NamedFile file{absl::StrCat("--", name), value, is_written};
      if (is_replaced) file.beside = {kReplacementSuffix, kLockSuffix};
      if (!value.empty()) files.push_back(std::move(file));
      continue;
    }
    for (std::string& part :
         std::vector<std::string>(absl::StrSplit(value, ',', absl::SkipEmpty()))) {
      if (IsFile(part)) files.push_back({absl::StrCat("--", name), std::move(part), false});
    }
  }
  std::sort(files.begin(), files.end(), [](const NamedFile& one, const NamedFile& other) {
    return std::tie(one.flag, one.path) < std::tie(other.flag, other.path);
  });
  return files;
}

}  // namespace

ServerOptions ServerOptionsFromFlags(const WrittenFlags& written) {
  ServerOptions options;
  options.files = FilesOfFlags(written);
  options.log_level = absl::GetFlag(FLAGS_log_level);
  if (!SetLogLevel(options.log_level)) options.log_level.clear();
  options.listen = absl::GetFlag(FLAGS_listen);
  options.insecure_loopback = absl::GetFlag(FLAGS_insecure_loopback);
  options.tls = {absl::GetFlag(FLAGS_tls_certificate), absl::GetFlag(FLAGS_tls_key),
                 absl::GetFlag(FLAGS_tls_authorities)};
  options.trust_domain = absl::GetFlag(FLAGS_trust_domain);
  options.token_keys = absl::GetFlag(FLAGS_token_keys);
  options.token_keys_grace = absl::GetFlag(FLAGS_token_keys_grace);
  options.token_rules = {absl::GetFlag(FLAGS_token_issuer), absl::GetFlag(FLAGS_token_audience)};
  options.rate_limit.calls_per_second = absl::GetFlag(FLAGS_calls_per_second);
  options.memory_mib = absl::GetFlag(FLAGS_memory_mib);
  options.audit_log = absl::GetFlag(FLAGS_audit_log);
  options.metrics_listen = absl::GetFlag(FLAGS_metrics_listen);
  options.port_file = absl::GetFlag(FLAGS_port_file);
  options.drain = absl::Seconds(absl::GetFlag(FLAGS_drain_seconds));
  options.idle_timeout = absl::GetFlag(FLAGS_idle_timeout);
  options.connection_age = absl::GetFlag(FLAGS_max_connection_age);
  options.connection_age_grace = absl::GetFlag(FLAGS_max_connection_age_grace);
  options.check_config = absl::GetFlag(FLAGS_check_config);
  return options;
}

}  // namespace tutti
