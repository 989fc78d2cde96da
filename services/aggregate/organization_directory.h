#ifndef TUTTI_SERVICES_AGGREGATE_ORGANIZATION_DIRECTORY_H_
#define TUTTI_SERVICES_AGGREGATE_ORGANIZATION_DIRECTORY_H_

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/catalog/catalog.h"
#include "common/clock/clock.h"
#include "common/storage/counter_store.h"
#include "common/storage/organization_store.h"
#include "common/storage/publication_store.h"
#include "common/window/schedule.h"
#include "services/aggregate/counting_history.h"
#include "services/aggregate/organization_cache.h"
#include "services/aggregate/scheduled_organization.h"

namespace tutti {

// How long things last.
struct WindowTiming {
  absl::Duration grace = absl::Hours(48);           // see Schedule
  absl::Duration policy_lease = absl::Seconds(20);  // of what ingest may rely on
};

// Owns the organisations: validates what callers say about them and decides what
// a change means for windows. Thread-safe. Ids here are bare ("acme"), validated
// by the caller.
class OrganizationDirectory {
 public:
  // References outlive this.
  OrganizationDirectory(OrganizationStore& organizations, CounterStore& counters,
                        PublicationStore& publications, CountingHistoryStore& history,
                        const Catalog& catalog, const WallClock& clock, WindowTiming timing);

  // Creates it. InvalidArgument names the field; AlreadyExists when the id was
  // ever used.
  absl::StatusOr<aggregate::v1::Organization> Create(const std::string& id,
                                                     const aggregate::v1::Organization& wanted,
                                                     bool backfill);

  // NotFound when it does not exist or was erased.
  absl::StatusOr<aggregate::v1::Organization> Get(const std::string& id);

  // A page in a fixed order after `cursor`, which is moved; "" at the end.
  absl::StatusOr<std::vector<aggregate::v1::Organization>> List(int limit, std::string& cursor);

  // As List, of those among `ids` that exist.
  absl::StatusOr<std::vector<aggregate::v1::Organization>> ListAmong(
      const std::set<std::string, std::less<>>& ids, int limit, std::string& cursor);

  // Aborted when the etag is given and is not the current one.
  absl::StatusOr<aggregate::v1::Organization> Update(const std::string& id,
                                                     const aggregate::v1::Organization& wanted);

  absl::StatusOr<aggregate::v1::Organization> FinishBackfill(const std::string& id);
  // The end days, ascending, of the reach windows that FinishBackfill would close now, from the
  // profile, the schedule and the clock alone; none where nothing is back-filled. Errors as
  // FinishBackfill.
  absl::StatusOr<std::vector<Day>> ClosedByFinishing(const std::string& id);
  absl::StatusOr<aggregate::v1::Organization> Pause(const std::string& id);
  // Deletes what a pause that ended early has left, if there was one. Idempotent.
  absl::Status EndPause(const std::string& id);
  absl::StatusOr<aggregate::v1::Organization> Resume(const std::string& id);

  // Returns the number of deleted keys. After an error, erasing again goes on; when all
  // is gone NotFound.
  absl::StatusOr<int64_t> Erase(const std::string& id);

  // What is stored now. NotFound when it does not exist.
  absl::StatusOr<std::shared_ptr<const ScheduledOrganization>> Read(const std::string& id);

  // The same, at most OrganizationCache::kMaxAge old.
  absl::StatusOr<std::shared_ptr<const ScheduledOrganization>> ReadCached(const std::string& id);

  // Changes what is stored: calls `change` on a copy and stores it, again on the
  // newest when somebody else was faster. `change` may refuse. With `bitmaps`, see
  // OrganizationStore::Begin: FailedPrecondition when some of their windows are guarded, which
  // `guarded` is then told. Begins with `known`, when that is given, as what is stored.
  using Change = std::function<absl::Status(const ScheduledOrganization& current,
                                            aggregate::v1::StoredOrganization& next,
                                            std::vector<NewBitmap>& bitmaps)>;
  absl::StatusOr<std::shared_ptr<const ScheduledOrganization>> Modify(
      const std::string& id, const Change& change,
      std::shared_ptr<const ScheduledOrganization> known = nullptr,
      std::set<Window>* guarded = nullptr);

  // When something of the organisation is to be closed next; InfiniteFuture when
  // nothing is.
  absl::Time NextDue(const ScheduledOrganization& organization) const;

  // When closers are to look at the organisation next, which is what its stored due time must
  // say: NextDue, or some hours from now where nothing is to be closed. Never InfiniteFuture:
  // whoever stores what was so a moment ago then delays a close, and loses none.
  absl::Time NextLook(const ScheduledOrganization& organization) const;

  // Every window that takes activity at `now`, day windows and reach windows, in
  // order of end days.
  std::vector<Window> OpenWindows(const ScheduledOrganization& organization, absl::Time now) const;

  const WindowTiming& timing() const { return timing_; }
  CountingHistory& history() { return history_; }

  // What is remembered of organisations.
  size_t cached_bytes() const { return cache_.bytes(); }

 private:
  absl::StatusOr<std::shared_ptr<const ScheduledOrganization>> Derive(
      VersionedOrganization versioned);
  absl::StatusOr<std::shared_ptr<const ScheduledOrganization>> Remember(
      const std::string& id, VersionedOrganization versioned);
  // The resource as callers see it: with what follows from the profile and the schedule.
  aggregate::v1::Organization Describe(const ScheduledOrganization& organization) const;
  absl::StatusOr<aggregate::v1::Organization> ChangeState(const std::string& id,
                                                          const Change& change);

  OrganizationStore& organizations_;
  CounterStore& counters_;
  PublicationStore& publications_;
  const Catalog& catalog_;
  const WallClock& clock_;
  const WindowTiming timing_;
  CountingHistory history_;
  OrganizationCache cache_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_ORGANIZATION_DIRECTORY_H_
