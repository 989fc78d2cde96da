#include "services/aggregate/every_organization.h"

#include <vector>

#include "absl/status/statusor.h"
#include "common/status/status_macros.h"

namespace tutti {

absl::Status ForEachOrganization(
    OrganizationStore& organizations,
    const std::function<absl::Status(const std::string& organization)>& visit) {
  constexpr int kPage = 500;
  std::string cursor;
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<ListedOrganization> page, organizations.List(cursor, kPage));
    for (const ListedOrganization& organization : page) {
      RETURN_IF_ERROR(visit(organization.id));
    }
    if (static_cast<int>(page.size()) < kPage) return absl::OkStatus();
    cursor = page.back().id;
  }
}

}  // namespace tutti
