#include "common/redis/redis_nodes.h"

#include <hiredis/hiredis.h>

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace tutti {
namespace {

constexpr absl::Duration kPollTime = absl::Milliseconds(50);
// How often a node may say no while none of its rewritings is under way: one may end
// between the two questions.
constexpr int kMaxRefusals = 3;

absl::Status Unexpected() {
  return absl::InternalError("redis-server answered in a way that was not expected");
}

// How a node's rewriting stands.
struct RewriteState {
  std::string run_id;  // of the process
  bool under_way = false;
  bool last_succeeded = false;
};

absl::StatusOr<RewriteState> ReadRewriteState(RedisPool& node) {
  const absl::StatusOr<std::string> info = AsString(node.Call({"INFO"}));
  if (!info.ok()) return info.status();
  absl::flat_hash_map<std::string, std::string> facts;
  for (const absl::string_view line : absl::StrSplit(*info, "\r\n")) {
    facts.insert(absl::StrSplit(line, absl::MaxSplits(':', 1)));
  }
  if (facts["run_id"].empty()) return Unexpected();
  return RewriteState{
      facts["run_id"],
      facts["aof_rewrite_in_progress"] != "0" || facts["aof_rewrite_scheduled"] != "0",
      facts["aof_last_bgrewrite_status"] == "ok"};
}

// Begins a rewriting; returns the process that does it.
absl::StatusOr<std::string> BeginRewrite(RedisPool& node, const std::function<bool()>& stop) {
  int refusals = 0;
  while (true) {
    const absl::StatusOr<RewriteState> before = ReadRewriteState(node);
    if (!before.ok()) return before.status();
    const absl::StatusOr<RedisReply> reply = node.Call({"BGREWRITEAOF"});
    if (!reply.ok()) return reply.status();
    if (ErrorCodeOf(**reply) != "ERR") {
      if (absl::Status begun = AsOk(reply); !begun.ok()) return begun;
      return before->run_id;
    }
    // One that is under way began before the last deletions, and copies what they
    // deleted: it does not count.
    if (!before->under_way && ++refusals == kMaxRefusals) {
      return absl::UnavailableError("redis-server cannot begin to rewrite its files; see its log");
    }
    if (stop()) return absl::CancelledError("the service ends");
    absl::SleepFor(kPollTime);
  }
}

}  // namespace

absl::StatusOr<std::vector<RedisOptions>> ReplicasOf(RedisPool& primary) {
  const absl::StatusOr<RedisReply> role = primary.Call({"ROLE"});
  if (absl::Status ok = AsOk(role); !ok.ok()) return ok;
  std::vector<RedisOptions> replicas;
  // "master", its offset, and [address, port, offset] of each replica.
  if ((*role)->elements < 3 || (*role)->element[2]->type != REDIS_REPLY_ARRAY) return replicas;
  const redisReply& listed = *(*role)->element[2];
  for (size_t i = 0; i < listed.elements; ++i) {
    const redisReply& one = *listed.element[i];
    RedisOptions& replica = replicas.emplace_back(primary.options());
    if (one.elements < 2 || one.element[0]->str == nullptr || one.element[1]->str == nullptr ||
        !absl::SimpleAtoi(one.element[1]->str, &replica.port) || replica.port == 0) {
      return absl::UnavailableError(
          "a replica of redis-server announces no port, so it cannot be asked");
    }
    replica.unix_socket.clear();
    replica.host = one.element[0]->str;
  }
  return replicas;
}

absl::Status RewriteFiles(RedisPool& node, const std::function<bool()>& stop) {
  const absl::StatusOr<std::string> begun = BeginRewrite(node, stop);
  if (!begun.ok()) return begun.status();
  while (true) {
    const absl::StatusOr<RewriteState> state = ReadRewriteState(node);
    if (!state.ok()) return state.status();
    if (state->run_id != *begun) {
      // Another process knows nothing of that rewriting, and says that all is well.
      return absl::UnavailableError("redis-server was restarted while it rewrote its files");
    }
    if (!state->under_way) {
      if (state->last_succeeded) return absl::OkStatus();
      return absl::UnavailableError("redis-server could not rewrite its files; see its log");
    }
    if (stop()) return absl::CancelledError("the service ends");
    absl::SleepFor(kPollTime);
  }
}

absl::StatusOr<std::vector<std::string>> KeysOf(RedisPool& node, const std::string& pattern) {
  std::vector<std::string> keys;
  std::string cursor = "0";
  do {
    const absl::StatusOr<RedisReply> reply =
        node.Call({"SCAN", cursor, "MATCH", pattern, "COUNT", "1000"});
    if (absl::Status ok = AsOk(reply); !ok.ok()) return ok;
    const redisReply& page = **reply;
    if (page.type != REDIS_REPLY_ARRAY || page.elements != 2 ||
        page.element[0]->type != REDIS_REPLY_STRING || page.element[1]->type != REDIS_REPLY_ARRAY) {
      return Unexpected();
    }
    cursor.assign(page.element[0]->str, page.element[0]->len);
    for (size_t i = 0; i < page.element[1]->elements; ++i) {
      const redisReply& key = *page.element[1]->element[i];
      if (key.type != REDIS_REPLY_STRING) return Unexpected();
      keys.emplace_back(key.str, key.len);
    }
  } while (cursor != "0");
  return keys;
}

}  // namespace tutti
