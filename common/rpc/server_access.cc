#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/files/write_file.h"
#include "common/rpc/server.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

constexpr double kMostCallsPerSecond = 1e9;
constexpr int kMostMemoryMib = 1 << 20;

absl::Status OfFlag(const char* flag, const absl::Status& status) {
  return absl::InvalidArgumentError(absl::StrCat(flag, ": ", status.message()));
}

absl::Status CheckPositive(const char* flag, absl::Duration given) {
  if (given > absl::ZeroDuration()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(flag, " must be more than 0"));
}

absl::Status CheckLimits(const ServerOptions& options) {
  if (!(options.rate_limit.calls_per_second >= 0 &&
        options.rate_limit.calls_per_second <= kMostCallsPerSecond)) {
    return absl::InvalidArgumentError(absl::StrCat("--calls_per_second must be 0 to ",
                                                   static_cast<int64_t>(kMostCallsPerSecond),
                                                   " (0: as many as they like)"));
  }
  if (options.memory_mib < 1 || options.memory_mib > kMostMemoryMib) {
    return absl::InvalidArgumentError(absl::StrCat("--memory_mib must be 1 to ", kMostMemoryMib));
  }
  if (options.drain < absl::ZeroDuration() || options.drain > absl::Hours(1)) {
    return absl::InvalidArgumentError("--drain_seconds must be 0 to 3600");
  }
  RETURN_IF_ERROR(CheckPositive("--idle_timeout", options.idle_timeout));
  RETURN_IF_ERROR(CheckPositive("--max_connection_age", options.connection_age));
  RETURN_IF_ERROR(CheckPositive("--max_connection_age_grace", options.connection_age_grace));
  if (!options.log_level.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("--log_level must be debug, info, warning or error");
}

absl::Status CheckTrustDomain(const std::string& domain) {
  if (domain.empty()) return absl::InvalidArgumentError("give --trust_domain");
  if (std::all_of(domain.begin(), domain.end(), [](char c) {
        return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' ||
               c == '_';
      })) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "--trust_domain must be a name alone, as example.org is in spiffe://example.org/ingest, not "
      "\"",
      domain, "\": no certificate could match it"));
}

// What MakeAccess makes, without an audit log.
absl::StatusOr<std::unique_ptr<Access>> MakeGate(const ServerOptions& options) {
  if (options.tls.any() && options.insecure_loopback) {
    return absl::InvalidArgumentError("give --insecure_loopback or the --tls_ files, not both");
  }
  const bool tokens = !options.token_keys.empty() || !options.token_rules.issuer.empty() ||
                      !options.token_rules.audience.empty();
  if (!options.tls.any()) {
    if (!options.insecure_loopback || !IsLoopback(options.listen)) {
      return absl::InvalidArgumentError(
          "give --tls_certificate, --tls_key and --tls_authorities; or, for plain text, "
          "--insecure_loopback and a --listen address of this machine (127.0.0.1:PORT, "
          "[::1]:PORT, localhost:PORT or unix:PATH)");
    }
    if (tokens) return absl::InvalidArgumentError("tokens need TLS: give the --tls_ files");
    return Access::ForEverybody();
  }
  RETURN_IF_ERROR(CheckTrustDomain(options.trust_domain));
  std::unique_ptr<TokenVerifier> verifier;
  if (tokens) {
    if (options.token_keys.empty() || options.token_rules.issuer.empty() ||
        options.token_rules.audience.empty()) {
      return absl::InvalidArgumentError(
          "give all of --token_keys, --token_issuer and --token_audience, or none");
    }
    if (options.token_keys_grace < absl::ZeroDuration() ||
        options.token_keys_grace > absl::Hours(24)) {
      return absl::InvalidArgumentError("--token_keys_grace must be 0 to 24h");
    }
    auto opened =
        TokenVerifier::Open(options.token_keys, options.token_rules, options.token_keys_grace);
    if (!opened.ok()) return OfFlag("--token_keys", opened.status());
    verifier = *std::move(opened);
  }
  return Access::ByIdentity(options.trust_domain, std::move(verifier), options.rate_limit);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Access>> MakeAccess(const ServerOptions& options) {
  RETURN_IF_ERROR(CheckLimits(options));
  RETURN_IF_ERROR(CheckFilesApart(options.files));
  absl::StatusOr<std::unique_ptr<Access>> access = MakeGate(options);
  if (!access.ok() || options.audit_log.empty()) return access;
  if (options.check_config) {
    const absl::Status writable = CheckWritable(options.audit_log, Writing::kAppend);
    if (writable.ok()) return access;
    return OfFlag("--audit_log", writable);
  }
  absl::StatusOr<std::unique_ptr<AuditLog>> log = AuditLog::Open(options.audit_log);
  if (!log.ok()) return OfFlag("--audit_log", log.status());
  (*access)->KeepAuditLog(*std::move(log));
  return access;
}

}  // namespace tutti
