#ifndef TUTTI_SERVICES_AGGREGATE_DUE_RECONCILER_H_
#define TUTTI_SERVICES_AGGREGATE_DUE_RECONCILER_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "common/clock/clock.h"
#include "common/storage/organization_store.h"
#include "services/aggregate/organization_repository.h"

namespace tutti {

// Finds, a few at a time and for ever, organisations whose stored due time is later than their
// profile says, and corrects it: closers would not see them in time, or never. One that is
// looked at meanwhile by others is at worst looked at once more. To be called by one thread.
class DueReconciler {
 public:
  // References outlive this.
  DueReconciler(OrganizationRepository& repository, OrganizationStore& organizations,
                const WallClock& clock)
      : repository_(repository), organizations_(organizations), clock_(clock) {}

  // Looks at the next kPage organisations; after the last begins anew.
  absl::Status LookOn();

  // With a look at every sweep of 30 s, 300,000 organisations are gone through in five hours.
  static constexpr int kPage = 500;

  // Due times that were corrected so far. Thread-safe.
  uint64_t corrected() const { return corrected_; }

 private:
  // Whether it was wrong.
  absl::StatusOr<bool> Correct(const ListedOrganization& listed);

  OrganizationRepository& repository_;
  OrganizationStore& organizations_;
  const WallClock& clock_;
  std::string cursor_;  // the last one that was looked at
  std::atomic<uint64_t> corrected_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_DUE_RECONCILER_H_
