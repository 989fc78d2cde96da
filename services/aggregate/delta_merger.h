#ifndef TUTTI_SERVICES_AGGREGATE_DELTA_MERGER_H_
#define TUTTI_SERVICES_AGGREGATE_DELTA_MERGER_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/catalog/catalog.h"
#include "common/clock/clock.h"
#include "common/rpc/grpc_lines.h"
#include "common/storage/counter_store.h"
#include "services/aggregate/ingest_policy.h"
#include "services/aggregate/organization_repository.h"
#include "tutti/aggregate/v1/aggregate.pb.h"

namespace tutti {

// Turns deltas into bits. The first delta of a window binds it to the delta's key and makes
// its bitmaps, atomically; a delta under another key is refused and leaves the window
// incomplete. A bitmap that is lost leaves its kind incomplete, and no other. Thread-safe.
class DeltaMerger {
 public:
  // References outlive this.
  DeltaMerger(OrganizationRepository& repository, CounterStore& counters, const Catalog& catalog,
              const WallClock& clock)
      : repository_(repository), counters_(counters), catalog_(catalog), clock_(clock) {}

  // One outcome for each delta, in order: an organisation whose part of the store is away, or
  // cannot be read, keeps no other back. An error means that this is so of all of them, and that
  // nothing is known of any; repeating the request is safe. Cancelled, and no bit is set, once
  // nobody waits for the answer any more, as `caller_gone` says: what is being written is finished.
  absl::StatusOr<std::vector<aggregate::v1::DeltaOutcome>> Merge(
      const aggregate::v1::MergeDeltasRequest& request,
      const std::function<bool()>& caller_gone = [] { return false; });

 private:
  struct Judged;

  using Known = absl::StatusOr<OrganizationRepository::Organization>;

  // Judges the deltas of one organisation by what is known of it, and begins the windows
  // that are not begun. NotFound when it does not exist or was erased.
  absl::Status Judge(const std::string& organization, Known known, absl::Span<const int> indexes,
                     const aggregate::v1::MergeDeltasRequest& request, std::vector<Judged>& judged);
  Judged JudgeOne(const ScheduledOrganization& organization,
                  const aggregate::v1::WindowDelta& delta, absl::Time now) const;
  // Binds windows that are not begun, and marks incomplete what must be, by what is stored
  // now. Windows that are closed meanwhile are left out.
  absl::Status Record(const std::string& organization, absl::Span<const int> indexes,
                      const aggregate::v1::MergeDeltasRequest& request);
  // Sets the bits of the deltas that are judged good.
  absl::Status Write(const aggregate::v1::MergeDeltasRequest& request, std::vector<Judged>& judged);
  // Marks a kind of a window incomplete, whose bitmap is gone.
  absl::Status MarkLost(const BitmapId& id);

  OrganizationRepository& repository_;
  CounterStore& counters_;
  const Catalog& catalog_;
  const WallClock& clock_;
  const SystemSteadyClock steady_clock_;
  LineAllowance lines_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_DELTA_MERGER_H_
