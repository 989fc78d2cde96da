#ifndef TUTTI_TESTS_SUPPORT_ORGANIZATIONS_H_
#define TUTTI_TESTS_SUPPORT_ORGANIZATIONS_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/catalog/catalog.h"
#include "common/clock/clock.h"
#include "common/storage/counter_store.h"
#include "common/storage/counting_history_store.h"
#include "common/storage/organization_store.h"
#include "common/storage/publication_store.h"
#include "services/aggregate/counting_history.h"
#include "services/aggregate/organization_lifecycle.h"
#include "services/aggregate/organization_profile.h"
#include "services/aggregate/organization_repository.h"

namespace tutti {

// Aggregate's classes that keep organisations, joined as one aggregate joins them.
struct Organizations {
  // References outlive this.
  Organizations(OrganizationStore& organizations, CounterStore& counters,
                PublicationStore& publications, CountingHistoryStore& eras,
                const Catalog& its_catalog, const WallClock& clock)
      : catalog(its_catalog),
        history(eras, catalog, clock),
        repository(organizations, history, catalog, clock, WindowTiming()),
        lifecycle({repository, organizations, counters, publications, catalog, clock}) {}

  // The organisation as callers see it.
  absl::StatusOr<aggregate::v1::Organization> Told(
      const absl::StatusOr<OrganizationRepository::Organization>& organization) const {
    if (!organization.ok()) return organization.status();
    return DescribeOrganization(catalog, sizes, **organization);
  }
  absl::StatusOr<aggregate::v1::Organization> Get(const std::string& id) {
    return Told(repository.Read(id));
  }

  const Catalog& catalog;
  mutable NeededSizes sizes{catalog};
  CountingHistory history;
  OrganizationRepository repository;
  OrganizationLifecycle lifecycle;
};

}  // namespace tutti

#endif  // TUTTI_TESTS_SUPPORT_ORGANIZATIONS_H_
