#include "common/redis/redis_router.h"

#include <algorithm>
#include <map>

#include "absl/time/clock.h"
#include "common/redis/at_once.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

// How often a task is sent on to another node. A slot that moves takes two.
constexpr int kMaxRedirections = 8;
// How often one is tried again that no fit node answers, with the map read anew before.
constexpr int kMaxFailures = 4;
// Who has many things done, some of them at a node that is away, reads first and then writes, and
// must tell in time what is done: each takes so much of the time at most.
constexpr double kShareOfMany = 0.4;
// What may be done again is not waited for so long that no time is left to do it.
constexpr double kShareOfOneTry = 0.25;
// A tenth of the time is what a node gets that was waited for in vain; a small one would be in
// vain, too.
constexpr int kPartsInDoubt = 10;
constexpr absl::Duration kLeastDoubt = absl::Milliseconds(200);
// How often a call finds a slot's keys on two nodes; the time runs out before.
constexpr int kMaxWaits = 200;
constexpr absl::Duration kFirstPause = absl::Milliseconds(5);
constexpr absl::Duration kLongestPause = absl::Milliseconds(200);
// One command.
class CommandTask final : public SlotTask {
 public:
  CommandTask(absl::string_view key, const RedisWords& words) : SlotTask(key), words_(words) {}

  void Begin(std::optional<uint64_t> /*epoch*/) override { asked_ = false; }
  void Ask(RedisPipeline& commands) override {
    if (!asked_) commands.Add(words_);
    asked_ = true;
  }
  absl::Status Hear(std::vector<RedisReply> replies) override {
    reply_ = std::move(replies.front());
    return absl::OkStatus();
  }

  RedisReply TakeReply() { return std::move(reply_); }

 private:
  const RedisWords& words_;
  bool asked_ = false;
  RedisReply reply_;
};

}  // namespace

// A task, where it goes next, and what came of it there.
struct RedisRouter::Placed {
  enum class End {
    kOpen,     // asks on
    kDone,     // has asked for nothing more
    kRefused,  // the node did nothing of the last step; `refusal` says why
    kUnsent,   // no node could be asked; `status` says why
    kUnknown,  // nothing is known of the last step
    kFailed,   // with `status`
  };

  SlotTask* task = nullptr;
  absl::Status* result = nullptr;  // of the task, as far as it is known
  // The one to ask this once, although it does not have the slot.
  std::shared_ptr<RedisNode> asking;
  std::shared_ptr<RedisNode> node;
  uint64_t since = 0;  // the epoch in which the node has had the slot
  End end = End::kOpen;
  int redirections = 0;
  int failures = 0;
  bool doubted = false;  // the node was not asked, for it did not answer of late
  NodeRefusal refusal = NodeRefusal::kNone;
  bool refused = false;  // a node did so in one of the rounds
  std::optional<Redirection> redirection;
  absl::Status status;
  std::vector<bool> replies;  // that come in this step; see RedisPipeline
};

// What one node is asked on one connection.
struct RedisRouter::Talk {
  std::shared_ptr<RedisNode> node;
  std::vector<Placed*> tasks;
  absl::Duration limit;  // of each waiting
  std::unique_ptr<RedisConnection> connection;

  bool open() const {
    return connection != nullptr && std::any_of(tasks.begin(), tasks.end(), [](const Placed* one) {
             return one->end == Placed::End::kOpen;
           });
  }
};

absl::StatusOr<RedisReply> RedisRouter::RunOne(absl::string_view key, const RedisWords& words,
                                               const RunPolicy& policy) {
  CommandTask task(key, words);
  SlotTask* const tasks[] = {&task};
  RETURN_IF_ERROR(RunUntil(absl::Now() + options().timeout, tasks, policy).front());
  return task.TakeReply();
}

absl::StatusOr<RedisReply> RedisRouter::Read(absl::string_view key, const RedisWords& words) {
  return RunOne(key, words, {.repeatable = true});
}

absl::StatusOr<RedisReply> RedisRouter::Call(absl::string_view key, const RedisWords& words) {
  return RunOne(key, words, {});
}

absl::StatusOr<RedisReply> RedisRouter::CallDurably(absl::string_view key,
                                                    const RedisWords& words) {
  return RunOne(key, words, {.durable = true});
}

absl::StatusOr<RedisReply> RedisRouter::RunDurably(const std::string& body, const RedisWords& keys,
                                                   const RedisWords& arguments) {
  return CallDurably(keys.front(), Script(body, keys, arguments));
}

