#include "common/redis/redis_nodes.h"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/redis/cluster_nodes.h"
#include "common/redis/redis_topology.h"
#include "common/redis/server_check.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

constexpr absl::Duration kPollTime = absl::Milliseconds(50);
// A node that hangs must not keep the service from its end.
constexpr absl::Duration kLongestLook = absl::Seconds(2);
// How often a node may say no while none of its rewritings is under way: one may end
// between the two questions.
constexpr int kMaxRefusals = 3;

// How a node's rewriting stands.
struct RewriteState {
  std::string run_id;  // of the process
  bool under_way = false;
  bool last_succeeded = false;
};

absl::StatusOr<RewriteState> ReadRewriteState(RedisPool& node) {
  ASSIGN_OR_RETURN(auto facts, ReadInfo(node, kLongestLook));
  if (facts["run_id"].empty()) return UnexpectedReply();
  return RewriteState{
      facts["run_id"],
      facts["aof_rewrite_in_progress"] != "0" || facts["aof_rewrite_scheduled"] != "0",
      facts["aof_last_bgrewrite_status"] == "ok"};
}

// Begins a rewriting; returns the process that does it.
absl::StatusOr<std::string> BeginRewrite(RedisPool& node, const std::function<bool()>& stop) {
  int refusals = 0;
  while (true) {
    ASSIGN_OR_RETURN(const RewriteState before, ReadRewriteState(node));
    const absl::StatusOr<RedisReply> reply = node.Call({"BGREWRITEAOF"});
    if (!reply.ok()) return reply.status();
    if (ErrorCodeOf(**reply) != "ERR") {
      RETURN_IF_ERROR(AsOk(reply));
      return before.run_id;
    }
    // One that is under way began before the last deletions, and copies what they
    // deleted: it does not count.
    if (!before.under_way && ++refusals == kMaxRefusals) {
      return absl::UnavailableError("redis-server cannot begin to rewrite its files; see its log");
    }
    if (stop()) return absl::CancelledError("the service ends");
    absl::SleepFor(kPollTime);
  }
}

// What a primary says of its replicas.
struct Listing {
  struct Replica {
    RedisOptions options;
    int64_t offset = 0;  // up to which it has done what the primary did
  };
  int64_t offset = 0;  // of the primary
  std::vector<Replica> replicas;
};

absl::StatusOr<Listing> ListReplicas(RedisPool& primary) {
  const absl::StatusOr<RedisReply> role = primary.Call({"ROLE"});
  RETURN_IF_ERROR(AsOk(role));
  // "master", its offset, and [address, port, offset] of each replica.
  if ((*role)->elements < 3 || (*role)->element[2]->type != REDIS_REPLY_ARRAY) {
    return absl::UnavailableError("redis-server is a replica; connect to the primary");
  }
  const redisReply& listed = *(*role)->element[2];
  Listing listing;
  listing.offset = (*role)->element[1]->integer;
  for (size_t i = 0; i < listed.elements; ++i) {
    const redisReply& one = *listed.element[i];
    Listing::Replica& replica = listing.replicas.emplace_back();
    replica.options = primary.options();
    if (one.elements < 3 || one.element[0]->str == nullptr || one.element[1]->str == nullptr ||
        one.element[2]->str == nullptr || !absl::SimpleAtoi(one.element[2]->str, &replica.offset) ||
        !absl::SimpleAtoi(one.element[1]->str, &replica.options.port) ||
        replica.options.port == 0) {
      return absl::UnavailableError(
          "a replica of redis-server announces no port, so it cannot be asked");
    }
    const RedisAddress address{one.element[0]->str, replica.options.port};
    if (!MaySpeakTo(primary.options(), address)) return NotInPlainText();
    replica.options = OptionsAt(primary.options(), address);
  }
  return listing;
}

