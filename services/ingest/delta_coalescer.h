#ifndef TUTTI_SERVICES_INGEST_DELTA_COALESCER_H_
#define TUTTI_SERVICES_INGEST_DELTA_COALESCER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/catalog/catalog.h"
#include "common/clock/clock.h"
#include "services/ingest/aggregate_client.h"
#include "services/ingest/flight_limit.h"
#include "services/ingest/organization_policy.h"

namespace tutti {

// The bits that one batch sets in one bitmap, and what became of them.
struct BatchDelta {
  int window = 0;                   // index into the policy's windows; its key is not kMissing
  int kind = 0;                     // index into the catalogue's kinds
  std::vector<uint32_t> positions;  // in any order, with repetitions; may be empty
  absl::Status sent;                // of the call that told the outcome
  aggregate::v1::DeltaOutcome outcome = aggregate::v1::DELTA_OUTCOME_UNSPECIFIED;
};

// How long somebody waits for an answer yet; nothing when nobody does. Thread-safe; not asked after
// the answer.
using Remaining = std::function<absl::Duration()>;

// A batch that waits to be durable. All of it is about one organisation.
class PendingBatch {
 public:
  virtual ~PendingBatch() = default;

  // Called once, on any thread, as soon as the write is over: with OK when every delta
  // has its outcome, else with the error of a call to aggregate that carried one. Does all
  // there is to do but the answering.
  virtual void Settle(const absl::Status& status) = 0;

  // Called once after that, on a tick: must take as long whatever was new.
  virtual void Answer() = 0;

  // Called in place of both when nobody waits for it any more and nothing of it was sent.
  virtual void Drop() = 0;

  Remaining remaining = [] { return absl::InfiniteDuration(); };
  std::shared_ptr<const OrganizationPolicy> policy;
  size_t activities = 0;  // of the request, whatever became of each
  // At least one, so that each tick names each organisation that had requests.
  std::vector<BatchDelta> deltas;
};

// What waits is counted in activities, not in positions: whether a batch is taken, and
// when it is flushed, must not tell how much of it was new. Memory is bounded all the
// same. An activity of the shipped catalogue sets at most 34 columns in each of 5 windows
// at weekly cadence, or 30 at daily, so max_pending_activities make at most 140 MB of
// positions, or 820; only a back-fill has more windows open.
struct CoalescerLimits {
  size_t flush_activities = 20'000;  // at most in one flush, which then does not wait for the tick
  size_t large_activities = 100;     // a flush of so many is answered a tick later
  size_t call_positions = 250'000;   // at most so many in one call
  size_t call_deltas = 10'000;       // at most so many in one call
  size_t max_pending_activities = 200'000;
  size_t max_pending_batches = 20'000;
  int max_flushes_in_flight = 4;
  // What is not durable so long after it was taken is answered with an error.
  absl::Duration patience = absl::Seconds(9);
};

// Collects the deltas of concurrent batches and sends them together on a tick:
// for each organisation, window and kind one delta, its positions ascending and
// without repetition, so that the order of activities and their number is not
// visible. What becomes of a delta follows from its first piece; how many positions there
// are decides neither which call carries that nor, as windows close, on which side of the
// close it falls. Pieces that disagree leave it UNSPECIFIED. A call of first pieces that fails
// fails the batches of those; one of others, which come of positions alone, fails all of the tick.
// Every batch, whether it brings anything new or not, waits for the call of its tick, and then for
// the next tick: how long a write took, which depends on what was new, does not show in when the
// answer comes, and on that tick nothing is left to do but to answer. Where many activities may
// bring much, it waits for one tick more. When too many flushes are in flight, ticks pass without
// one; a call lasts so much less as its first batch waited for it, and no longer than somebody
// waits for an answer. How much may be in flight follows from how long it takes (FlightLimit), and
// what would wait in vain is not taken. Thread-safe.
class DeltaCoalescer {
 public:
  // References outlive this; every call of the client must have called back before
  // this is destroyed.
  DeltaCoalescer(AggregateClient& client, const Catalog& catalog, CoalescerLimits limits,
                 const SteadyClock& clock)
      : client_(client),
        catalog_(catalog),
        limits_(limits),
        clock_(clock),
        flights_(limits.flush_activities * static_cast<size_t>(limits.max_flushes_in_flight),
                 limits.patience / 3) {}

  // Takes a batch for the next flush. False, and the batch stays the caller's, when
  // too much is waiting.
  bool Submit(std::unique_ptr<PendingBatch>& batch);

  // Answers what has been written and waited long enough, then sends what waits, if
  // anything does and somebody waits for it.
  void Tick();

  // Batches that wait to be sent, whatever they bring.
  size_t pending_batches() const;

  // Answers all that has been written. For when no tick comes any more.
  void AnswerWritten();

 private:
  struct Flush;
  struct Outgoing;
  struct Piece;
  struct Waiting {
    std::unique_ptr<PendingBatch> batch;
    absl::Duration since;
  };

  using Batches = std::vector<std::unique_ptr<PendingBatch>>;

  // mutex_ is held. Whether what is taken now would be durable too late, by what flushes took of
  // late.
  bool WouldWaitInVain() const;
  // mutex_ is held. How many activities a flush may have that begins now; 0 when none may.
  size_t Room() const;
  // Takes what waits longest, when a flush may begin; else null. Drops what nobody waits for.
  std::shared_ptr<Flush> Begin(size_t min_activities);
  std::shared_ptr<Flush> Take(size_t min_activities, Batches& gone);
  // Drops what nobody waits for while no flush may begin, now and then: it takes others' place.
  void DropGone();
  void Send(const std::shared_ptr<Flush>& flush);
  // Sorts the flush's positions into one delta for each bitmap.
  void Merge(Flush& flush) const;
  void SendCall(const std::shared_ptr<Flush>& flush, std::vector<Piece> pieces);
  void Complete(const std::shared_ptr<Flush>& flush);
  // Answers what has been written of the flushes that may be answered by this tick.
  void AnswerWritten(uint64_t tick);

  AggregateClient& client_;
  const Catalog& catalog_;
  const CoalescerLimits limits_;
  const SteadyClock& clock_;

  mutable std::mutex mutex_;
  // Guarded by mutex_:
  std::deque<Waiting> pending_;  // the oldest first
  size_t pending_activities_ = 0;
  absl::Duration looked_for_gone_ = -absl::InfiniteDuration();
  FlightLimit flights_;
  int in_flight_ = 0;
  size_t activities_in_flight_ = 0;
  uint64_t ticks_ = 0;
  std::vector<std::shared_ptr<Flush>> written_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_DELTA_COALESCER_H_
