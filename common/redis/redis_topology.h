#ifndef TUTTI_COMMON_REDIS_REDIS_TOPOLOGY_H_
#define TUTTI_COMMON_REDIS_REDIS_TOPOLOGY_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/redis/connection.h"
#include "common/redis/slot_map.h"

namespace tutti {

// Up to `spread`, another one at every call. It decides nothing but when.
absl::Duration Jitter(absl::Duration spread);

// What a call hears that has taken all the time there is.
absl::Status TakesTooLong();

// Whether a node may be spoken to as `options` say: plain text goes to this machine alone. Else
// NotInPlainText, FailedPrecondition, is why not.
bool MaySpeakTo(const RedisOptions& options, const RedisAddress& address);
absl::Status NotInPlainText();

// How to speak to another server as to the one, or the cluster, that `options` name.
RedisOptions OptionsAt(RedisOptions options, const RedisAddress& address);

// Whether to wait for somebody who was waited for in vain: one caller tries now and then, and not
// for long; the others go on without. Thread-safe.
class Patience {
 public:
  // How long to wait now, at most `limit`; zero: not at all. `doubt` is how long who tries waits,
  // and how long after that the next one tries.
  absl::Duration Limit(absl::Duration limit, absl::Duration doubt);
  void Answered() { next_ = kNoDoubt; }
  void InVain(absl::Duration doubt);

 private:
  static constexpr int64_t kNoDoubt = 0;

  std::atomic<int64_t> next_ = kNoDoubt;  // who tries does so then; of the steady clock
};

// A server, and when it failed last.
struct RedisNode {
  RedisNode(RedisOptions options, RedisAddress at)
      : address(std::move(at)), pool(std::move(options)) {}

  const RedisAddress address;
  RedisPool pool;
  std::atomic<int64_t> failed_at = 0;  // Unix nanoseconds
  Patience answers;                    // that it answers
  Patience replicates;                 // that its replicas receive what it writes
};

// Who has which slots: one server all of them, or the nodes of a cluster, of which the map is
// read anew when it may be wrong. Thread-safe.
class RedisTopology {
 public:
  explicit RedisTopology(RedisOptions options);

  bool in_cluster() const { return single_ == nullptr; }
  const RedisOptions& options() const { return options_; }

  // Reads the map when there is none, when it is due to be read, and with `epochs` when it is
  // too old for what is known of bits.
  absl::Status Prepare(bool epochs, absl::Time deadline);

  // Who has a slot; a null `node` when nobody has.
  struct Owner {
    std::shared_ptr<RedisNode> node;
    uint64_t since = 0;  // the epoch in which it has had the slot; 0 outside of a cluster
  };
  // With `epochs`, what is known of a slot is known no more when the map is too old.
  Owner OwnerOf(int slot, bool epochs);

  // Takes note of what a node has said of a slot. The node that is to be asked this once, when
  // the slot is only on its way; null when it has moved. FailedPrecondition when the address may
  // not be used in plain text.
  absl::StatusOr<std::shared_ptr<RedisNode>> Follow(const Redirection& redirection, bool moved);

  // How often the map was read.
  uint64_t maps_read();
  // Reads the map from whoever answers, unless another thread has read one after `seen`.
  absl::Status Refresh(uint64_t seen, absl::Time deadline);

  // The server, or the nodes of the cluster, as one that is asked now knows them.
  struct Nodes {
    std::vector<std::shared_ptr<RedisPool>> primaries;  // that have slots
    std::vector<RedisAddress> replicas;                 // of a cluster, all that are not away
    absl::Status complete;                              // Unavailable: some slot has no primary
  };
  // Unavailable when no node answers.
  absl::StatusOr<Nodes> ReadNodes(absl::Time deadline);
  // Every node of a cluster that may be spoken to, as far as one knows: where none answers, those
  // that RedisOptions names.
  std::vector<std::shared_ptr<RedisNode>> KnownNodes(absl::Time deadline);
  // The primaries; Unavailable, too, when some slot has none.
  absl::StatusOr<std::vector<std::shared_ptr<RedisPool>>> Primaries();

  // Whether the server, or some node of the cluster, answers.
  absl::Status Ping();

 private:
  // mutex_ is held.
  std::shared_ptr<RedisNode> NodeAt(const RedisAddress& address);
  std::vector<RedisAddress> KnownAddresses() const;
  void Adopt(SlotMap map);

  std::vector<std::shared_ptr<RedisNode>> NodesToAsk();
  absl::StatusOr<SlotMap> ReadMap(RedisNode& node, absl::Time deadline) const;

  const RedisOptions options_;
  const std::shared_ptr<RedisNode> single_;  // outside of a cluster
  std::timed_mutex refreshing_;              // held by who reads the map; taken before mutex_
  std::mutex mutex_;
  SlotMap map_;                                               // guarded by mutex_
  std::vector<uint64_t> since_;                               // guarded by mutex_
  std::map<RedisAddress, std::shared_ptr<RedisNode>> nodes_;  // guarded by mutex_
  uint64_t maps_read_ = 0;                                    // guarded by mutex_
  absl::Time read_at_ = absl::InfinitePast();                 // guarded by mutex_
  absl::Time refresh_due_ = absl::InfinitePast();             // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_REDIS_TOPOLOGY_H_
