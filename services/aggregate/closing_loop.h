#ifndef TUTTI_SERVICES_AGGREGATE_CLOSING_LOOP_H_
#define TUTTI_SERVICES_AGGREGATE_CLOSING_LOOP_H_

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/clock/clock.h"
#include "common/storage/organization_store.h"
#include "services/aggregate/clock_guard.h"
#include "services/aggregate/closer_threads.h"
#include "services/aggregate/cohort_builder.h"
#include "services/aggregate/due_reconciler.h"
#include "services/aggregate/file_scrubber.h"
#include "services/aggregate/store_verdict.h"
#include "services/aggregate/window_closer.h"

namespace tutti {

// What a sweep over all organisations came to.
struct SweepReport {
  std::vector<aggregate::v1::ClosedWindow> windows;
  int busy = 0;
  int failed = 0;
  bool deleted = false;  // counters were deleted, or may have been
};

// What the loop works with. References outlive it.
struct ClosingParts {
  WindowCloser& closer;
  CohortBuilder& cohorts;
  OrganizationStore& organizations;
  DueReconciler& due_times;
  FileScrubber& scrubber;
  ClockGuard& clock_guard;
  const StoreVerdict& store;
  const WallClock& clock;
};

// Closes whatever is due, of every organisation, now and then. How long a close took is for
// nobody to see, who chose when it began or saw another one end: records appear at ticks of
// 100 ms alone, and so do answers. Thread-safe.
class ClosingLoop {
 public:
  explicit ClosingLoop(const ClosingParts& parts) : parts_(parts) {}
  ~ClosingLoop() { Stop(); }

  // Sweeps every `interval` in a thread of its own, until Stop, and has due times reconciled
  // after each sweep.
  void Start(absl::Duration interval);
  // Returns when the windows that its own sweep is closing are closed, or the store has not
  // answered once. What is left stays due.
  void Stop();

  // Both methods: FailedPrecondition when the journal is not the store's; Unavailable while the
  // store is not fit, when this process's clock is too far ahead (see ClockGuard), and after Stop.

  // Closes what is due of one organisation. The store's files are scrubbed afterwards,
  // when counters were deleted.
  absl::StatusOr<CloseReport> CloseOne(const std::string& organization);

  // Closes what is due of all, then makes the cohorts that are due. One organisation's
  // failure does not hold up the others, nor do its many windows: organisations wait for a
  // tick together, each with one. Those that failed before are tried again, also where they are
  // put off: a failure is said until it is gone, whoever closes them.
  absl::StatusOr<SweepReport> Sweep();

  // When this process last closed a window, whatever came of it, in whole seconds; InfinitePast
  // before the first.
  absl::Time last_close() const;

  // How many organisations could not be closed when that was tried last; at most kMostFailing.
  int failing() const;

 private:
  // Of an organisation, what came of its close.
  using Outcome = absl::StatusOr<CloseReport>;

  absl::Status CheckFit();
  absl::Status SweepAll(const Pace& pace, SweepReport& sweep);
  // Closes at most one window of each.
  std::vector<Outcome> CloseTogether(const std::vector<std::string>& organizations,
                                     const Pace& pace);
  // Puts off what could not be closed.
  absl::Status PutOff(const std::vector<std::string>& organizations,
                      const std::vector<Outcome>& outcomes);
  // Adds to the sweep what came of each, and logs what failed.
  void Report(std::vector<Outcome> outcomes, SweepReport& sweep);
  void NoteOutcome(const std::string& organization, const Outcome& outcome);
  void Run(absl::Duration interval);
  bool stopping();

  // How many organisations wait for a tick together, each in a thread of its own.
  static constexpr int kTogether = 50;
  static constexpr size_t kMostFailing = 1000;
  static constexpr int64_t kNever = -1;

  void NoteClosed(bool any);

  const ClosingParts parts_;
  CloserThreads threads_{kTogether};
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;          // guarded by mutex_
  std::set<std::string> failing_;  // guarded by mutex_
  std::atomic<int64_t> last_close_ = kNever;
  std::thread thread_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_CLOSING_LOOP_H_
