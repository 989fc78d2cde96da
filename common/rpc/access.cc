#include "common/rpc/access.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/rpc/call_watch.h"
#include "common/rpc/end_connection.h"
#include "common/rpc/error_details.h"
#include "common/status/status_macros.h"
#include "common/telemetry/log.h"
#include "grpc/grpc_security_constants.h"
#include "tutti/auth/v1/auth.pb.h"

namespace tutti {
namespace {

constexpr absl::string_view kScheme = "Bearer ";
constexpr absl::string_view kUnknownMethod = "unknown";

absl::string_view View(const grpc::string_ref& text) { return {text.data(), text.size()}; }

// All that a caller is told of a token, and of having none.
absl::Status Unauthenticated() { return absl::UnauthenticatedError("unauthenticated"); }

absl::Status MethodDenied(const MethodRule& rule) {
  return absl::PermissionDeniedError(
      absl::StrCat("this caller may not call this method: it ", rule.needs));
}

absl::Status OrganizationDenied() {
  return WithReason(absl::PermissionDeniedError("this caller may not use this organization"),
                    auth::v1::REASON_ORGANIZATION_FORBIDDEN);
}

// gRPC's own code for it. Clients of reflection fall back from one version to the other on
// this code alone.
absl::Status NotServed() {
  return absl::UnimplementedError(
      "this server has no such method: check the address and the name; reflection lists what it "
      "serves");
}

absl::Status TooMany(absl::string_view what) {
  return WithReason(absl::ResourceExhaustedError(what), auth::v1::REASON_RATE_LIMITED);
}

// Tells the connections of callers without a certificate apart; null for others, which are
// services and operators. gRPC keeps what it knows of a connection once for all of its calls.
const void* StrangersConnection(const grpc::AuthContext& peer) {
  if (peer.IsPeerAuthenticated()) return nullptr;
  const auto kinds = peer.FindPropertyValues(GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME);
  return kinds.empty() ? nullptr : kinds[0].data();
}

}  // namespace

class Access::GateProcessor final : public grpc::AuthMetadataProcessor {
 public:
  explicit GateProcessor(Access& access) : access_(access) {}

  // Tokens that were not seen before cost a tenth of a millisecond.
  bool IsBlocking() const override { return false; }

  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext* peer,
                       OutputMetadata* /*consumed*/, OutputMetadata* /*response*/) override {
    const auto path = metadata.find(":path");
    const absl::string_view method = path == metadata.end() ? "" : View(path->second);
    std::string caller = "nobody";
    absl::Status admitted = access_.Authorize(*peer, TokenIn(metadata), method, caller);
    if (admitted.ok()) admitted = access_.ComeIn(*peer);
    if (!admitted.ok()) access_.NoteRefused(method, caller, admitted.code());
    // gRPC sends code and message alone of a status that is given here.
    return {static_cast<grpc::StatusCode>(admitted.code()), std::string(admitted.message())};
  }

 private:
  Access& access_;
};

std::unique_ptr<Access> Access::ForEverybody() {
  auto access = std::make_unique<Access>();
  access->everybody_ = true;
  access->all_powers_ = std::make_shared<const Caller>(Caller{.name = "anybody",
                                                              .principal = "operator",
                                                              .every_organization = true,
                                                              .organizations = {},
                                                              .scopes = kSystemAdmin});
  return access;
}

std::unique_ptr<Access> Access::ByIdentity(std::string trust_domain,
                                           std::unique_ptr<TokenVerifier> tokens, RateLimit limit) {
  std::unique_ptr<Access> access = ForEverybody();
  access->everybody_ = false;
  Caller caller = *access->all_powers_;
  caller.name = absl::StrCat("spiffe://", trust_domain, "/operator");
  access->all_powers_ = std::make_shared<const Caller>(std::move(caller));
  access->trust_domain_ = std::move(trust_domain);
  access->tokens_ = std::move(tokens);
  access->limiter_ = std::make_unique<RateLimiter>(limit);
  return access;
}

std::shared_ptr<grpc::AuthMetadataProcessor> Access::Gate() {
  return std::make_shared<GateProcessor>(*this);
}

template <typename Metadata>
absl::StatusOr<absl::string_view> Access::TokenIn(const Metadata& metadata) {
  const auto [begin, end] = metadata.equal_range("authorization");
  if (begin == end) return absl::string_view();
  const absl::string_view header = View(begin->second);
  if (std::next(begin) != end || !absl::StartsWithIgnoreCase(header, kScheme)) {
    return absl::UnauthenticatedError("it is not one Bearer token");
  }
  return header.substr(kScheme.size());
}

