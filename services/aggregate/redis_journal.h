#ifndef TUTTI_SERVICES_AGGREGATE_REDIS_JOURNAL_H_
#define TUTTI_SERVICES_AGGREGATE_REDIS_JOURNAL_H_

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "common/redis/connection.h"
#include "services/aggregate/publication_journal.h"

namespace tutti {

// Keeps the journal in a small redis-server of its own, for aggregates on several machines:
// never one that holds counters, nor one that is backed up and restored with it. Like a
// journal in a file it must not be lost; what it is asked for and what it answers says which
// journal it is, so one that came back empty is not written to.
//
// Keys: JournalIdentityKey(), JournalBoundKey() once a store has it, and for each organisation
// JournalEntriesKey(), a hash of end days to JournalEntries. Thread-safe.
class RedisJournal final : public PublicationJournal {
 public:
  // Whether counters are stored in the redis-server of a run_id; see RedisStores::IsStoredIn.
  using HoldsCounters = std::function<absl::StatusOr<bool>(const std::string& run_id)>;

  // `begins`: whether a server without a journal gets one.
  RedisJournal(RedisOptions options, HoldsCounters holds_counters, bool begins = true)
      : pool_(std::move(options)), holds_counters_(std::move(holds_counters)), begins_(begins) {}

  // Makes the identity when the server has none, or NotFound. FailedPrecondition when the server
  // holds counters, or is one of a cluster, or may lose what it took, and Unavailable when that may
  // pass (see CheckServer).
  absl::StatusOr<std::string> Identity() override;

  // Each as PublicationJournal has it; a journal of before NoteBound does not show by its entries
  // that it had a store.
  absl::StatusOr<bool> WasBound() override;
  absl::Status NoteBound() override;

  // Each as PublicationJournal has it, and FailedPrecondition when the server has another
  // journal than Identity said last, or that was not asked yet.
  absl::Status Record(const std::string& organization, Day end_day, const std::string& record,
                      const Costs& nano_rho) override;
  absl::StatusOr<std::map<Day, Costs>> Read(const std::string& organization) override;

 private:
  std::string identity();

  RedisPool pool_;
  const HoldsCounters holds_counters_;
  const bool begins_;
  std::mutex mutex_;
  std::string identity_;  // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_REDIS_JOURNAL_H_
