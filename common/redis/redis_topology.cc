#include "common/redis/redis_topology.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

// A node that stopped must leave time to ask the next one for the map.
constexpr int kNodesToAskInTime = 4;
// Those who hear that a slot has moved follow it at once; within this time somebody reads the
// whole map. Spread, for others hear the same.
constexpr absl::Duration kRefreshSpread = absl::Milliseconds(200);
// What is known of durable bits is not used by an older map: a slot that had left and come back
// without a word, from a node that lost some, would not show. No node is replaced faster, for
// that takes the cluster's node time-out.
constexpr absl::Duration kRefreshMapAfter = absl::Seconds(1);
// It is not used either when nobody looked for longer than this in between, although the owner is
// the same.
constexpr absl::Duration kMaxUnwatched = absl::Seconds(2);

// Clocks of the wall may be set.
int64_t SteadyNanos() {
  return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

absl::Duration Jitter(absl::Duration spread) {
  return spread * (static_cast<double>(absl::GetCurrentTimeNanos() % 1000) / 1000);
}

absl::Status TakesTooLong() {
  return absl::UnavailableError("the cluster did not do it within the time-out; try again");
}

bool MaySpeakTo(const RedisOptions& options, const RedisAddress& address) {
  return options.tls.any() || IsLoopback(address.host);
}

absl::Status NotInPlainText() {
  return absl::FailedPreconditionError(
      "a node announces an address that is not of this machine, and plain text may "
      "only go to this machine: give --redis_tls_authorities, and not --redis_socket (see "
      "deploy/redis/README.md)");
}

RedisOptions OptionsAt(RedisOptions options, const RedisAddress& address) {
  options.cluster.clear();
  options.unix_socket.clear();
  options.host = address.host;
  options.port = address.port;
  return options;
}

absl::Duration Patience::Limit(absl::Duration limit, absl::Duration doubt) {
  int64_t next = next_;
  if (next == kNoDoubt) return limit;
  const int64_t now = SteadyNanos();
  if (now < next || !next_.compare_exchange_strong(next, now + absl::ToInt64Nanoseconds(doubt))) {
    return absl::ZeroDuration();
  }
  return std::min(limit, doubt);
}

void Patience::InVain(absl::Duration doubt) {
  next_ = SteadyNanos() + absl::ToInt64Nanoseconds(doubt);
}

RedisTopology::RedisTopology(RedisOptions options)
    : options_(std::move(options)),
      single_(options_.cluster.empty() ? std::make_shared<RedisNode>(options_, RedisAddress())
                                       : nullptr),
      since_(kSlots, 0) {}

absl::Status RedisTopology::Prepare(bool epochs, absl::Time deadline) {
  if (!in_cluster()) return absl::OkStatus();
  const absl::Time now = absl::Now();
  if (now >= deadline) return TakesTooLong();
  uint64_t seen = 0;
  bool needed = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    seen = maps_read_;
    const bool old = epochs && now - read_at_ > kRefreshMapAfter;
    needed = seen == 0 || old;
    if (!needed && now < refresh_due_) return absl::OkStatus();
    // One thread does it; the others go on with what there is.
    refresh_due_ = absl::InfiniteFuture();
  }
  const absl::Status refreshed = Refresh(seen, deadline);
  // Without any map there is nobody to ask. With an old one nothing is known of any bit.
  return seen == 0 ? refreshed : absl::OkStatus();
}

RedisTopology::Owner RedisTopology::OwnerOf(int slot, bool epochs) {
  if (!in_cluster()) return {single_, 0};
  const std::lock_guard<std::mutex> lock(mutex_);
  const SlotMap::Primary* const owner = map_.OwnerOf(slot);
  if (owner == nullptr) return {};
  const bool old = epochs && absl::Now() - read_at_ > kRefreshMapAfter;
  // Greater than all before, so that nothing that was known is known any more.
  return {NodeAt(owner->address), old ? NextEpoch() : since_[static_cast<size_t>(slot)]};
}

absl::StatusOr<std::shared_ptr<RedisNode>> RedisTopology::Follow(const Redirection& redirection,
                                                                 bool moved) {
  const auto& [slot, address] = redirection;
  if (!MaySpeakTo(options_, address)) return NotInPlainText();
  const std::lock_guard<std::mutex> lock(mutex_);
  since_[static_cast<size_t>(slot)] = NextEpoch();
  if (!moved) return NodeAt(address);
  map_.Assign(slot, address);
  refresh_due_ = std::min(refresh_due_, absl::Now() + Jitter(kRefreshSpread));
  return nullptr;
}

std::shared_ptr<RedisNode> RedisTopology::NodeAt(const RedisAddress& address) {
  std::shared_ptr<RedisNode>& node = nodes_[address];
  if (node == nullptr) node = std::make_shared<RedisNode>(OptionsAt(options_, address), address);
  return node;
}

std::vector<RedisAddress> RedisTopology::KnownAddresses() const {
  std::vector<RedisAddress> known = options_.cluster;
  known.insert(known.end(), map_.replicas.begin(), map_.replicas.end());
  for (const SlotMap::Primary& primary : map_.primaries) known.push_back(primary.address);
  return known;
}

std::vector<std::shared_ptr<RedisNode>> RedisTopology::NodesToAsk() {
  std::vector<std::shared_ptr<RedisNode>> nodes;
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const RedisAddress& address : KnownAddresses()) {
    if (!MaySpeakTo(options_, address)) continue;
    std::shared_ptr<RedisNode> node = NodeAt(address);
    if (std::find(nodes.begin(), nodes.end(), node) == nodes.end()) nodes.push_back(node);
  }
  // Not all processes ask the same one; those that failed come last, the latest at the end.
  const auto first =
      static_cast<int64_t>(Jitter(absl::Nanoseconds(nodes.size())) / absl::Nanoseconds(1));
  std::rotate(nodes.begin(), nodes.begin() + first, nodes.end());
  std::stable_sort(nodes.begin(), nodes.end(), [](const auto& a, const auto& b) {
    return a->failed_at.load() < b->failed_at.load();
  });
  return nodes;
}