absl::StatusOr<std::shared_ptr<const Caller>> Access::Identify(
    const grpc::AuthContext& peer, const absl::StatusOr<absl::string_view>& token) {
  if (!token.ok()) return token.status();
  if (!token->empty()) {
    if (tokens_ == nullptr) return absl::UnauthenticatedError("no token keys are configured");
    return tokens_->Verify(*token, absl::Now());
  }
  if (RoleOfPeer(peer) == Role::kOperator) return all_powers_;
  return absl::UnauthenticatedError("it is absent, and so is an operator's certificate");
}

absl::Status Access::Authorize(const grpc::AuthContext& peer,
                               const absl::StatusOr<absl::string_view>& token,
                               absl::string_view method, std::string& name) {
  const MethodRule* const rule = rules_.Find(method);
  if (rule == nullptr) return NotServed();
  if (rule->callable_by == CallableBy::kAnybody) return absl::OkStatus();
  const bool without_token = token.ok() && token->empty();
  const std::optional<Role> role = RoleOfPeer(peer);
  if (without_token && role == Role::kIngest) {
    name = IngestName();
    return rule->callable_by == CallableBy::kIngest ? absl::OkStatus() : MethodDenied(*rule);
  }
  // A certificate of the authority that is for no caller; who has none may show a token.
  if (without_token && role != Role::kOperator && peer.IsPeerAuthenticated())
    return MethodDenied(*rule);
  const auto caller = Identify(peer, token);
  if (!caller.ok()) {
    LogRefusal(caller.status().message());
    return Unauthenticated();
  }
  name = (*caller)->name;
  const bool allowed = rule->callable_by == CallableBy::kCallers && (*caller)->HasAny(rule->scopes);
  return allowed ? absl::OkStatus() : MethodDenied(*rule);
}

absl::Status Access::ComeIn(const grpc::AuthContext& peer) {
  const void* const connection = StrangersConnection(peer);
  if (connection == nullptr || connection_calls_.Come(connection, clock_.SinceStart())) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(
      "too many calls are begun before others are over: end some, or retry later");
}

bool Access::IsOpenToAnybody(absl::string_view method) const {
  const MethodRule* const rule = rules_.Find(method);
  return rule != nullptr && rule->callable_by == CallableBy::kAnybody;
}

void Access::NoteRefused(absl::string_view method, absl::string_view caller,
                         absl::StatusCode code) {
  if (count_refused_) count_refused_(method, code);
  if (audit_ == nullptr || IsOpenToAnybody(method)) return;
  // Any text may stand where a method's name should.
  audit_->NoteRefused(rules_.Find(method) != nullptr ? method : kUnknownMethod, caller, code);
}

void Access::EndCall(const grpc::ServerContextBase* call, absl::string_view method,
                     grpc::StatusCode code) {
  open_calls_.End(call);
  connection_calls_.End(call);
  if (audit_ == nullptr || IsOpenToAnybody(method)) return;
  const MethodRule* const rule = rules_.Find(method);
  const bool ingest = rule != nullptr && rule->callable_by == CallableBy::kIngest;
  if (ingest && code == grpc::StatusCode::OK) return audit_->Forget(call);
  audit_->End(call, rule != nullptr ? method : kUnknownMethod, code);
}

// One that names two would have the rights of both, so it has none.
std::optional<Role> Access::RoleOfPeer(const grpc::AuthContext& peer) const {
  if (!believes_certificates_) return std::nullopt;
  const std::vector<grpc::string_ref> uris = peer.FindPropertyValues(GRPC_PEER_URI_PROPERTY_NAME);
  if (uris.size() != 1) return std::nullopt;
  return RoleOf(View(uris[0]), trust_domain_);
}

std::string Access::IngestName() const {
  return absl::StrCat("spiffe://", trust_domain_, "/ingest");
}

absl::StatusOr<std::shared_ptr<const Caller>> Access::CallerOf(
    const grpc::ServerContextBase* context) {
  // It may have waited for a thread for longer than its caller does for an answer.
  if (context->IsCancelled()) {
    return absl::CancelledError("the call was given up, or its deadline has passed");
  }
  if (audit_ != nullptr && everybody_) audit_->NoteCaller(context, all_powers_->name);
  if (everybody_) return all_powers_;
  auto caller = Identify(*context->auth_context(), TokenIn(context->client_metadata()));
  if (!caller.ok()) {
    LogRefusal(caller.status().message());
    return Unauthenticated();
  }
  if (audit_ != nullptr) audit_->NoteCaller(context, (*caller)->name);
  RETURN_IF_ERROR(Count(context, **caller));
  if (!open_calls_.Begin(context, (*caller)->principal)) {
    return TooMany(absl::StrCat("no more than ", OpenCalls::kMostOfOne, " calls of a caller, and ",
                                OpenCalls::kMostOfAll,
                                " of all, may be under way: end some, or retry after retry_delay"));
  }
  return caller;
}

