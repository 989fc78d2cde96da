#ifndef TUTTI_SERVICES_AGGREGATE_WINDOW_CLOSER_H_
#define TUTTI_SERVICES_AGGREGATE_WINDOW_CLOSER_H_

#include <atomic>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/catalog/catalog.h"
#include "common/clock/clock.h"
#include "common/privacy/budget.h"
#include "common/privacy/noise.h"
#include "common/storage/counter_store.h"
#include "common/storage/organization_store.h"
#include "common/storage/publication_store.h"
#include "services/aggregate/closing_lease.h"
#include "services/aggregate/journal_binding.h"
#include "services/aggregate/organization_lifecycle.h"
#include "services/aggregate/organization_repository.h"
#include "services/aggregate/pace.h"
#include "services/aggregate/record_drawer.h"
#include "tutti/aggregate/v1/aggregate.pb.h"
#include "tutti/publication/v1/publication.pb.h"

namespace tutti {

// The steps of closing a reach window, in their order. A crash after any of them
// leaves nothing or a staged record; closing again goes on from there.
enum class CloseStep {
  kDayTallied,  // a day's bitmaps became counts
  kDaysRecorded,
  kSealed,
  kDrawn,
  kStaged,
  kJournaled,
  kPromoted,
  kTalliesDropped,
  kDropped,
  kRecorded,
};

// What the closer works with. References outlive it.
struct CloserParts {
  OrganizationRepository& repository;
  OrganizationLifecycle& lifecycle;
  OrganizationStore& organizations;
  CounterStore& counters;
  PublicationStore& publications;
  JournalBinding& binding;
  const Catalog& catalog;
  const WallClock& clock;
  // Makes the noise of one record. Called once for each; the result is used by
  // one thread.
  std::function<std::unique_ptr<NoiseSource>()> make_noise;
  // Told after each step; for tests that end the process there.
  std::function<void(CloseStep)> on_step = [](CloseStep) {};
};

// What closing an organisation's due windows came to.
struct CloseReport {
  std::vector<aggregate::v1::ClosedWindow> windows;
  bool busy = false;     // another replica has the lease: nothing was done
  bool deleted = false;  // counters were deleted, so the store's files want scrubbing
  absl::Time next_due = absl::InfiniteFuture();
};

// Closes windows that are due and publishes them: days first (their habits become
// counts), then the reach windows, in order of end days. Every due window of an
// active organisation gets one record, also when nothing happened, drawn once and
// never again. Thread-safe; one organisation is closed by one thread of one
// replica at a time (a lease).
class WindowCloser {
 public:
  explicit WindowCloser(CloserParts parts);

  // OK when windows may be closed: the journal is that of the store. See JournalBinding.
  absl::Status MayClose() { return parts_.binding.Check(); }

  // Errors are MayClose's, and NotFound when there is no such organisation. Calling again goes
  // on where an error stopped it. Each record appears at a tick of `pace`. After `most` reach
  // windows the rest is left due.
  absl::StatusOr<CloseReport> CloseDue(const std::string& organization, const Pace& pace = Pace(),
                                       size_t most = std::numeric_limits<size_t>::max());

  // From now on no window is begun: what is left stays due.
  void Stop() { stopping_ = true; }

 private:
  using Organization = std::shared_ptr<const ScheduledOrganization>;

  absl::Status CloseAll(const std::string& id, ClosingLease& lease, const Pace& pace, size_t most,
                        CloseReport& report);
  // Closes every day that is due up to `last`, and stores how far it came.
  absl::StatusOr<bool> CloseDays(const Organization& organization, Day last, absl::Time now,
                                 const ClosingLease& lease);
  // Closes a window against writes. False when it is spoilt: no kind of it is ever published.
  absl::StatusOr<bool> Seal(const ScheduledOrganization& organization, Window window);
  absl::Status CloseDay(const ScheduledOrganization& organization, Day day,
                        const ClosingLease& lease);
  // Sees to it that the window's one record is published, unless it must not exist.
  absl::StatusOr<aggregate::v1::CloseOutcome> Publish(const ScheduledOrganization& organization,
                                                      Day end_day, const ClosingLease& lease,
                                                      const Pace& pace);
  // What is spent, with every record that the journal knows and that can count against the
  // window's budget: a store that lost records has lost what they cost.
  absl::StatusOr<Ledger> ReadWholeLedger(const std::string& id, Day end_day,
                                         const std::map<Day, Costs>& drawn);
  // Draws the record of a sealed window and stages it, unless it must not exist or the window is
  // not `whole`. AlreadyExists when somebody else has.
  absl::StatusOr<aggregate::v1::CloseOutcome> Draw(const ScheduledOrganization& organization,
                                                   Day end_day, bool whole,
                                                   const ClosingLease& lease);
  // Deletes what the window was counted from, and stores that it is closed.
  absl::Status Finish(const Organization& organization, Day end_day);
  // Deletes the bitmaps of begun windows that are over and were not closed: there is no such window
  // on the grid, or somebody began it while others closed it. They have no owner. Whether there
  // were any; `organization` becomes what is stored then.
  absl::StatusOr<bool> DropStrays(Organization& organization);

  const CloserParts parts_;
  const RecordDrawer drawer_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_WINDOW_CLOSER_H_
