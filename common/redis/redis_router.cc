#include "common/redis/redis_router.h"

#include <algorithm>
#include <map>

#include "absl/time/clock.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

// Nodes that one call speaks to at the same time.
constexpr size_t kMaxTalks = 16;
// How often a call is sent on to another node. A slot that moves takes two.
constexpr int kMaxRedirections = 8;
// How often a node is tried that does not answer or is not fit, with the map read anew before.
constexpr int kMaxFailures = 4;
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
  // The one to ask this once, although it does not have the slot.
  std::shared_ptr<RedisNode> asking;
  std::shared_ptr<RedisNode> node;
  uint64_t since = 0;  // the epoch in which the node has had the slot
  End end = End::kOpen;
  NodeRefusal refusal = NodeRefusal::kNone;
  std::optional<Redirection> redirection;
  absl::Status status;
  std::vector<bool> replies;  // that come in this step; see RedisPipeline
};

// What one node is asked on one connection.
struct RedisRouter::Talk {
  std::shared_ptr<RedisNode> node;
  std::vector<Placed*> tasks;
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
  RETURN_IF_ERROR(Run(tasks, policy));
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
  std::vector<std::unique_ptr<CommandTask>> tasks;
  std::vector<SlotTask*> pointers;
  for (const auto& [key, words] : commands) {
    tasks.push_back(std::make_unique<CommandTask>(key, words));
    pointers.push_back(tasks.back().get());
  }
  RETURN_IF_ERROR(Run(pointers, {.repeatable = true}));
  std::vector<RedisReply> replies;
  replies.reserve(tasks.size());
  for (const auto& task : tasks) replies.push_back(task->TakeReply());
  return replies;
}

absl::Status RedisRouter::Run(absl::Span<SlotTask* const> tasks, const RunPolicy& policy) {
  const absl::Time deadline = absl::Now() + options().timeout;
  std::vector<Placed> open(tasks.size());
  for (size_t i = 0; i < tasks.size(); ++i) open[i].task = tasks[i];
  int redirections = 0;
  int failures = 0;
  absl::Duration pause = kFirstPause;
  for (int round = 0; !open.empty() && round < kMaxWaits; ++round) {
    RETURN_IF_ERROR(topology_.Prepare(policy.epochs, deadline));
    std::vector<std::vector<Placed*>> groups = Place(open, policy);
    for (size_t begin = 0; begin < groups.size(); begin += kMaxTalks) {
      Attempt(absl::MakeSpan(groups).subspan(begin, kMaxTalks), policy, deadline);
    }
    for (const Placed& placed : open) {
      const bool lost = placed.end == Placed::End::kUnknown && !policy.repeatable;
      if (placed.end == Placed::End::kFailed || lost) return placed.status;
      // One server is asked once, as it was always.
      if (!in_cluster() && placed.end != Placed::End::kDone) return placed.status;
    }
    open.erase(
        std::remove_if(open.begin(), open.end(),
                       [](const Placed& placed) { return placed.end == Placed::End::kDone; }),
        open.end());
    if (open.empty()) break;
    const bool redirected = std::all_of(open.begin(), open.end(), [](const Placed& placed) {
      return placed.redirection.has_value();
    });
    const auto failed = std::find_if(open.begin(), open.end(), [](const Placed& placed) {
      return !placed.redirection.has_value() && placed.refusal != NodeRefusal::kTryAgain;
    });
    absl::Status last = failed == open.end() ? open.front().status : failed->status;
    redirections += redirected ? 1 : 0;
    failures += failed != open.end() ? 1 : 0;
    if (redirections > kMaxRedirections || failures > kMaxFailures) return last;
    RETURN_IF_ERROR(Follow(open, deadline));
    if (redirected) continue;
    const absl::Duration rest = pause / 2 + Jitter(pause / 2);
    if (absl::Now() + rest >= deadline) return last;
    absl::SleepFor(rest);
    pause = std::min(2 * pause, kLongestPause);
  }
  return open.empty() ? absl::OkStatus() : TakesTooLong();
}