absl::StatusOr<std::vector<RedisReply>> RedisRouter::ReadMany(
    absl::Span<const std::pair<std::string, RedisWords>> commands) {
  std::vector<RedisReply> replies;
  replies.reserve(commands.size());
  for (absl::StatusOr<RedisReply>& reply : ReadUntil(absl::Now() + options().timeout, commands)) {
    RETURN_IF_ERROR(reply.status());
    replies.push_back(*std::move(reply));
  }
  return replies;
}

std::vector<absl::StatusOr<RedisReply>> RedisRouter::ReadEach(
    absl::Span<const std::pair<std::string, RedisWords>> commands) {
  return ReadUntil(absl::Now() + kShareOfMany * options().timeout, commands);
}

std::vector<absl::StatusOr<RedisReply>> RedisRouter::ReadUntil(
    absl::Time deadline, absl::Span<const std::pair<std::string, RedisWords>> commands) {
  std::vector<std::unique_ptr<CommandTask>> tasks;
  std::vector<SlotTask*> pointers;
  for (const auto& [key, words] : commands) {
    tasks.push_back(std::make_unique<CommandTask>(key, words));
    pointers.push_back(tasks.back().get());
  }
  const std::vector<absl::Status> ends = RunUntil(deadline, pointers, {.repeatable = true});
  std::vector<absl::StatusOr<RedisReply>> replies;
  replies.reserve(tasks.size());
  for (size_t i = 0; i < tasks.size(); ++i) {
    if (ends[i].ok()) {
      replies.emplace_back(tasks[i]->TakeReply());
    } else {
      replies.emplace_back(ends[i]);
    }
  }
  return replies;
}

std::vector<absl::Status> RedisRouter::RunEach(absl::Span<SlotTask* const> tasks,
                                               const RunPolicy& policy) {
  return RunUntil(absl::Now() + kShareOfMany * options().timeout, tasks, policy);
}

std::vector<absl::Status> RedisRouter::RunUntil(absl::Time deadline,
                                                absl::Span<SlotTask* const> tasks,
                                                const RunPolicy& policy) {
  std::vector<absl::Status> ends(tasks.size());
  std::vector<Placed> open(tasks.size());
  for (size_t i = 0; i < tasks.size(); ++i) {
    open[i].task = tasks[i];
    open[i].result = &ends[i];
    ends[i] = TakesTooLong();
  }
  absl::Duration pause = kFirstPause;
  for (int round = 0; !open.empty() && round < kMaxWaits; ++round) {
    if (const absl::Status map = topology_.Prepare(policy.epochs, deadline); !map.ok()) {
      for (const Placed& placed : open) {
        if (!placed.refused) *placed.result = map;
      }
      break;
    }
    std::vector<std::vector<Placed*>> groups = Place(open, policy);
    const uint64_t seen = topology_.maps_read();
    Attempt(absl::MakeSpan(groups), policy, deadline);
    const bool late = absl::Now() >= deadline;
    for (Placed& placed : open) {
      // Where time was up before a node could answer again, what it said before is why.
      const bool cut = late && placed.refusal == NodeRefusal::kNone &&
                       (placed.end == Placed::End::kUnsent ||
                        (placed.end == Placed::End::kUnknown && policy.repeatable));
      if (!cut || !placed.refused) *placed.result = placed.status;
      placed.refused = placed.refused || placed.refusal != NodeRefusal::kNone;
    }
    open.erase(std::remove_if(open.begin(), open.end(),
                              [&](Placed& placed) { return Settle(placed, policy); }),
               open.end());
    if (open.empty()) break;
    const bool redirected = std::all_of(open.begin(), open.end(), [](const Placed& placed) {
      return placed.redirection.has_value();
    });
    if (redirected) continue;
    const bool lost = std::any_of(open.begin(), open.end(), [](const Placed& placed) {
      return !placed.redirection.has_value() && placed.refusal != NodeRefusal::kTryAgain;
    });
    // The next round finds out whether that has helped.
    if (lost) topology_.Refresh(seen, deadline).IgnoreError();
    const absl::Duration rest = pause / 2 + Jitter(pause / 2);
    if (absl::Now() + rest >= deadline) break;
    absl::SleepFor(rest);
    pause = std::min(2 * pause, kLongestPause);
  }
  return ends;
}

