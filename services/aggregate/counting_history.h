#ifndef TUTTI_SERVICES_AGGREGATE_COUNTING_HISTORY_H_
#define TUTTI_SERVICES_AGGREGATE_COUNTING_HISTORY_H_

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/catalog/catalog.h"
#include "common/clock/clock.h"
#include "common/storage/counting_history_store.h"
#include "tutti/aggregate/v1/aggregate.pb.h"

namespace tutti {

// What counted from when on: keyrings and catalogues. Tells of a window, by the instant at
// which it opened and by nothing that anybody did, whether all that happens in it is counted
// alike. Immutable.
class CountingEras {
 public:
  CountingEras() = default;
  explicit CountingEras(aggregate::v1::CountingHistory history) : history_(std::move(history)) {}

  // Whether another keyring took over after the instant: what happened before has slots under
  // keys that are lost. The first keyring takes over from none, and loses nothing.
  bool LostKeyringSince(absl::Time opened) const;

  enum class Counted {
    kAlike,     // by every catalogue since the instant
    kNotAtAll,  // the catalogue of that instant did not have the kind
    kInPart,    // some catalogue since counts it in another way, or not
  };
  // How a kind of the catalogue that runs here is counted in a window that opened then.
  Counted HowCounted(const CatalogKind& kind, absl::Time opened) const;

  const aggregate::v1::CountingHistory& history() const { return history_; }

 private:
  aggregate::v1::CountingHistory history_;
};

// Keeps the history of a store. Thread-safe.
class CountingHistory {
 public:
  // References outlive this. `adopt`: the id of the one keyring that may, once, take the place of
  // the suite's; empty: none.
  CountingHistory(CountingHistoryStore& store, const Catalog& catalog, const WallClock& clock,
                  std::string adopt = "")
      : store_(store), catalog_(catalog), clock_(clock), adopt_(std::move(adopt)) {}

  // What is known, at most a few seconds old. Notes, once in the life of this, that the
  // catalogue counts here, and again when the store was restored from a backup of before.
  absl::StatusOr<std::shared_ptr<const CountingEras>> Current();

  // The same; while the store cannot be reached, what was known less than a minute ago. Enough
  // for what is set, of which nothing is published by this, and not for what closes windows.
  absl::StatusOr<std::shared_ptr<const CountingEras>> Recent();

  // OK when a keyring, by its public id of 16 bytes, is the suite's; of an ingest whose keyring
  // has no id (empty), when the suite has none. The first becomes it, and the one that is adopted
  // takes its place; returns when that is durable. FailedPrecondition, with both ids and what to
  // do, and nothing is changed, for any other: where two begin at once, for the slower.
  absl::Status NoteKeyring(const std::string& id, absl::Time birth);

 private:
  // Reads what is stored, and notes the catalogue that counts here: if it is not the last one, or,
  // `again`, if the store does not know it any more.
  absl::Status NoteCatalog(bool again);
  // Applies a change to what is stored; again when somebody else was faster. `change` returns
  // whether there is anything to store.
  template <typename Change>
  absl::Status Modify(Change change);

  CountingHistoryStore& store_;
  const Catalog& catalog_;
  const WallClock& clock_;
  const std::string adopt_;
  std::atomic<bool> adopted_ = false;

  std::mutex mutex_;
  bool noted_ = false;                         // the catalogue; guarded by mutex_
  absl::Time read_at_ = absl::InfinitePast();  // guarded by mutex_
  std::shared_ptr<const CountingEras> eras_;   // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_COUNTING_HISTORY_H_
