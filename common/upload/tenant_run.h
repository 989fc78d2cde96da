#ifndef TUTTI_COMMON_UPLOAD_TENANT_RUN_H_
#define TUTTI_COMMON_UPLOAD_TENANT_RUN_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "common/catalog/catalog.h"
#include "common/upload/fed_categories.h"
#include "common/upload/import_plan.h"
#include "common/upload/import_summary.h"

namespace tutti {

// Everything about one tenant of the import; of sources without tenants there is one.
struct TenantRun {
  TenantRun(const Catalog& catalog, const absl::optional<std::string>& organization_name)
      : wanted(organization_name.has_value()),
        organization(organization_name.value_or("")),
        fed(catalog) {}

  // Whom the input that is read has listed are the people of such a list. A list of everybody makes
  // the headcount: those of one product or service, in which shared mailboxes, rooms and people
  // who have left stand too, do not add to it.
  void Settle(Listing listing);

  bool wanted;
  std::string organization;
  TenantSummary summary;
  FedCategories fed;
  absl::flat_hash_set<uint64_t> rows;  // keys of those that were seen
  absl::flat_hash_set<uint64_t> people;
  absl::flat_hash_set<uint64_t> subjects;         // of other kinds
  absl::flat_hash_set<uint64_t> licensed;         // for a product
  absl::flat_hash_set<uint64_t> listed;           // by the input that is read, as licensed at all
  absl::flat_hash_set<uint64_t> headcount;        // of those that were
  bool has_person = false;                        // of an accepted domain
  absl::flat_hash_set<uint64_t> foreign_domains;  // that are not accepted
};

// The tenants of one import. Not thread-safe.
class TenantRuns {
 public:
  explicit TenantRuns(const Catalog& catalog) : catalog_(catalog) {}

  // From now on a tenant has the organisation that the plan says, or is not wanted. Without a plan
  // every tenant is wanted, and nothing is known of where it goes.
  void Follow(ImportPlan plan);

  // The only one of a source without tenants.
  TenantRun& Only(const std::string& organization);

  // A tenant's, by its GUID in any case.
  TenantRun& Of(absl::string_view tenant);

  // By tenant in lower case.
  const std::map<std::string, std::unique_ptr<TenantRun>>& all() const { return runs_; }

 private:
  const Catalog& catalog_;
  absl::optional<ImportPlan> plan_;
  std::map<std::string, std::unique_ptr<TenantRun>> runs_;
  std::string last_tenant_;
  TenantRun* last_ = nullptr;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_UPLOAD_TENANT_RUN_H_