// Whether a task is over; else it knows where to go next.
bool RedisRouter::Settle(Placed& placed, const RunPolicy& policy) {
  const bool lost = placed.end == Placed::End::kUnknown && !policy.repeatable;
  if (placed.end == Placed::End::kDone || placed.end == Placed::End::kFailed || lost) return true;
  // One server is asked once, as it was always.
  if (!in_cluster()) return true;
  placed.asking = nullptr;
  if (placed.redirection.has_value()) {
    absl::StatusOr<std::shared_ptr<RedisNode>> asking =
        topology_.Follow(*placed.redirection, placed.refusal == NodeRefusal::kMoved);
    if (!asking.ok()) {
      *placed.result = asking.status();
      return true;
    }
    placed.asking = *std::move(asking);
    return ++placed.redirections > kMaxRedirections;
  }
  if (placed.refusal == NodeRefusal::kTryAgain) return false;
  // Where a node is in doubt, the map is read once more, and that is all.
  placed.failures += placed.doubted ? kMaxFailures : 1;
  return placed.failures > kMaxFailures;
}

std::vector<std::vector<RedisRouter::Placed*>> RedisRouter::Place(std::vector<Placed>& open,
                                                                  const RunPolicy& policy) {
  std::map<std::pair<RedisNode*, bool>, std::vector<Placed*>> by_node;
  for (Placed& placed : open) {
    placed.end = Placed::End::kOpen;
    placed.doubted = false;
    placed.refusal = NodeRefusal::kNone;
    placed.redirection.reset();
    placed.status = absl::OkStatus();
    RedisTopology::Owner owner = {placed.asking, 0};
    if (owner.node == nullptr) owner = topology_.OwnerOf(placed.task->slot(), policy.epochs);
    placed.node = std::move(owner.node);
    placed.since = owner.since;
    if (placed.node == nullptr) {
      placed.end = Placed::End::kUnsent;
      placed.status = absl::UnavailableError(
          "no primary of the cluster has the key's slot: bring back the one that had it, or its "
          "replica");
      continue;
    }
    by_node[{placed.node.get(), placed.asking != nullptr}].push_back(&placed);
  }
  std::vector<std::vector<Placed*>> groups;
  groups.reserve(by_node.size());
  for (auto& [node, group] : by_node) groups.push_back(std::move(group));
  return groups;
}

void RedisRouter::Attempt(absl::Span<std::vector<Placed*>> groups, const RunPolicy& policy,
                          absl::Time deadline) {
  DoAtOnce(groups.size(), [&](size_t i) { Speak(std::move(groups[i]), policy, deadline); });
}

absl::Duration RedisRouter::Doubt() const {
  return std::max(options().timeout / kPartsInDoubt, kLeastDoubt);
}

absl::Duration RedisRouter::FairTry() const {
  return std::min(Doubt(), kShareOfOneTry * options().timeout);
}

void RedisRouter::Speak(std::vector<Placed*> tasks, const RunPolicy& policy, absl::Time deadline) {
  Talk talk;
  talk.node = tasks.front()->node;
  talk.tasks = std::move(tasks);
  const absl::Time begin = absl::Now();
  const absl::Status opened = Open(talk, policy, deadline);
  for (Placed* placed : talk.tasks) {
    if (opened.ok()) continue;
    // Nothing but the question for the epoch was sent.
    placed->end = Placed::End::kUnsent;
    placed->status = opened;
  }
  while (talk.open()) {
    AskAll(talk);
    HearAll(talk);
  }
  if (policy.durable) AwaitReplicas(talk, deadline);
  if (talk.limit == absl::ZeroDuration()) return;
  const bool failed = talk.connection == nullptr || talk.connection->broken();
  if (failed) talk.node->failed_at = absl::GetCurrentTimeNanos();
  if (!failed) {
    talk.node->answers.Answered();
  } else if (absl::Now() - begin >= FairTry()) {
    talk.node->answers.InVain(Doubt());
  }
  if (talk.connection != nullptr) talk.node->pool.Give(std::move(talk.connection));
}