absl::Status Access::Count(const grpc::ServerContextBase* context, const Caller& caller) {
  if (everybody_) return absl::OkStatus();
  const absl::Time now = absl::Now();
  if (now >= caller.expires) return Unauthenticated();
  const absl::Duration wait = limiter_->Take(caller.principal, now, absl::HashOf(context->peer()));
  if (wait == absl::ZeroDuration()) return absl::OkStatus();
  return WithRetryDelay(
      TooMany("too many calls of this caller: retry after retry_delay, a place is kept for then"),
      wait);
}

absl::Status Access::Check(const grpc::ServerContextBase* context, const Caller& caller,
                           absl::string_view organization) {
  if (audit_ != nullptr) audit_->NoteOrganization(context, organization);
  return caller.MayUse(organization) ? absl::OkStatus() : OrganizationDenied();
}

void Access::NoteIngest(const grpc::ServerContextBase* context, absl::string_view organization) {
  if (audit_ == nullptr) return;
  audit_->NoteCaller(context, everybody_ ? all_powers_->name : IngestName());
  audit_->NoteOrganization(context, organization);
}

absl::Status Access::AdmitToAll(const grpc::ServerContextBase* context) {
  ASSIGN_OR_RETURN(const auto caller, CallerOf(context));
  return caller->every_organization ? absl::OkStatus() : OrganizationDenied();
}

void Access::LogRefusal(absl::string_view why) {
  ++refusals_;
  // A flood of bad tokens is no flood of lines.
  const int64_t now = absl::ToUnixSeconds(absl::Now());
  int64_t before = logged_at_.load();
  if (before == now || !logged_at_.compare_exchange_strong(before, now)) return;
  LogWarning("token refused",
             {{"why", std::string(why)}, {"refusals", absl::StrCat(refusals_.exchange(0))}});
}

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> Access::Interceptors() {
  if (everybody_ && audit_ == nullptr) return nullptr;
  return MakeCallWatchInterceptors(
      {[this](const grpc::ServerContextBase* call, absl::string_view method, bool endless) {
         return BeginCall(call, method, endless);
       },
       [this](const grpc::ServerContextBase* call, absl::string_view method,
              grpc::StatusCode code) { EndCall(call, method, code); }});
}

bool Access::BeginCall(const grpc::ServerContextBase* call, absl::string_view method,
                       bool endless) {
  const bool open = IsOpenToAnybody(method);
  if (const void* const connection = StrangersConnection(*call->auth_context());
      !everybody_ && connection != nullptr) {
    const bool has_room = connection_calls_.Begin(call, connection, open);
    if (connection_calls_.TakeExcess(connection)) {
      EndConnection(call->peer());
      return false;
    }
    if (!has_room) return false;
  }
  if (open) {
    // Health is asked, and reflection used, without a token: of each, those that stay
    // open count as one caller's.
    return everybody_ || !endless || open_calls_.Begin(call, std::string(method));
  }
  // Also of messages that gRPC does not let through to the method.
  if (audit_ != nullptr && !everybody_) {
    const auto caller = Identify(*call->auth_context(), TokenIn(call->client_metadata()));
    if (caller.ok()) audit_->NoteCaller(call, (*caller)->name);
  }
  return true;
}

void Access::Tick() {
  if (audit_ != nullptr) audit_->Tick();
  connection_calls_.ForgetLost(clock_.SinceStart());
  if (tokens_ == nullptr) return;
  const absl::Status reloaded = tokens_->ReloadIfChanged(clock_.SinceStart());
  const bool has_keys = tokens_->HasKeys();
  if (!reloaded.ok()) {
    token_keys_ = absl::Status(
        reloaded.code(),
        absl::StrCat(reloaded.message(), has_keys ? "; the old keys stay for --token_keys_grace"
                                                  : "; all tokens are refused"));
  } else {
    // A set that lists no key is as it should be, so no part goes.
    if (!has_keys && had_token_keys_) {
      LogWarning("there are no token keys; all tokens are refused", {});
    } else if (has_keys && !had_token_keys_ && token_keys_.ok()) {
      LogInfo("there are token keys again", {});
    }
    token_keys_ = absl::OkStatus();
  }
  had_token_keys_ = has_keys;
}

}  // namespace tutti
