#include "common/redis/server_check.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

using Info = absl::flat_hash_map<std::string, std::string>;

constexpr int64_t kLeastNodeTimeoutMillis = 2000;

// 0 where the server does not say it.
int64_t NumberOf(absl::string_view fact) {
  int64_t number = 0;
  return absl::SimpleAtoi(fact, &number) ? number : 0;
}

// "slave0:ip=127.0.0.1,port=6380,state=online,offset=42,lag=0".
bool IsReplica(const Info::value_type& fact) {
  return absl::StartsWith(fact.first, "slave") && absl::StartsWith(fact.second, "ip=");
}
bool IsOnlineReplica(const Info::value_type& fact) {
  return IsReplica(fact) && absl::StrContains(fact.second, ",state=online,");
}

// Where the replicas are; one that announces no port cannot be asked.
std::vector<RedisAddress> ReplicasIn(const Info& facts) {
  std::vector<RedisAddress> replicas;
  for (const Info::value_type& fact : facts) {
    if (!IsReplica(fact)) continue;
    RedisAddress& address = replicas.emplace_back();
    for (absl::string_view part : absl::StrSplit(fact.second, ',')) {
      if (absl::ConsumePrefix(&part, "ip=")) address.host = std::string(part);
      if (absl::ConsumePrefix(&part, "port=")) address.port = static_cast<int>(NumberOf(part));
    }
    if (address.host.empty() || address.port == 0) replicas.pop_back();
  }
  return replicas;
}

// What a server answers to CONFIG GET.
absl::StatusOr<Info> ParseSettings(const absl::StatusOr<RedisReply>& reply) {
  const absl::StatusOr<std::vector<std::string>> settings = AsStrings(reply);
  // The latter where the command was given another name.
  if ((reply.ok() && IsDenied(**reply)) || absl::IsInternal(settings.status())) {
    return absl::FailedPreconditionError(
        "redis-server does not say whether it synchronises its append-only file at every write; "
        "let it answer CONFIG GET: add +config|get to the user's line in its ACL file, as "
        "deploy/redis has it");
  }
  if (!settings.ok()) return settings.status();
  Info values;
  for (size_t i = 0; i + 1 < settings->size(); i += 2) {
    values.emplace((*settings)[i], (*settings)[i + 1]);
  }
  return values;
}

absl::StatusOr<Info> ParseInfo(const absl::StatusOr<RedisReply>& reply) {
  ASSIGN_OR_RETURN(const std::string info, AsString(reply));
  Info facts;
  for (const absl::string_view line : absl::StrSplit(info, "\r\n")) {
    facts.insert(absl::StrSplit(line, absl::MaxSplits(':', 1)));
  }
  return facts;
}

