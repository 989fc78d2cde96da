#ifndef TUTTI_COMMON_AUTH_METHOD_RULES_H_
#define TUTTI_COMMON_AUTH_METHOD_RULES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/auth/caller.h"
#include "google/protobuf/descriptor.h"

namespace tutti {

// What a certificate says that its holder is.
enum class Role {
  kIngest,    // tutti-ingest, which sends deltas
  kOperator,  // whoever runs the suite: every organisation, but no deltas
};

// Who may call a method.
enum class CallableBy {
  kIngest,   // ingest's certificate
  kCallers,  // an operator's certificate, or a token with one of the scopes
  kAnybody,  // whoever can connect
};

// One method: who may call it, and for which organisation (tutti/access/v1/access.proto).
struct MethodRule {
  CallableBy callable_by = CallableBy::kIngest;
  // A token needs one of these bits (Scope); none: see callable_by.
  uint32_t scopes = kNoScope;
  // The request's field with the organisation's name, or with a name that begins with
  // it. Callers may name one of theirs alone. Empty: none is named, and the answer has
  // the caller's alone.
  std::string organization_field;
  // Who may call it, in words: "needs a token with the scope scores.read".
  std::string needs;
};

// The methods that a server serves, with the rule of each. A value; thread-safe to read.
class MethodRules {
 public:
  // Has no method.
  MethodRules() = default;

  // Reads the rules of services, given by their full names, from the options of their
  // methods in the pool. Health and reflection, which are not ours, are open to anybody.
  // InvalidArgument, with the name, for a service that is not in the pool, for a method
  // without the option, and for an option that contradicts itself.
  static absl::StatusOr<MethodRules> Of(const std::vector<std::string>& services,
                                        const google::protobuf::DescriptorPool& pool =
                                            *google::protobuf::DescriptorPool::generated_pool());

  // The rule of a method by its path, "/package.Service/Method"; null for one that is not
  // served.
  const MethodRule* Find(absl::string_view method) const;

  const absl::flat_hash_map<std::string, MethodRule>& all() const { return rules_; }

 private:
  absl::flat_hash_map<std::string, MethodRule> rules_;  // by path
};

// The role that a certificate's URI names: "spiffe://{trust_domain}/{role}", where
// the role is "ingest" or "operator", letter for letter. Nothing for any other.
std::optional<Role> RoleOf(absl::string_view uri, absl::string_view trust_domain);

}  // namespace tutti

#endif  // TUTTI_COMMON_AUTH_METHOD_RULES_H_
