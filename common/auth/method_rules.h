#ifndef TUTTI_COMMON_AUTH_METHOD_RULES_H_
#define TUTTI_COMMON_AUTH_METHOD_RULES_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/auth/caller.h"

namespace tutti {

// What a certificate says that its holder is.
enum class Role {
  kIngest,    // tutti-ingest, which sends deltas
  kOperator,  // whoever runs the suite: every organisation, but no deltas
};

// Who may call a method.
enum class CallableBy {
  kIngest,   // ingest's certificate
  kCallers,  // an operator's certificate, or a token with the scope
  kAnybody,  // whoever can connect
};

// One method: who may call it, and for which organisation.
struct MethodRule {
  absl::string_view method;  // "/package.Service/Method", as in a call's :path
  CallableBy callable_by = CallableBy::kIngest;
  // That a token needs; kNoScope: see callable_by.
  Scope scope = kNoScope;
  // The request's field with the organisation's name, or with a name that begins with
  // it. Callers may name one of theirs alone. Empty: none is named, and the answer has
  // the caller's alone.
  absl::string_view organization_field;
};

// One rule for every method of every service of ours, and for health and
// reflection.
absl::Span<const MethodRule> MethodRules();

// The rule of a method; nothing when it has none, and then nobody may call it.
const MethodRule* RuleOf(absl::string_view method);

// The role that a certificate's URI names: "spiffe://{trust_domain}/{role}", where
// the role is "ingest" or "operator", letter for letter. Nothing for any other.
std::optional<Role> RoleOf(absl::string_view uri, absl::string_view trust_domain);

}  // namespace tutti

#endif  // TUTTI_COMMON_AUTH_METHOD_RULES_H_