// How many replicas are known to exist and are not among `listed`.
absl::StatusOr<int> CountMissing(RedisPool& primary, size_t listed) {
  ASSIGN_OR_RETURN(auto facts, ReadInfo(primary));
  int known = 0;
  // Also those that have not caught up.
  if (!absl::SimpleAtoi(facts["connected_slaves"], &known)) return UnexpectedReply();
  known = std::max(known, primary.options().wait_replicas);
  ClusterCopies copies;
  if (facts["cluster_enabled"] == "1") {
    ASSIGN_OR_RETURN(const std::string table, AsString(primary.Call({"CLUSTER", "NODES"})));
    ASSIGN_OR_RETURN(const ClusterCopies read, CopiesIn(table));
    copies = read;
  }
  return std::max({0, std::max(known, copies.known) - static_cast<int>(listed), copies.missing});
}

}  // namespace

absl::StatusOr<std::vector<RedisOptions>> ReplicasOf(RedisPool& primary) {
  absl::StatusOr<Listing> listing = ListReplicas(primary);
  const absl::Time deadline = absl::Now() + primary.options().timeout;
  const int64_t offset = listing.ok() ? listing->offset : 0;
  while (true) {
    if (!listing.ok()) return listing.status();
    ASSIGN_OR_RETURN(const int missing, CountMissing(primary, listing->replicas.size()));
    if (missing > 0) {
      return absl::UnavailableError(absl::StrCat(
          missing,
          " of redis-server's replicas cannot be reached, and may hold what was deleted: bring "
          "them back, or destroy their files and have them forgotten (CLUSTER FORGET in a cluster, "
          "else a lower --redis_wait_replicas); then try again"));
    }
    const auto behind = std::count_if(listing->replicas.begin(), listing->replicas.end(),
                                      [&](const auto& one) { return one.offset < offset; });
    if (behind == 0) break;
    if (absl::Now() >= deadline) {
      return absl::UnavailableError(
          absl::StrCat(behind, " of redis-server's replicas have not caught up; try again"));
    }
    absl::SleepFor(kPollTime);
    listing = ListReplicas(primary);
  }
  std::vector<RedisOptions> replicas;
  for (Listing::Replica& one : listing->replicas) replicas.push_back(std::move(one.options));
  return replicas;
}

absl::Status RewriteFiles(RedisPool& node, const std::function<bool()>& stop) {
  ASSIGN_OR_RETURN(const std::string begun, BeginRewrite(node, stop));
  while (true) {
    ASSIGN_OR_RETURN(const RewriteState state, ReadRewriteState(node));
    if (state.run_id != begun) {
      // Another process knows nothing of that rewriting, and says that all is well.
      return absl::UnavailableError("redis-server was restarted while it rewrote its files");
    }
    if (!state.under_way) {
      if (state.last_succeeded) return absl::OkStatus();
      return absl::UnavailableError("redis-server could not rewrite its files; see its log");
    }
    if (stop()) return absl::CancelledError("the service ends");
    absl::SleepFor(kPollTime);
  }
}

absl::StatusOr<std::vector<std::string>> KeysOf(RedisPool& node, const std::string& pattern,
                                                const std::string& type) {
  std::vector<std::string> keys;
  std::string cursor = "0";
  do {
    RedisWords words = {"SCAN", cursor, "MATCH", pattern, "COUNT", "1000"};
    if (!type.empty()) words.insert(words.end(), {"TYPE", type});
    const absl::StatusOr<RedisReply> reply = node.Call(words);
    RETURN_IF_ERROR(AsOk(reply));
    const redisReply& page = **reply;
    if (page.type != REDIS_REPLY_ARRAY || page.elements != 2 ||
        page.element[0]->type != REDIS_REPLY_STRING || page.element[1]->type != REDIS_REPLY_ARRAY) {
      return UnexpectedReply();
    }
    cursor.assign(page.element[0]->str, page.element[0]->len);
    for (size_t i = 0; i < page.element[1]->elements; ++i) {
      const redisReply& key = *page.element[1]->element[i];
      if (key.type != REDIS_REPLY_STRING) return UnexpectedReply();
      keys.emplace_back(key.str, key.len);
    }
  } while (cursor != "0");
  return keys;
}

}  // namespace tutti
