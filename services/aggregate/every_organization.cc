#include "services/aggregate/every_organization.h"

#include <vector>

#include "absl/status/statusor.h"

namespace tutti {

absl::Status ForEachOrganization(
    OrganizationStore& organizations,
    const std::function<absl::Status(const std::string& organization)>& visit) {
  constexpr int kPage = 500;
  std::string cursor;
  while (true) {
    const absl::StatusOr<std::vector<ListedOrganization>> page = organizations.List(cursor, kPage);
    if (!page.ok()) return page.status();
    for (const ListedOrganization& organization : *page) {
      if (absl::Status visited = visit(organization.id); !visited.ok()) return visited;
    }
    if (static_cast<int>(page->size()) < kPage) return absl::OkStatus();
    cursor = page->back().id;
  }
}

}  // namespace tutti
