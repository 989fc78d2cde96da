#ifndef TUTTI_COMMON_RPC_ACCESS_H_
#define TUTTI_COMMON_RPC_ACCESS_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/auth/caller.h"
#include "common/auth/connection_calls.h"
#include "common/auth/method_rules.h"
#include "common/auth/open_calls.h"
#include "common/auth/rate_limiter.h"
#include "common/auth/token_verifier.h"
#include "common/clock/clock.h"
#include "common/rpc/audit_log.h"
#include "common/rpc/resource_name.h"
#include "grpcpp/security/auth_context.h"
#include "grpcpp/security/auth_metadata_processor.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_interceptor.h"

namespace tutti {

// Decides who may call what for which organisation. Who brings a token is judged by it
// alone, whatever their certificate says; who brings none, by the certificate. Outlives
// the server and its services. Thread-safe.
class Access {
 public:
  // Everybody may do everything: for plain text, which never leaves the machine.
  static std::unique_ptr<Access> ForEverybody();

  // Certificates of the trust domain (see common/auth/method_rules.h) and, when
  // `tokens` is not null, tokens. Each caller, but not ingest, may make so many calls.
  static std::unique_ptr<Access> ByIdentity(std::string trust_domain,
                                            std::unique_ptr<TokenVerifier> tokens,
                                            RateLimit limit = {});

  // Whether clients may connect without a certificate.
  bool takes_tokens() const { return tokens_ != nullptr; }

  // Tells which methods the server serves. Before it starts.
  void Serve(MethodRules rules) { rules_ = std::move(rules); }

  // What a server runs before every method, also before those that read raw bytes.
  // UNIMPLEMENTED for a method that is not served, whoever asks; UNAUTHENTICATED for a token
  // that is not good, and for nobody; PERMISSION_DENIED for a method that is not for this
  // caller. The log says more.
  std::shared_ptr<grpc::AuthMetadataProcessor> Gate();

  // Every method calls this at its head, with the name of a request as it was parsed,
  // before anything is looked up: the name, when it is one and its caller may use the
  // organisation. PERMISSION_DENIED, always in the same words, as long as it is not one
  // of theirs, whether it exists or not.
  template <typename Name>
  absl::StatusOr<Name> Admit(const grpc::ServerContextBase* context, absl::StatusOr<Name> name) {
    // A call with a malformed name is a call, too.
    const auto caller = CallerOf(context);
    if (!caller.ok()) return caller.status();
    if (!name.ok()) return name;
    if (absl::Status may = Check(context, **caller, OrganizationOf(*name)); !may.ok()) return may;
    return name;
  }

  // The same for a method that touches every organisation.
  absl::Status AdmitToAll(const grpc::ServerContextBase* context);

  // Who makes a call that the gate has let in, which counts as one of their calls; the
  // two methods above ask it too. Unauthenticated once its token has expired;
  // ResourceExhausted above their limit, with the time after which the call will be let in
  // (see RateLimiter).
  absl::StatusOr<std::shared_ptr<const Caller>> CallerOf(const grpc::ServerContextBase* context);

  // Whether the caller may use the organisation that a message of their call names.
  absl::Status Check(const grpc::ServerContextBase* context, const Caller& caller,
                     absl::string_view organization);

  // For methods that are ingest's alone, whose certificate opens every organisation: notes
  // which one a message of its call names, for the audit log.
  void NoteIngest(const grpc::ServerContextBase* context, absl::string_view organization);

  // Counts a message of a stream as one of the caller's calls. As CallerOf.
  absl::Status Count(const grpc::ServerContextBase* context, const Caller& caller);

  // Has a line written for every call. Before the server starts.
  void KeepAuditLog(std::unique_ptr<AuditLog> log) { audit_ = std::move(log); }
  // How many of those lines could not be written.
  uint64_t lost_audit_lines() const { return audit_ == nullptr ? 0 : audit_->lost_lines(); }

  // Is told of every call that came to no method. Before the server starts.
  void CountRefusals(std::function<void(absl::string_view method, absl::StatusCode code)> count) {
    count_refused_ = std::move(count);
  }

  // What tells this of every call; for ServerBuilder. Null when nothing is counted and
  // nothing written. This outlives the server.
  std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> Interceptors();

  // Reads the file of keys again if it has changed, and forgets lost calls. To be called every
  // second.
  void Tick();

  // What is wrong with the file of keys, and which tokens are taken nevertheless; also OK without
  // one. Tick's thread alone.
  const absl::Status& token_keys() const { return token_keys_; }

  // Whether what a client's certificate names counts. It does not once nobody can tell which
  // authorities are still believed.
  void BelieveCertificates(bool believe) { believes_certificates_ = believe; }

 private:
  class GateProcessor;

  // The token after "Bearer " in call metadata. Nothing without the header;
  // Unauthenticated for two, and for another scheme.
  template <typename Metadata>
  static absl::StatusOr<absl::string_view> TokenIn(const Metadata& metadata);

  static const std::string& OrganizationOf(const std::string& organization) { return organization; }
  static const std::string& OrganizationOf(const ScoreName& name) { return name.organization; }

  // Whether a call that may be made has room beside the others of its connection.
  absl::Status ComeIn(const grpc::AuthContext& peer);
  // False when too many such calls are open.
  bool BeginCall(const grpc::ServerContextBase* call, absl::string_view method, bool endless);
  // `name` becomes the caller's name, when there is one.
  absl::Status Authorize(const grpc::AuthContext& peer,
                         const absl::StatusOr<absl::string_view>& token, absl::string_view method,
                         std::string& name);
  absl::StatusOr<std::shared_ptr<const Caller>> Identify(
      const grpc::AuthContext& peer, const absl::StatusOr<absl::string_view>& token);
  std::string IngestName() const;
  std::optional<Role> RoleOfPeer(const grpc::AuthContext& peer) const;
  void LogRefusal(absl::string_view why);
  bool IsOpenToAnybody(absl::string_view method) const;
  void NoteRefused(absl::string_view method, absl::string_view caller, absl::StatusCode code);
  void EndCall(const grpc::ServerContextBase* call, absl::string_view method,
               grpc::StatusCode code);

  MethodRules rules_;
  bool everybody_ = false;
  std::string trust_domain_;
  std::unique_ptr<TokenVerifier> tokens_;
  std::unique_ptr<RateLimiter> limiter_;
  OpenCalls open_calls_;
  ConnectionCalls connection_calls_;
  std::unique_ptr<AuditLog> audit_;
  std::function<void(absl::string_view, absl::StatusCode)> count_refused_;
  std::shared_ptr<const Caller> all_powers_;
  std::atomic<int64_t> refusals_ = 0;   // not yet in the log
  std::atomic<int64_t> logged_at_ = 0;  // Unix seconds
  std::atomic<bool> believes_certificates_ = true;
  SystemSteadyClock clock_;
  absl::Status token_keys_;     // Tick's alone
  bool had_token_keys_ = true;  // Tick's alone
};

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_ACCESS_H_