absl::Status RedisRouter::Open(Talk& talk, const RunPolicy& policy, absl::Time deadline) {
  talk.limit = options().timeout;
  if (in_cluster()) {
    talk.limit = std::max(deadline - absl::Now(), absl::ZeroDuration());
    if (talk.limit == absl::ZeroDuration()) return TakesTooLong();
    if (policy.repeatable) talk.limit = std::min(talk.limit, kShareOfOneTry * options().timeout);
    talk.limit = talk.node->answers.Limit(talk.limit, Doubt());
    if (policy.durable) talk.limit = talk.node->replicates.Limit(talk.limit, Doubt());
    if (talk.limit == absl::ZeroDuration()) {
      for (Placed* placed : talk.tasks) placed->doubted = true;
      return absl::UnavailableError(
          "a primary of the cluster, or its replicas, did not answer of late; bring them back");
    }
  }
  ASSIGN_OR_RETURN(talk.connection, talk.node->pool.Take(talk.limit));
  uint64_t epoch = 0;
  if (policy.epochs) {
    ASSIGN_OR_RETURN(epoch, talk.node->pool.EpochOf(*talk.connection));
  }
  for (Placed* placed : talk.tasks) {
    if (policy.epochs && placed->asking == nullptr) {
      // It grows with every run of the node and with every change of the slot's owner.
      placed->task->Begin(std::max(epoch, placed->since));
    } else {
      placed->task->Begin(std::nullopt);
    }
  }
  return absl::OkStatus();
}

void RedisRouter::AskAll(Talk& talk) {
  if (!talk.open()) return;
  for (Placed* placed : talk.tasks) {
    if (placed->end != Placed::End::kOpen) continue;
    RedisPipeline commands(placed->asking != nullptr);
    placed->task->Ask(commands);
    placed->replies = commands.replies();
    if (placed->replies.empty()) {
      placed->end = Placed::End::kDone;
    } else {
      talk.connection->AppendRaw(commands.bytes(), placed->replies.size());
    }
  }
  // One that fails is heard of when the replies are read.
  talk.connection->Flush().IgnoreError();
}

void RedisRouter::HearAll(Talk& talk) const {
  if (talk.connection == nullptr) return;
  for (Placed* placed : talk.tasks) {
    if (placed->end == Placed::End::kOpen) Hear(talk, *placed);
  }
}

void RedisRouter::Hear(Talk& talk, Placed& placed) const {
  std::vector<RedisReply> replies;
  for (const bool answers : placed.replies) {
    absl::StatusOr<RedisReply> reply = talk.connection->Read();
    if (!reply.ok()) {
      placed.end = Placed::End::kUnknown;
      placed.status = reply.status();
      return;
    }
    // The first refusal says why; that a transaction is not executed follows.
    if (placed.refusal == NodeRefusal::kNone) {
      placed.refusal = NodeRefusalOf(ErrorCodeOf(**reply));
      placed.status = StatusOf(**reply);
      if (placed.refusal == NodeRefusal::kMoved || placed.refusal == NodeRefusal::kAsk) {
        placed.redirection = ParseRedirection(ErrorTextOf(**reply), talk.node->address);
        if (in_cluster()) {
          placed.status = absl::UnavailableError(
              "the nodes of the cluster do not agree who has a slot; see CLUSTER NODES");
        }
      }
    }
    if (answers) {
      replies.push_back(*std::move(reply));
    } else if (!placed.status.ok()) {
      placed.end = Placed::End::kFailed;  // ASKING is denied
    }
  }
  if (placed.end == Placed::End::kFailed) return;
  if (placed.refusal != NodeRefusal::kNone) {
    placed.end = Placed::End::kRefused;
    return;
  }
  placed.status = placed.task->Hear(std::move(replies));
  if (placed.status.ok()) return;
  const bool later = placed.asking != nullptr && absl::IsUnavailable(placed.status);
  placed.end = later ? Placed::End::kRefused : Placed::End::kFailed;
  if (later) placed.refusal = NodeRefusal::kTryAgain;
}

void RedisRouter::AwaitReplicas(Talk& talk, absl::Time deadline) {
  const bool wrote = std::any_of(talk.tasks.begin(), talk.tasks.end(),
                                 [](const Placed* one) { return one->end == Placed::End::kDone; });
  if (!wrote) return;
  const absl::Duration limit =
      in_cluster() ? std::min(talk.limit, deadline - absl::Now()) : talk.limit;
  if (in_cluster()) talk.connection->LimitTo(limit);
  const absl::Status durable = talk.node->pool.WaitForReplicas(*talk.connection);
  if (durable.ok()) {
    talk.node->replicates.Answered();
    return;
  }
  if (!talk.connection->broken() && limit >= FairTry()) talk.node->replicates.InVain(Doubt());
  for (Placed* placed : talk.tasks) {
    if (placed->end != Placed::End::kDone) continue;
    // Who may do it again does so when the node is not to be heard any more, not when it
    // has waited for its replicas in vain.
    placed->end = talk.connection->broken() ? Placed::End::kUnknown : Placed::End::kFailed;
    placed->status = durable;
  }
}

}  // namespace tutti