std::vector<std::vector<RedisRouter::Placed*>> RedisRouter::Place(std::vector<Placed>& open,
                                                                  const RunPolicy& policy) {
  std::map<std::pair<RedisNode*, bool>, std::vector<Placed*>> by_node;
  for (Placed& placed : open) {
    placed.end = Placed::End::kOpen;
    placed.refusal = NodeRefusal::kNone;
    placed.redirection.reset();
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
  std::vector<Talk> talks;
  for (std::vector<Placed*>& group : groups) {
    Talk& talk = talks.emplace_back();
    talk.node = group.front()->node;
    talk.tasks = std::move(group);
    Open(talk, policy, deadline);
  }
  const auto open = [](const Talk& talk) { return talk.open(); };
  while (std::any_of(talks.begin(), talks.end(), open)) {
    // All have been sent what they are asked before the first is listened to.
    for (Talk& talk : talks) AskAll(talk);
    for (Talk& talk : talks) HearAll(talk);
  }
  if (policy.durable) AwaitReplicas(absl::MakeSpan(talks), deadline);
  for (Talk& talk : talks) {
    if (talk.connection == nullptr) continue;
    if (talk.connection->broken()) talk.node->failed_at = absl::GetCurrentTimeNanos();
    talk.node->pool.Give(std::move(talk.connection));
  }
}

void RedisRouter::Open(Talk& talk, const RunPolicy& policy, absl::Time deadline) {
  absl::Status failed;
  absl::StatusOr<std::unique_ptr<RedisConnection>> connection =
      talk.node->pool.Take(in_cluster() ? deadline - absl::Now() : absl::InfiniteDuration());
  uint64_t epoch = 0;
  if (connection.ok()) {
    talk.connection = *std::move(connection);
    if (policy.epochs) {
      const absl::StatusOr<uint64_t> own = talk.node->pool.EpochOf(*talk.connection);
      if (own.ok()) epoch = *own;
      failed = own.status();
    }
  } else {
    talk.node->failed_at = absl::GetCurrentTimeNanos();
    failed = connection.status();
  }
  for (Placed* placed : talk.tasks) {
    if (!failed.ok()) {
      // Nothing but the question for the epoch was sent.
      placed->end = Placed::End::kUnsent;
      placed->status = failed;
    } else if (policy.epochs && placed->asking == nullptr) {
      // It grows with every run of the node and with every change of the slot's owner.
      placed->task->Begin(std::max(epoch, placed->since));
    } else {
      placed->task->Begin(std::nullopt);
    }
  }
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

void RedisRouter::AwaitReplicas(absl::Span<Talk> talks, absl::Time deadline) {
  const auto wrote = [](const Talk& talk) {
    return talk.connection != nullptr &&
           std::any_of(talk.tasks.begin(), talk.tasks.end(),
                       [](const Placed* one) { return one->end == Placed::End::kDone; });
  };
  for (Talk& talk : talks) {
    if (!wrote(talk)) continue;
    if (in_cluster()) talk.connection->LimitTo(deadline - absl::Now());
    talk.node->pool.AppendWait(*talk.connection);
    talk.connection->Flush().IgnoreError();
  }
  for (Talk& talk : talks) {
    if (!wrote(talk)) continue;
    const absl::Status durable = talk.node->pool.ReadWait(*talk.connection);
    if (durable.ok()) continue;
    for (Placed* placed : talk.tasks) {
      if (placed->end != Placed::End::kDone) continue;
      // Who may do it again does so when the node is not to be heard any more, not when it
      // has waited for its replicas in vain.
      placed->end = talk.connection->broken() ? Placed::End::kUnknown : Placed::End::kFailed;
      placed->status = durable;
    }
  }
}

absl::Status RedisRouter::Follow(std::vector<Placed>& open, absl::Time deadline) {
  const uint64_t seen = topology_.maps_read();
  bool lost = false;
  for (Placed& placed : open) {
    placed.asking = nullptr;
    if (placed.redirection.has_value()) {
      ASSIGN_OR_RETURN(placed.asking, topology_.Follow(*placed.redirection,
                                                       placed.refusal == NodeRefusal::kMoved));
    } else {
      lost = lost || placed.refusal != NodeRefusal::kTryAgain;
    }
  }
  // The next round finds out whether that has helped.
  if (lost) topology_.Refresh(seen, deadline).IgnoreError();
  return absl::OkStatus();
}

}  // namespace tutti
