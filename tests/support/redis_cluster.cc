#include "tests/support/redis_cluster.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/redis/slot_map.h"
#include "tests/support/wait_until.h"

namespace tutti {
namespace {

absl::StatusOr<RedisReply> Tell(const RedisServer& node, const RedisWords& words) {
  RedisPool pool(node.OptionsFor("inspector"));
  return pool.Call(words);
}

// For each node that has slots its id, the epoch of its word, and the slots; as one node sees it.
std::set<std::string> OwnersAsSeenBy(const RedisServer& node) {
  std::set<std::string> owners;
  const std::string table = AsString(Tell(node, {"CLUSTER", "NODES"})).value_or("");
  for (const absl::string_view line : absl::StrSplit(table, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    // Id, address, flags, primary, ping, pong, epoch, link; then slots.
    if (words.size() <= 8) continue;
    owners.insert(absl::StrCat(words[0], " ", words[6], " ",
                               absl::StrJoin(words.begin() + 8, words.end(), " ")));
  }
  return owners;
}

// Has keys go over.
absl::Status Migrate(const std::vector<std::string>& keys, const RedisServer& from,
                     const RedisServer& to) {
  if (keys.empty()) return absl::OkStatus();
  const RedisOptions there = to.OptionsFor("inspector");
  RedisWords words = {"MIGRATE",
                      to.address().host,
                      absl::StrCat(to.address().port),
                      "",
                      "0",
                      "5000",
                      "AUTH2",
                      there.user,
                      there.password,
                      "KEYS"};
  words.insert(words.end(), keys.begin(), keys.end());
  return AsOk(Tell(from, words));
}

}  // namespace

absl::StatusOr<std::unique_ptr<RedisCluster>> RedisCluster::Start(int primaries,
                                                                  int replicas_of_each,
                                                                  RedisServer::Wire wire) {
  std::unique_ptr<RedisCluster> cluster(new RedisCluster(primaries));
  for (int i = 0; i < primaries * (1 + replicas_of_each); ++i) {
    absl::StatusOr<std::unique_ptr<RedisServer>> node = RedisServer::StartClusterNode(wire);
    if (!node.ok()) return node.status();
    absl::StatusOr<std::string> id = AsString(Tell(**node, {"CLUSTER", "MYID"}));
    if (!id.ok()) return id.status();
    cluster->nodes_.push_back(*std::move(node));
    cluster->ids_.push_back(*std::move(id));
  }
  if (absl::Status formed = cluster->Form(replicas_of_each); !formed.ok()) return formed;
  return cluster;
}

absl::Status RedisCluster::Form(int replicas_of_each) {
  absl::Status formed;
  for (int i = 0; i < primaries_; ++i) {
    const int first = kSlots * i / primaries_;
    const int last = kSlots * (i + 1) / primaries_ - 1;
    formed.Update(AsOk(
        Tell(primary(i), {"CLUSTER", "ADDSLOTSRANGE", absl::StrCat(first), absl::StrCat(last)})));
  }
  for (size_t i = 0; i < nodes_.size(); ++i) {
    formed.Update(AsOk(Tell(*nodes_[i], {"CLUSTER", "SET-CONFIG-EPOCH", absl::StrCat(i + 1)})));
    // Everybody at once: word of mouth is slower.
    for (size_t j = 0; j < i; ++j) {
      formed.Update(AsOk(Tell(*nodes_[i], {"CLUSTER", "MEET", nodes_[j]->address().host,
                                           absl::StrCat(nodes_[j]->address().port),
                                           absl::StrCat(nodes_[j]->bus_port())})));
    }
  }
  if (!formed.ok()) return formed;
  if (absl::Status met = AwaitNodes(); !met.ok()) return met;
  for (int i = primaries_; i < primaries_ * (1 + replicas_of_each); ++i) {
    const int of = i % primaries_;
    absl::Status follows = AsOk(Tell(*nodes_[static_cast<size_t>(i)],
                                     {"CLUSTER", "REPLICATE", ids_[static_cast<size_t>(of)]}));
    if (!follows.ok()) return follows;
  }
  for (int i = primaries_; i < primaries_ * (1 + replicas_of_each); ++i) {
    absl::Status there = primary(i % primaries_).AwaitReplica(*nodes_[static_cast<size_t>(i)]);
    if (!there.ok()) return there;
  }
  return replicas_of_each == 0 ? absl::OkStatus() : AwaitNodes();
}

absl::Status RedisCluster::AwaitNodes() const {
  const std::string known = absl::StrCat("cluster_known_nodes:", nodes_.size(), "\r\n");
  for (const std::unique_ptr<RedisServer>& node : nodes_) {
    const bool there = WaitUntil([&] {
      const std::string info = AsString(Tell(*node, {"CLUSTER", "INFO"})).value_or("");
      const std::string table = AsString(Tell(*node, {"CLUSTER", "NODES"})).value_or("");
      return absl::StrContains(info, "cluster_state:ok") && absl::StrContains(info, known) &&
             absl::StrContains(info, "cluster_slots_assigned:16384") &&
             !absl::StrContains(table, "handshake") && !absl::StrContains(table, "disconnected");
    });
    if (!there) return absl::UnavailableError("the cluster did not come up");
  }
  return absl::OkStatus();
}

RedisOptions RedisCluster::OptionsFor(const std::string& user) const {
  RedisOptions options = nodes_.front()->OptionsFor(user);
  options.unix_socket.clear();
  options.tls = nodes_.front()->tls();
  for (const std::unique_ptr<RedisServer>& node : nodes_) {
    options.cluster.push_back(node->address());
  }
  return options;
}

int RedisCluster::OwnerOf(absl::string_view key) const {
  const int slot = SlotOf(key);
  int owner = 0;
  while (slot >= kSlots * (owner + 1) / primaries_) ++owner;
  return owner;
}

absl::Status RedisCluster::BeginMove(absl::string_view key, int from, int to) const {
  const std::string slot = absl::StrCat(SlotOf(key));
  absl::Status begun = AsOk(Tell(
      primary(to), {"CLUSTER", "SETSLOT", slot, "IMPORTING", ids_[static_cast<size_t>(from)]}));
  begun.Update(AsOk(Tell(
      primary(from), {"CLUSTER", "SETSLOT", slot, "MIGRATING", ids_[static_cast<size_t>(to)]})));
  return begun;
}

absl::StatusOr<int64_t> RedisCluster::MoveKeys(absl::string_view key, int from, int to,
                                               int limit) const {
  const std::string slot = absl::StrCat(SlotOf(key));
  const absl::StatusOr<std::vector<std::string>> keys =
      AsStrings(Tell(primary(from), {"CLUSTER", "GETKEYSINSLOT", slot, absl::StrCat(limit)}));
  if (!keys.ok()) return keys.status();
  if (absl::Status moved = Migrate(*keys, primary(from), primary(to)); !moved.ok()) return moved;
  return AsInteger(Tell(primary(from), {"CLUSTER", "COUNTKEYSINSLOT", slot}));
}

absl::Status RedisCluster::MoveKey(const std::string& key, int from, int to) const {
  return Migrate({key}, primary(from), primary(to));
}

absl::Status RedisCluster::EndMove(absl::string_view key, int from, int to) const {
  const std::string slot = absl::StrCat(SlotOf(key));
  absl::Status ended;
  for (const int node : {to, from}) {
    ended.Update(AsOk(
        Tell(primary(node), {"CLUSTER", "SETSLOT", slot, "NODE", ids_[static_cast<size_t>(to)]})));
  }
  if (!ended.ok()) return ended;
  // A slot that moves on before all know its owner may be taken back by an old word of mouth, and
  // then the new owner throws its keys away.
  const bool agreed = WaitUntil([&] {
    const std::set<std::string> first = OwnersAsSeenBy(*nodes_.front());
    return std::all_of(nodes_.begin(), nodes_.end(),
                       [&](const auto& node) { return OwnersAsSeenBy(*node) == first; });
  });
  return agreed ? absl::OkStatus() : absl::UnavailableError("the nodes do not agree");
}

absl::Status RedisCluster::Move(absl::string_view key, int from, int to) const {
  if (absl::Status begun = BeginMove(key, from, to); !begun.ok()) return begun;
  absl::StatusOr<int64_t> left = 1;
  while (left.ok() && *left > 0) left = MoveKeys(key, from, to, 10);
  return left.ok() ? EndMove(key, from, to) : left.status();
}

}  // namespace tutti
