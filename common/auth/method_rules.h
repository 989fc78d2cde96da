#ifndef TUTTI_COMMON_AUTH_METHOD_RULES_H_
#define TUTTI_COMMON_AUTH_METHOD_RULES_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace tutti {

// What a certificate says that its holder is.
enum class Role {
  kIngest,    // tutti-ingest, which sends deltas
  kOperator,  // whoever runs the suite: every organisation, but no deltas
};

// Who may call one method; nobody else may.
struct MethodRule {
  absl::string_view method;  // "/package.Service/Method", as in a call's :path
  bool ingest = false;
  bool operators = false;
};

// One rule for every method of every service of ours, and for health and
// reflection.
absl::Span<const MethodRule> MethodRules();

// The role that a certificate's URI names: "spiffe://{trust_domain}/{role}", where
// the role is "ingest" or "operator", letter for letter. Nothing for any other.
std::optional<Role> RoleOf(absl::string_view uri, absl::string_view trust_domain);

// Whether a method lists the role. A method without a rule lists nobody.
bool MayCall(Role role, absl::string_view method);

}  // namespace tutti

#endif  // TUTTI_COMMON_AUTH_METHOD_RULES_H_
