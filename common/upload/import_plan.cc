#include "common/upload/import_plan.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/sources/actor.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

constexpr size_t kListedTenants = 10;

}  // namespace

absl::StatusOr<absl::optional<ImportPlan>> ImportPlan::WithoutSurvey(const TenantChoice& choice) {
  const int ways = (choice.tenant.empty() ? 0 : 1) + (choice.organizations.empty() ? 0 : 1) +
                   (choice.every_tenant ? 1 : 0);
  if (ways > 1) {
    return absl::InvalidArgumentError("give --tenant or --tenant-organization, not both");
  }
  if (!choice.organization.empty() && (!choice.organizations.empty() || choice.every_tenant)) {
    return absl::InvalidArgumentError(
        "one --organization cannot take several tenants: give --tenant, or --tenant-organization "
        "for each in its place");
  }
  ImportPlan plan;
  if (choice.every_tenant) {
    plan.every_tenant_ = true;
    return plan;
  }
  std::map<std::string, std::string> wanted = choice.organizations;
  if (!choice.tenant.empty()) wanted[choice.tenant] = choice.organization;
  std::set<std::string> organizations;
  for (const auto& [tenant, organization] : wanted) {
    if (!IsGuid(tenant)) {
      return absl::InvalidArgumentError(
          "--tenant and --tenant-organization take GUIDs: give the OrganizationId, "
          "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
    }
    if (!organization.empty() && !organizations.insert(organization).second) {
      return absl::InvalidArgumentError(
          "--tenant-organization: two tenants have the same organisation: give each its own");
    }
    plan.organizations_[absl::AsciiStrToLower(tenant)] = organization;
  }
  if (ways == 0) return absl::optional<ImportPlan>();
  return plan;
}

absl::StatusOr<ImportPlan> ImportPlan::ForTenants(const TenantChoice& choice,
                                                  const std::vector<std::string>& tenants) {
  ASSIGN_OR_RETURN(absl::optional<ImportPlan> chosen, WithoutSurvey(choice));
  if (chosen.has_value()) return *chosen;
  if (tenants.size() > 1) {
    const size_t listed = std::min(tenants.size(), kListedTenants);
    return absl::FailedPreconditionError(absl::StrCat(
        "the input holds records of ", tenants.size(), " tenants (",
        absl::StrJoin(tenants.begin(), tenants.begin() + static_cast<std::ptrdiff_t>(listed), ", "),
        tenants.size() > listed ? ", ..." : "",
        "): name the one that is meant with --tenant, or give each its own organisation with "
        "--tenant-organization"));
  }
  ImportPlan plan;
  for (const std::string& tenant : tenants) {
    plan.organizations_[absl::AsciiStrToLower(tenant)] = choice.organization;
  }
  return plan;
}

absl::optional<std::string> ImportPlan::OrganizationOf(absl::string_view tenant) const {
  if (every_tenant_) return std::string();
  const auto found = organizations_.find(std::string(tenant));
  if (found == organizations_.end()) return absl::nullopt;
  return found->second;
}

}  // namespace tutti
