#include "common/upload/tenant_run.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace tutti {

void TenantRun::Settle(Listing listing) {
  const bool had_everybody = summary.listing == Listing::kEverybody;
  const bool everybody = listing == Listing::kEverybody;
  if (everybody && !had_everybody) headcount.clear();
  if (everybody || !had_everybody) headcount.insert(listed.begin(), listed.end());
  listed.clear();
  summary.listing = std::max(summary.listing, listing);
  if (headcount.empty()) {
    summary.licensed.erase("");
  } else {
    summary.licensed[""] = static_cast<int64_t>(headcount.size());
  }
}

void TenantRuns::Follow(ImportPlan plan) {
  plan_ = std::move(plan);
  for (auto& [tenant, run] : runs_) {
    const absl::optional<std::string> organization = plan_->OrganizationOf(tenant);
    run->wanted = organization.has_value();
    run->organization = organization.value_or("");
  }
}

TenantRun& TenantRuns::Only(const std::string& organization) {
  std::unique_ptr<TenantRun>& run = runs_[""];
  if (run == nullptr) run = std::make_unique<TenantRun>(catalog_, organization);
  return *run;
}

TenantRun& TenantRuns::Of(absl::string_view tenant) {
  if (last_ != nullptr && tenant == last_tenant_) return *last_;
  last_tenant_ = std::string(tenant);
  const std::string key = absl::AsciiStrToLower(tenant);
  std::unique_ptr<TenantRun>& run = runs_[key];
  if (run == nullptr) {
    absl::optional<std::string> organization = std::string();
    if (plan_.has_value()) organization = plan_->OrganizationOf(key);
    run = std::make_unique<TenantRun>(catalog_, organization);
  }
  last_ = run.get();
  return *last_;
}

}  // namespace tutti
