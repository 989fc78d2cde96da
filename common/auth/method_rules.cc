#include "common/auth/method_rules.h"

#include <algorithm>
#include <array>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tutti/access/v1/access.pb.h"

namespace tutti {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

constexpr std::array<absl::string_view, 3> kOpenToAnybody = {
    "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection"};

bool IsText(const Descriptor* message, absl::string_view path) {
  const FieldDescriptor* field = nullptr;
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    field = message == nullptr ? nullptr : message->FindFieldByName(std::string(name));
    if (field == nullptr) return false;
    message = field->message_type();
  }
  return field->type() == FieldDescriptor::TYPE_STRING && !field->is_repeated();
}

absl::StatusOr<MethodRule> RuleOf(const MethodDescriptor& method) {
  const auto refuse = [&method](absl::string_view problem) {
    return absl::InvalidArgumentError(
        absl::StrCat(method.full_name(), ": its option tutti.access.v1.access ", problem));
  };
  const auto& access = method.options().GetExtension(access::v1::access);
  MethodRule rule;
  switch (access.callable_by()) {
    case access::v1::CALLABLE_BY_INGEST:
      rule.callable_by = CallableBy::kIngest;
      break;
    case access::v1::CALLABLE_BY_CALLERS:
      rule.callable_by = CallableBy::kCallers;
      break;
    default:
      return refuse("does not say who may call it");
  }
  for (const std::string& scope : access.scopes()) {
    const Scope bit = ScopeNamed(scope);
    // It opens every method anyway.
    if (bit == kNoScope || bit == kSystemAdmin) return refuse("has a scope that there is not");
    rule.scopes |= bit;
  }
  if ((rule.callable_by == CallableBy::kCallers) != (rule.scopes != kNoScope)) {
    return refuse("must have scopes where callers may call it, and there alone");
  }
  rule.needs =
      rule.callable_by == CallableBy::kIngest
          ? "is for ingest's certificate alone"
          : absl::StrCat("needs a token with the scope ", absl::StrJoin(access.scopes(), " or "));
  rule.organization_field = access.organization_field();
  if (!rule.organization_field.empty() && !IsText(method.input_type(), rule.organization_field)) {
    return refuse("has an organization_field that is no text of the request");
  }
  return rule;
}

}  // namespace

absl::StatusOr<MethodRules> MethodRules::Of(const std::vector<std::string>& services,
                                            const google::protobuf::DescriptorPool& pool) {
  MethodRules rules;
  for (const std::string& name : services) {
    const ServiceDescriptor* const service = pool.FindServiceByName(name);
    if (service == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(name, ": there is no such service"));
    }
    const bool open =
        std::find(kOpenToAnybody.begin(), kOpenToAnybody.end(), name) != kOpenToAnybody.end();
    for (int i = 0; i < service->method_count(); ++i) {
      const MethodDescriptor& method = *service->method(i);
      absl::StatusOr<MethodRule> rule = MethodRule{CallableBy::kAnybody, kNoScope, "", ""};
      if (!open) rule = RuleOf(method);
      if (!rule.ok()) return rule.status();
      rules.rules_.emplace(absl::StrCat("/", name, "/", method.name()), *std::move(rule));
    }
  }
  return rules;
}

const MethodRule* MethodRules::Find(absl::string_view method) const {
  const auto found = rules_.find(method);
  return found == rules_.end() ? nullptr : &found->second;
}

std::optional<Role> RoleOf(absl::string_view uri, absl::string_view trust_domain) {
  if (trust_domain.empty() || !absl::ConsumePrefix(&uri, "spiffe://") ||
      !absl::ConsumePrefix(&uri, trust_domain)) {
    return std::nullopt;
  }
  if (uri == "/ingest") return Role::kIngest;
  if (uri == "/operator") return Role::kOperator;
  return std::nullopt;
}

}  // namespace tutti
