#ifndef TUTTI_SERVICES_AGGREGATE_CLOSING_LOOP_H_
#define TUTTI_SERVICES_AGGREGATE_CLOSING_LOOP_H_

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/clock/clock.h"
#include "common/storage/counter_store.h"
#include "common/storage/organization_store.h"
#include "services/aggregate/cohort_builder.h"
#include "services/aggregate/window_closer.h"

namespace tutti {

// What a sweep over all organisations came to.
struct SweepReport {
  std::vector<aggregate::v1::ClosedWindow> windows;
  int busy = 0;
  int failed = 0;
};

// Closes whatever is due, of every organisation, now and then. Thread-safe.
class ClosingLoop {
 public:
  // References outlive this.
  ClosingLoop(WindowCloser& closer, CohortBuilder& cohorts, OrganizationStore& organizations,
              CounterStore& counters, const WallClock& clock)
      : closer_(closer),
        cohorts_(cohorts),
        organizations_(organizations),
        counters_(counters),
        clock_(clock) {}
  ~ClosingLoop() { Stop(); }

  // Sweeps every `interval` in a thread of its own, until Stop.
  void Start(absl::Duration interval);
  // Returns when a sweep that is under way has ended its present organisation.
  void Stop();

  // Closes what is due of one organisation, and has the store's files scrubbed
  // when counters were deleted.
  absl::StatusOr<CloseReport> CloseOne(const std::string& organization);

  // Begins a sweep, at the end of which the store's files are scrubbed. However many ask
  // for it, they are scrubbed once at a time.
  void ScrubSoon();

  // Closes what is due of all, then makes the cohorts that are due. One organisation's
  // failure does not hold up the others.
  absl::StatusOr<SweepReport> Sweep();

 private:
  void Run(absl::Duration interval);
  bool stopping();
  // Has the store's files scrubbed if something was deleted; again at the next sweep when
  // that fails.
  void Scrub();

  WindowCloser& closer_;
  CohortBuilder& cohorts_;
  OrganizationStore& organizations_;
  CounterStore& counters_;
  const WallClock& clock_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  bool wanted_ = false;    // a sweep, at once; guarded by mutex_
  // A process that ended between a deletion and its scrub left that to the next.
  std::atomic<bool> must_scrub_ = true;
  std::thread thread_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_CLOSING_LOOP_H_
