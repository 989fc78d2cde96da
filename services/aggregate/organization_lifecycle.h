#ifndef TUTTI_SERVICES_AGGREGATE_ORGANIZATION_LIFECYCLE_H_
#define TUTTI_SERVICES_AGGREGATE_ORGANIZATION_LIFECYCLE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/catalog/catalog.h"
#include "common/clock/clock.h"
#include "common/storage/counter_store.h"
#include "common/storage/organization_store.h"
#include "common/storage/publication_store.h"
#include "services/aggregate/organization_repository.h"

namespace tutti {

// What the lifecycle works with. References outlive it.
struct LifecycleParts {
  OrganizationRepository& repository;
  OrganizationStore& organizations;
  CounterStore& counters;
  PublicationStore& publications;
  const Catalog& catalog;
  const WallClock& clock;
};

// Makes, changes and ends organisations: validates what callers say about them and decides what
// a change means for windows. Thread-safe. Ids are as in OrganizationRepository, and so is
// NotFound.
class OrganizationLifecycle {
 public:
  using Organization = OrganizationRepository::Organization;

  explicit OrganizationLifecycle(const LifecycleParts& parts) : parts_(parts) {}

  // InvalidArgument names the field; AlreadyExists when the id was ever used.
  absl::StatusOr<Organization> Create(const std::string& id,
                                      const aggregate::v1::Organization& wanted, bool backfill);

  // Aborted when the etag is given and is not the current one.
  absl::StatusOr<Organization> Update(const std::string& id,
                                      const aggregate::v1::Organization& wanted);

  absl::StatusOr<Organization> FinishBackfill(const std::string& id);
  absl::StatusOr<Organization> Pause(const std::string& id);
  // Deletes what a pause that ended early has left, if there was one. Idempotent.
  absl::Status EndPause(const std::string& id);
  absl::StatusOr<Organization> Resume(const std::string& id);

  // Returns the number of deleted keys. After an error, erasing again goes on; when all
  // is gone NotFound.
  absl::StatusOr<int64_t> Erase(const std::string& id);

 private:
  absl::StatusOr<Organization> ChangeState(const std::string& id,
                                           const OrganizationRepository::Change& change);

  const LifecycleParts parts_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_ORGANIZATION_LIFECYCLE_H_
