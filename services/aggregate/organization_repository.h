#ifndef TUTTI_SERVICES_AGGREGATE_ORGANIZATION_REPOSITORY_H_
#define TUTTI_SERVICES_AGGREGATE_ORGANIZATION_REPOSITORY_H_

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/catalog/catalog.h"
#include "common/clock/clock.h"
#include "common/storage/organization_store.h"
#include "services/aggregate/counting_history.h"
#include "services/aggregate/organization_cache.h"
#include "services/aggregate/scheduled_organization.h"

namespace tutti {

// Reads organisations and changes what is stored of them, each change against what it was made
// of. Thread-safe. Ids here are bare ("acme"), validated by the caller. NotFound, with the reason,
// where an organisation does not exist or was erased.
class OrganizationRepository {
 public:
  using Organization = std::shared_ptr<const ScheduledOrganization>;

  // References outlive this.
  OrganizationRepository(OrganizationStore& organizations, CountingHistory& history,
                         const Catalog& catalog, const WallClock& clock, WindowTiming timing)
      : organizations_(organizations),
        history_(history),
        catalog_(catalog),
        clock_(clock),
        timing_(timing) {}

  // What is stored now.
  absl::StatusOr<Organization> Read(const std::string& id);

  // The same of many, at most OrganizationCache::kMaxAge old, and by a recent counting history: for
  // what sets bits. Each with an error of its own, in order; Unavailable where the part of the
  // store that has it is away.
  std::vector<absl::StatusOr<Organization>> ReadCached(absl::Span<const std::string> ids);

  // A page in a fixed order after `cursor`, which is moved; "" at the end.
  absl::StatusOr<std::vector<Organization>> List(int limit, std::string& cursor);

  // A page, as List gives it, of those among `ids` that exist.
  absl::StatusOr<std::vector<Organization>> ListAmong(const std::set<std::string, std::less<>>& ids,
                                                      int limit, std::string& cursor);

  // Changes what is stored: calls `change` on a copy and stores it, again on the
  // newest when somebody else was faster. `change` may refuse. With `bitmaps`, see
  // OrganizationStore::Begin: FailedPrecondition when some of their windows are guarded, which
  // `guarded` is then told. Begins with `known`, when that is given, as what is stored.
  using Change = std::function<absl::Status(const ScheduledOrganization& current,
                                            aggregate::v1::StoredOrganization& next,
                                            std::vector<NewBitmap>& bitmaps)>;
  absl::StatusOr<Organization> Modify(const std::string& id, const Change& change,
                                      Organization known = nullptr,
                                      std::set<Window>* guarded = nullptr);

  // What follows from `stored`, whether or not it is stored.
  absl::StatusOr<Organization> Derive(const std::string& id,
                                      aggregate::v1::StoredOrganization stored) {
    return Derive(id, VersionedOrganization{std::move(stored), ""}, history_.Current());
  }

  const WindowTiming& timing() const { return timing_; }

  // Forgets what was read of it: it is erased.
  void Forget(const std::string& id) { cache_.Forget(id); }

  // The memory that what is remembered of organisations takes, about.
  size_t cached_bytes() const { return cache_.bytes(); }

 private:
  using Eras = absl::StatusOr<std::shared_ptr<const CountingEras>>;
  absl::StatusOr<Organization> Derive(const std::string& id, VersionedOrganization versioned,
                                      Eras eras);
  absl::StatusOr<Organization> Remember(const std::string& id, VersionedOrganization versioned,
                                        const Eras& eras);

  OrganizationStore& organizations_;
  CountingHistory& history_;
  const Catalog& catalog_;
  const WallClock& clock_;
  const WindowTiming timing_;
  OrganizationCache cache_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_ORGANIZATION_REPOSITORY_H_
