#include "common/redis/server_check.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

using Info = absl::flat_hash_map<std::string, std::string>;

// "slave0:ip=127.0.0.1,port=6380,state=online,offset=42,lag=0".
bool IsOnlineReplica(const Info::value_type& fact) {
  return absl::StartsWith(fact.first, "slave") && absl::StrContains(fact.second, ",state=online,");
}

// The settings whose names match one of the patterns.
absl::StatusOr<Info> ReadSettings(RedisPool& server, const std::vector<std::string>& patterns) {
  RedisWords words = {"CONFIG", "GET"};
  words.insert(words.end(), patterns.begin(), patterns.end());
  const absl::StatusOr<RedisReply> reply = server.Call(words);
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

// 0 where the server does not say it.
int64_t NumberOf(const std::string& fact) {
  int64_t number = 0;
  return absl::SimpleAtoi(fact, &number) ? number : 0;
}

}  // namespace

absl::StatusOr<absl::flat_hash_map<std::string, std::string>> ReadInfo(RedisPool& server) {
  ASSIGN_OR_RETURN(const std::string info, AsString(server.Call({"INFO"})));
  absl::flat_hash_map<std::string, std::string> facts;
  for (const absl::string_view line : absl::StrSplit(info, "\r\n")) {
    facts.insert(absl::StrSplit(line, absl::MaxSplits(':', 1)));
  }
  return facts;
}

absl::StatusOr<ServerFacts> ReadServerFacts(RedisPool& server) {
  ASSIGN_OR_RETURN(auto facts, ReadInfo(server));
  ASSIGN_OR_RETURN(Info settings,
                   ReadSettings(server, {"*appendfsync*", "save", "repl-diskless-*"}));
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
          settings["repl-diskless-load"] != "swapdb"};
}

absl::Status CheckServer(const ServerFacts& facts, const RedisOptions& options) {
  if (!facts.primary) {
    return absl::UnavailableError("redis-server is a replica; connect to the primary");
  }
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
        "and "
        "delete dump.rdb of every node");
  }
  if (facts.evicts) {
    return absl::FailedPreconditionError(
        "redis-server may evict counters; set maxmemory-policy noeviction");
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

absl::Status CheckClusterNode(RedisPool& primary, const ServerFacts& facts) {
  ASSIGN_OR_RETURN(Info settings, ReadSettings(primary, {"cluster-*"}));
  // A replica that comes from another primary brings that one's keys in its files, and nobody
  // would look for them there.
  if (settings["cluster-allow-replica-migration"] != "no") {
    return absl::FailedPreconditionError(
        "a node of the cluster may turn its replicas into those of another primary, and then "
        "what is deleted may stay in their files; set cluster-allow-replica-migration no");
  }
  // One that was away for long lacks writes that the others had received.
  if (settings["cluster-replica-validity-factor"] == "0") {
    return absl::FailedPreconditionError(
        "a replica of the cluster may take over however long it was away, and counters would be "
        "lost; set cluster-replica-validity-factor to 1 or more");
  }
  // Whoever is cut off from the cluster shows what has been replaced elsewhere.
  if (settings["cluster-allow-reads-when-down"] != "no") {
    return absl::FailedPreconditionError(
        "a node of the cluster answers with old records when it is cut off; set "
        "cluster-allow-reads-when-down no");
  }
  // The cluster replaces a primary by itself, whatever its replicas have received.
  if (facts.online_replicas > 0 && primary.options().wait_replicas == 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "a primary of the cluster has replicas, and one that lacks a write may take over; set --",
        primary.options().wait_flag, " to how many each primary has"));
  }
  return absl::OkStatus();
}

}  // namespace tutti