absl::StatusOr<SlotMap> RedisTopology::ReadMap(RedisNode& node, absl::Time deadline) const {
  const absl::Duration limit =
      std::min(options_.timeout / kNodesToAskInTime, deadline - absl::Now());
  ASSIGN_OR_RETURN(std::unique_ptr<RedisConnection> connection, node.pool.Take(limit));
  const absl::StatusOr<RedisReply> reply = connection->Call({"CLUSTER", "SLOTS"});
  node.pool.Give(std::move(connection));
  if (reply.ok() && ErrorCodeOf(**reply) == "ERR") {
    return absl::FailedPreconditionError(
        "--redis_cluster: a redis-server is no node of a cluster; set cluster-enabled yes, or "
        "give --redis_address");
  }
  ASSIGN_OR_RETURN(const std::vector<std::vector<std::string>> rows, AsRows(reply));
  absl::StatusOr<SlotMap> map = ParseSlotMap(rows, node.address);
  if (map.ok() && map->primaries.empty()) {
    return absl::UnavailableError(
        "a node knows nobody who has slots; have it join the cluster, and each node announce its "
        "host name where these are preferred (cluster-announce-hostname)");
  }
  return map;
}

absl::Status RedisTopology::Refresh(uint64_t seen, absl::Time deadline) {
  const std::unique_lock<std::timed_mutex> reading(refreshing_, absl::ToChronoTime(deadline));
  if (!reading.owns_lock()) return TakesTooLong();
  if (maps_read() != seen) return absl::OkStatus();
  absl::Status last;
  for (const std::shared_ptr<RedisNode>& node : NodesToAsk()) {
    if (absl::Now() >= deadline) break;
    absl::StatusOr<SlotMap> map = ReadMap(*node, deadline);
    if (map.ok()) {
      const bool secret =
          std::all_of(map->primaries.begin(), map->primaries.end(),
                      [&](const auto& one) { return MaySpeakTo(options_, one.address); });
      if (!secret) {
        last = NotInPlainText();
        break;
      }
      const std::lock_guard<std::mutex> lock(mutex_);
      Adopt(*std::move(map));
      return absl::OkStatus();
    }
    node->failed_at = absl::GetCurrentTimeNanos();
    last = map.status();
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  refresh_due_ = absl::Now() + Jitter(kRefreshSpread);
  return last.ok() ? TakesTooLong() : last;
}

void RedisTopology::Adopt(SlotMap map) {
  const uint64_t epoch = NextEpoch();
  // Who was not looked at for longer may have lost a slot and have it again.
  const bool watched = absl::Now() - read_at_ <= kMaxUnwatched;
  for (int slot = 0; slot < kSlots; ++slot) {
    const SlotMap::Primary* const before = map_.OwnerOf(slot);
    const SlotMap::Primary* const now = map.OwnerOf(slot);
    const bool same = before != nullptr && now != nullptr && *before == *now;
    if (!same || !watched) since_[static_cast<size_t>(slot)] = epoch;
  }
  map_ = std::move(map);
  const std::vector<RedisAddress> known = KnownAddresses();
  for (auto node = nodes_.begin(); node != nodes_.end();) {
    const bool kept = std::find(known.begin(), known.end(), node->first) != known.end();
    node = kept ? std::next(node) : nodes_.erase(node);
  }
  ++maps_read_;
  read_at_ = absl::Now();
  refresh_due_ = absl::InfiniteFuture();
}

uint64_t RedisTopology::maps_read() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return maps_read_;
}

std::vector<std::shared_ptr<RedisNode>> RedisTopology::KnownNodes(absl::Time deadline) {
  Refresh(maps_read(), deadline).IgnoreError();
  return NodesToAsk();
}

absl::StatusOr<RedisTopology::Nodes> RedisTopology::ReadNodes(absl::Time deadline) {
  Nodes nodes;
  if (!in_cluster()) {
    nodes.primaries.emplace_back(single_, &single_->pool);
    return nodes;
  }
  RETURN_IF_ERROR(Refresh(maps_read(), deadline));
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const SlotMap::Primary& primary : map_.primaries) {
    const std::shared_ptr<RedisNode> node = NodeAt(primary.address);
    nodes.primaries.emplace_back(node, &node->pool);
  }
  nodes.replicas = map_.replicas;
  if (const int unowned = map_.Unowned(); unowned > 0) {
    nodes.complete = absl::UnavailableError(
        absl::StrCat(unowned, " of the cluster's ", kSlots,
                     " slots have no primary that can be reached: bring back the nodes that had "
                     "them, or their replicas, and have each announce its host name where these "
                     "are preferred (cluster-announce-hostname)"));
  }
  return nodes;
}

absl::StatusOr<std::vector<std::shared_ptr<RedisPool>>> RedisTopology::Primaries() {
  ASSIGN_OR_RETURN(Nodes nodes, ReadNodes(absl::Now() + options_.timeout));
  RETURN_IF_ERROR(nodes.complete);
  return std::move(nodes.primaries);
}

absl::Status RedisTopology::Ping() {
  if (!in_cluster()) return AsOk(single_->pool.Call({"PING"}));
  return Refresh(maps_read(), absl::Now() + options_.timeout);
}

}  // namespace tutti
