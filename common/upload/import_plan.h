#ifndef TUTTI_COMMON_UPLOAD_IMPORT_PLAN_H_
#define TUTTI_COMMON_UPLOAD_IMPORT_PLAN_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace tutti {

// Which tenants of an input are wanted, and whose organisation each is. A tenant
// is a GUID (a record's OrganizationId); an organisation is a resource name,
// "organizations/acme", or "" when nothing is to be sent.
struct TenantChoice {
  std::string organization = {};                          // of the only tenant, or of `tenant`
  std::string tenant = {};                                // only this one
  std::map<std::string, std::string> organizations = {};  // or these: tenant -> organisation
  bool every_tenant = false;                              // or all, each apart, nothing sent
};

// Says for each tenant where its activities go. Tenants are never mixed: an input
// of several is refused until the choice says which one is meant, or where each of
// them goes.
class ImportPlan {
 public:
  // A choice that needs no look at the input. InvalidArgument when it contradicts
  // itself, or when a tenant is no GUID. Nothing when the choice depends on the
  // input (neither tenant nor organisations nor every tenant).
  static absl::StatusOr<absl::optional<ImportPlan>> WithoutSurvey(const TenantChoice& choice);

  // The plan for an input whose tenants are known. FailedPrecondition when there
  // are several and none was chosen: it says how many, lists up to ten, and says
  // what to do.
  static absl::StatusOr<ImportPlan> ForTenants(const TenantChoice& choice,
                                               const std::vector<std::string>& tenants);

  // The organisation of a tenant (GUID, lower case), "" to send nothing; nothing
  // when the tenant is not wanted.
  absl::optional<std::string> OrganizationOf(absl::string_view tenant) const;

 private:
  std::map<std::string, std::string, std::less<>> organizations_;
  bool every_tenant_ = false;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_UPLOAD_IMPORT_PLAN_H_