// What any node must be set to that has, or may come to have, what nobody else has.
absl::Status CheckSettings(const ServerFacts& facts) {
  if (!facts.appends) {
    return absl::FailedPreconditionError(
        "redis-server keeps no append-only file; set appendonly yes and appendfsync always");
  }
  if (!facts.synchronizes) {
    return absl::FailedPreconditionError(
        "redis-server does not synchronise its append-only file at every write, so a crash may "
        "lose what was answered; set appendfsync always and no-appendfsync-on-rewrite no");
  }
  if (facts.snapshots) {
    return absl::FailedPreconditionError(
        "redis-server writes snapshots, or does when a replica copies it, and what is deleted "
        "lives on in them; set save \"\", repl-diskless-sync yes and repl-diskless-load swapdb, "
        "and delete dump.rdb of every node");
  }
  if (facts.evicts) {
    return absl::FailedPreconditionError(
        "redis-server may evict counters; set maxmemory-policy noeviction");
  }
  if (!facts.in_cluster) return absl::OkStatus();
  // A replica that comes from another primary brings that one's keys in its files, and nobody
  // would look for them there.
  if (facts.migrates_replicas) {
    return absl::FailedPreconditionError(
        "a node of the cluster may turn its replicas into those of another primary, and then "
        "what is deleted may stay in their files; set cluster-allow-replica-migration no");
  }
  // One that was away for long lacks writes that the others had received.
  if (facts.takes_over_late) {
    return absl::FailedPreconditionError(
        "a replica of the cluster may take over however long it was away, and counters would be "
        "lost; set cluster-replica-validity-factor to 1 or more");
  }
  // Whoever is cut off from the cluster shows what has been replaced elsewhere.
  if (facts.reads_when_down) {
    return absl::FailedPreconditionError(
        "a node of the cluster answers with old records when it is cut off; set "
        "cluster-allow-reads-when-down no");
  }
  // Faster than what is known of bits is looked up anew; see RedisTopology.
  if (facts.node_timeout_millis < kLeastNodeTimeoutMillis) {
    return absl::FailedPreconditionError(absl::StrCat(
        "a replica of the cluster may take over ", facts.node_timeout_millis,
        " ms after its primary was heard last, before anybody notices, and counters would be lost; "
        "set cluster-node-timeout to ",
        kLeastNodeTimeoutMillis, " or more"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<absl::flat_hash_map<std::string, std::string>> ReadInfo(RedisPool& server,
                                                                       absl::Duration limit) {
  ASSIGN_OR_RETURN(std::unique_ptr<RedisConnection> connection, server.Take(limit));
  absl::StatusOr<Info> info = ParseInfo(connection->Call({"INFO"}));
  server.Give(std::move(connection));
  return info;
}

absl::StatusOr<ServerFacts> ReadServerFacts(RedisPool& server, absl::Duration limit) {
  ASSIGN_OR_RETURN(std::unique_ptr<RedisConnection> connection, server.Take(limit));
  connection->Append({"INFO"});
  connection->Append({"CONFIG", "GET", "*appendfsync*", "save", "repl-diskless-*", "cluster-*"});
  absl::StatusOr<Info> info = ParseInfo(connection->Read());
  absl::StatusOr<Info> read = ParseSettings(connection->Read());
  server.Give(std::move(connection));
  RETURN_IF_ERROR(info.status());
  RETURN_IF_ERROR(read.status());
  Info& facts = *info;
  Info& settings = *read;
  return ServerFacts{
      facts["run_id"],
      facts["role"] == "master",
      facts["cluster_enabled"] == "1",
      facts["aof_enabled"] == "1",
      facts["aof_last_write_status"] == "ok",
      facts["maxmemory_policy"] != "noeviction",
      NumberOf(facts["used_memory"]) - NumberOf(facts["mem_not_counted_for_evict"]),
      NumberOf(facts["maxmemory"]),
      static_cast<int>(std::count_if(facts.begin(), facts.end(), IsOnlineReplica)),
      settings["appendfsync"] == "always" && settings["no-appendfsync-on-rewrite"] == "no",
      !settings["save"].empty() || settings["repl-diskless-sync"] != "yes" ||
          settings["repl-diskless-load"] != "swapdb",
      ReplicasIn(facts),
      settings["cluster-allow-replica-migration"] != "no",
      settings["cluster-replica-validity-factor"] == "0",
      settings["cluster-allow-reads-when-down"] != "no",
      NumberOf(settings["cluster-node-timeout"])};
}

absl::Status CheckServer(const ServerFacts& facts, const RedisOptions& options) {
  if (!facts.primary) {
    return absl::UnavailableError("redis-server is a replica; connect to the primary");
  }
  RETURN_IF_ERROR(CheckSettings(facts));
  // The cluster replaces a primary by itself, whatever its replicas have received.
  if (facts.in_cluster && facts.online_replicas > options.wait_replicas) {
    return absl::FailedPreconditionError(absl::StrCat(
        "a primary of the cluster has ", facts.online_replicas,
        " replicas, and one that lacks a write may take over, for only --", options.wait_flag, "=",
        options.wait_replicas, " of them are waited for; set it to how many each primary has"));
  }
  // What may pass comes after what does not.
  if (!facts.writes_file) {
    return absl::UnavailableError("redis-server cannot write its append-only file; check the disk");
  }
  if (facts.max_bytes > 0 && facts.used_bytes > facts.max_bytes) {
    return absl::UnavailableError(absl::StrCat(
        "redis-server is full (used ", facts.used_bytes, " of maxmemory ", facts.max_bytes,
        " bytes) and refuses writes; give it more: raise maxmemory, and the machine's memory"));
  }
  if (facts.online_replicas < options.wait_replicas) {
    return absl::UnavailableError(
        absl::StrCat(facts.online_replicas, " of ", options.wait_replicas,
                     " replicas of redis-server are online; bring back those that are away, or "
                     "lower --",
                     options.wait_flag));
  }
  return absl::OkStatus();
}

absl::Status CheckReplica(const ServerFacts& facts) {
  // One that has taken over meanwhile is asked as a primary next.
  const absl::Status fit = CheckSettings(facts);
  if (fit.ok()) return fit;
  return absl::Status(fit.code(), absl::StrCat("of a replica: ", fit.message()));
}

}  // namespace tutti
