#ifndef TUTTI_SERVICES_AGGREGATE_EVERY_ORGANIZATION_H_
#define TUTTI_SERVICES_AGGREGATE_EVERY_ORGANIZATION_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "common/storage/organization_store.h"

namespace tutti {

// Calls `visit` with every id that was ever used, page by page, until one fails; returns
// that error, or the store's.
absl::Status ForEachOrganization(
    OrganizationStore& organizations,
    const std::function<absl::Status(const std::string& organization)>& visit);

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_EVERY_ORGANIZATION_H_
