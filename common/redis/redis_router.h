#ifndef TUTTI_COMMON_REDIS_REDIS_ROUTER_H_
#define TUTTI_COMMON_REDIS_REDIS_ROUTER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/redis/connection.h"
#include "common/redis/redis_pipeline.h"
#include "common/redis/redis_topology.h"
#include "common/redis/slot_map.h"

namespace tutti {

// Something to be done on the node that has one slot, in steps. A step that writes is one
// command or one transaction: a node then refuses all of it or nothing. A step whose keys may
// be on two nodes while their slot moves, and that must not take one for missing, is one
// command or one transaction, too.
class SlotTask {
 public:
  // `key` is any key of the slot, or its hash tag alone.
  explicit SlotTask(absl::string_view key) : slot_(SlotOf(key)) {}
  virtual ~SlotTask() = default;
  SlotTask(const SlotTask&) = delete;
  SlotTask& operator=(const SlotTask&) = delete;

  // Begins, or begins anew, perhaps on another node, and then the refused step has done nothing.
  // What was known of the slot's keys in another epoch may be wrong. Without an epoch, which
  // only RunPolicy::epochs brings, nothing is known, nor will be.
  virtual void Begin(std::optional<uint64_t> epoch) = 0;
  // Adds the next step's commands; none when everything is done.
  virtual void Ask(RedisPipeline& commands) = 0;
  // Takes the step's replies, errors among them. An error of this ends the task; but Unavailable,
  // when there is no epoch, has it begin again later.
  virtual absl::Status Hear(std::vector<RedisReply> replies) = 0;

  int slot() const { return slot_; }

 private:
  const int slot_;
};

// How tasks are run.
struct RunPolicy {
  // Until what they wrote is durable: each connection that wrote waits for its node's replicas.
  bool durable = false;
  // Doing all of a task twice is as doing it once. Others are not done again unless the node
  // has said that it did nothing: then the caller hears Unavailable.
  bool repeatable = false;
  // Tells tasks the epoch of what they know.
  bool epochs = false;
};

// Sends commands to the server, or in a cluster to the node that has their key's slot, and
// follows slots that move. Thread-safe.
//
// In a cluster all that a call takes is bounded by RedisOptions::timeout, and so is the number
// of nodes that it is sent on to. Unavailable when it is over. A node that was waited for in vain,
// or whose replicas were, is asked by one call in a tenth of the time-out, 200 ms at least; the
// others are refused once the map was read anew.
class RedisRouter {
 public:
  explicit RedisRouter(RedisOptions options) : topology_(std::move(options)) {}

  // One command of one slot. `key` as in SlotTask. Read is for those that change nothing; it
  // may send them twice. CallDurably returns when the change is durable.
  absl::StatusOr<RedisReply> Read(absl::string_view key, const RedisWords& words);
  absl::StatusOr<RedisReply> Call(absl::string_view key, const RedisWords& words);
  absl::StatusOr<RedisReply> CallDurably(absl::string_view key, const RedisWords& words);

  // A script whose keys are of one slot, the first of which says which one.
  absl::StatusOr<RedisReply> RunDurably(const std::string& body, const RedisWords& keys,
                                        const RedisWords& arguments);

  // Many commands, each with its key, that change nothing. One reply for each, in order; or the
  // first error.
  absl::StatusOr<std::vector<RedisReply>> ReadMany(
      absl::Span<const std::pair<std::string, RedisWords>> commands);
  // The same, with an error in place of each reply that does not come.
  std::vector<absl::StatusOr<RedisReply>> ReadEach(
      absl::Span<const std::pair<std::string, RedisWords>> commands);

  // Runs tasks until each has asked for nothing more, or failed; the nodes work at the same time,
  // and none waits for another. What came of each, in order. Takes four
  // tenths of RedisOptions::timeout at most: who asked must be told in time of those that are done.
  std::vector<absl::Status> RunEach(absl::Span<SlotTask* const> tasks, const RunPolicy& policy);

  // See RedisTopology.
  absl::StatusOr<RedisTopology::Nodes> ReadNodes() {
    return topology_.ReadNodes(absl::Now() + options().timeout);
  }
  absl::StatusOr<std::vector<std::shared_ptr<RedisPool>>> Primaries() {
    return topology_.Primaries();
  }
  absl::Status Ping() { return topology_.Ping(); }

  bool in_cluster() const { return topology_.in_cluster(); }
  const RedisOptions& options() const { return topology_.options(); }

 private:
  struct Placed;
  struct Talk;

  absl::StatusOr<RedisReply> RunOne(absl::string_view key, const RedisWords& words,
                                    const RunPolicy& policy);
  std::vector<absl::Status> RunUntil(absl::Time deadline, absl::Span<SlotTask* const> tasks,
                                     const RunPolicy& policy);
  bool Settle(Placed& placed, const RunPolicy& policy);
  std::vector<std::vector<Placed*>> Place(std::vector<Placed>& open, const RunPolicy& policy);
  void Attempt(absl::Span<std::vector<Placed*>> groups, const RunPolicy& policy,
               absl::Time deadline);
  void Speak(std::vector<Placed*> tasks, const RunPolicy& policy, absl::Time deadline);
  absl::Status Open(Talk& talk, const RunPolicy& policy, absl::Time deadline);
  static void AskAll(Talk& talk);
  void HearAll(Talk& talk) const;
  void Hear(Talk& talk, Placed& placed) const;
  void AwaitReplicas(Talk& talk, absl::Time deadline);
  // How long who tries waits for a node that is in doubt.
  absl::Duration Doubt() const;
  // What is waited for so long in vain is in doubt; less time says nothing of a node.
  absl::Duration FairTry() const;
  std::vector<absl::StatusOr<RedisReply>> ReadUntil(
      absl::Time deadline, absl::Span<const std::pair<std::string, RedisWords>> commands);

  RedisTopology topology_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_REDIS_ROUTER_H_
