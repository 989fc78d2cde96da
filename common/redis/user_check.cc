#include "common/redis/user_check.h"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/redis/at_once.h"
#include "common/status/graver.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

// A key of a slot that no organisation has.
constexpr char kKey[] = "{-}:check";

constexpr absl::Duration kBetweenUserChecks = absl::Seconds(2);

// A node that does not answer is asked again so often, and by then others have answered: of the
// time that there is, half is for who the nodes are, and a quarter for what each of them says.
constexpr absl::Duration kBetweenTries = absl::Seconds(1);
constexpr double kShareOfMap = 0.5;
constexpr double kShareOfNodes = 0.25;

absl::Status DidNotAnswer() {
  return absl::UnavailableError("no node of the cluster answered of late");
}

// What a service asks for that changes nothing.
std::vector<RedisWords> QuestionsOf(RedisUse use) {
  switch (use) {
    case RedisUse::kScore:
      return {{"PING"},
              {"GET", "{-}:pub:check"},
              {"MGET", "{-}:pub:check"},
              {"GET", "cohort:check"},
              {"GET", "journal"},
              {"ZRANGE", "{-}:pub:index", "0", "0"}};
    case RedisUse::kAggregate:
      // EXEC of nothing is an error, if not of permission.
      return {{"PING"}, {"INFO"}, {"ROLE"}, {"TIME"}, {"CONFIG", "GET", "appendfsync"}, {"EXEC"}};
    case RedisUse::kJournal:
      break;
  }
  // It has no transactions.
  return {{"PING"},
          {"INFO"},
          {"CONFIG", "GET", "appendfsync"},
          {"GET", "journal-identity"},
          {"SET", "journal:check", "0", "XX"},  // where there is one, and there is none
          {"HGET", "journal:check", "0"},
          {"HSET", "journal:check", "0", "0", "0"},  // a field without a value: nothing is set
          {"HGETALL", "journal:check"},
          {"EVAL", "return 0", "1", "journal:check"},
          {"WAIT", "0", "1"}};
}

// What it asks for that changes something, and keys. They are put into a transaction that is
// never executed, so that only permission is found out.
std::vector<RedisWords> ChangesOf(RedisUse use) {
  switch (use) {
    case RedisUse::kScore:
      return {};
    case RedisUse::kAggregate:
      return {{"GET", kKey},
              {"SET", kKey, "0"},
              {"DEL", kKey},
              {"UNLINK", kKey},
              {"EXISTS", kKey},
              {"TYPE", kKey},
              {"STRLEN", kKey},
              {"RENAME", kKey, kKey},
              {"RENAMENX", kKey, kKey},
              {"EXPIRE", kKey, "1"},
              {"BITFIELD", kKey, "GET", "u1", "0"},
              {"SETBIT", kKey, "0", "0"},
              {"BITOP", "OR", kKey, kKey},
              {"MGET", kKey},
              {"HSET", kKey, "0", "0"},
              {"HGETALL", kKey},
              {"HDEL", kKey, "0"},
              {"HEXISTS", kKey, "0"},
              {"HKEYS", kKey},
              {"RPUSH", kKey, "0"},
              {"ZADD", kKey, "0", "0"},
              {"ZRANGE", kKey, "0", "0"},
              {"ZRANGEBYSCORE", kKey, "0", "0"},
              {"SCAN", "0"},
              {"EVAL", "return 0", "1", kKey},
              {"PUBLISH", "pub:check", "0"},
              {"BGREWRITEAOF"},
              {"WAIT", "0", "1"},
              {"GET", "orgs:check"},
              {"GET", "cohort:check"},
              {"GET", "journal"},
              {"GET", "counting-history"}};
    case RedisUse::kJournal:
      break;
  }
  return {};
}

const char* AclFileOf(RedisUse use) {
  return use == RedisUse::kJournal ? "deploy/redis/journal.acl" : "deploy/redis/users.acl";
}

// Asks one node.
class NodeCheck {
 public:
  NodeCheck(const RedisOptions& options, RedisUse use) : options_(options), use_(use) {}

  // In two goes, whatever there is to ask.
  absl::Status At(const RedisOptions& server) const {
    RedisOptions nobody = server;
    nobody.user.clear();
    ASSIGN_OR_RETURN(const std::unique_ptr<RedisConnection> connection,
                     RedisConnection::Open(nobody));
    std::vector<RedisWords> questions = QuestionsOf(use_);
    if (!options_.cluster.empty()) {
      questions.push_back({"ASKING"});
      questions.push_back({"CLUSTER", "SLOTS"});
      if (use_ == RedisUse::kAggregate) questions.push_back({"CLUSTER", "NODES"});
    }
    const std::vector<RedisWords> changes = ChangesOf(use_);
    if (!options_.user.empty()) connection->Append({"AUTH", options_.user, options_.password});
    for (const RedisWords& words : questions) connection->Append(words);
    if (!changes.empty()) connection->Append({"MULTI"});
    RETURN_IF_ERROR(HearLogIn(*connection));
    for (const RedisWords& words : questions) RETURN_IF_ERROR(Hear(*connection, words));
    if (changes.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(HearTransaction(*connection));
    // The server forgets what is queued when the connection ends.
    for (const RedisWords& words : changes) connection->Append(words);
    for (const RedisWords& words : changes) RETURN_IF_ERROR(Hear(*connection, words));
    return absl::OkStatus();
  }

 private:
  absl::Status HearLogIn(RedisConnection& connection) const {
    if (options_.user.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const RedisReply reply, connection.Read());
    const std::string code = ErrorCodeOf(*reply);
    if (code != "WRONGPASS" && code != "ERR") return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(
        "redis-server does not let user ", options_.user, " in with the password in --",
        options_.flags,
        "_password_file; give the password that its ACL file has, or, where the user is not there "
        "or is switched off (off), the line there that ",
        AclFileOf(use_), " has"));
  }

  // Before it is heard no change may be sent: it would be done in earnest.
  absl::Status HearTransaction(RedisConnection& connection) const {
    ASSIGN_OR_RETURN(const RedisReply reply, connection.Read());
    if (ErrorCodeOf(*reply) == "NOPERM") return Denied(*reply, {"MULTI"});
    return StatusOf(*reply);
  }

  absl::Status Hear(RedisConnection& connection, const RedisWords& words) const {
    ASSIGN_OR_RETURN(const RedisReply reply, connection.Read());
    const std::string code = ErrorCodeOf(*reply);
    if (code == "MOVED" && options_.cluster.empty()) return StatusOf(*reply);
    // It would end the connection at the first change, and nothing were known then.
    if (words[0] == "INFO" && options_.cluster.empty() && reply->type == REDIS_REPLY_STRING &&
        absl::StrContains(absl::string_view(reply->str, reply->len), "role:slave")) {
      return absl::UnavailableError(
          "redis-server is a replica, which takes no writes; give the address of its primary");
    }
    // EXEC says so in its own words.
    const bool denied = code == "NOPERM" ||
                        (code == "EXECABORT" && absl::StrContains(ErrorTextOf(*reply), "NOPERM"));
    return denied ? Denied(*reply, words) : absl::OkStatus();
  }

  absl::Status Denied(const redisReply& reply, const RedisWords& words) const {
    const std::string what = words[0] == "CONFIG" || words[0] == "CLUSTER"
                                 ? absl::StrCat(words[0], " ", words[1])
                                 : words[0];
    const bool of_key = absl::StrContains(ErrorTextOf(reply), "keys");
    return absl::FailedPreconditionError(absl::StrCat(
        "redis-server denies ", what, of_key ? absl::StrCat(" of keys as ", words[1]) : "",
        " to user ", options_.user, "; give it the line that ", AclFileOf(use_), " has"));
  }

  const RedisOptions& options_;
  const RedisUse use_;
};

}  // namespace

absl::Status CheckUser(const RedisOptions& options, RedisUse use) {
  return UserWatch(options, use).Check();
}

absl::Status UserWatch::Ask() {
  const RedisOptions& options = topology_.options();
  const NodeCheck check(options, use_);
  if (!topology_.in_cluster()) return check.At(options);
  const std::vector<std::shared_ptr<RedisNode>> nodes =
      topology_.KnownNodes(absl::Now() + kShareOfMap * options.timeout);
  std::vector<absl::Status> answers(nodes.size(), DidNotAnswer());
  DoAtOnce(nodes.size(), [&](size_t i) {
    RedisOptions server = nodes[i]->pool.options();
    server.cluster = options.cluster;  // which errors name the flag by
    server.timeout = nodes[i]->answers.Limit(kShareOfNodes * options.timeout, kBetweenTries);
    if (server.timeout == absl::ZeroDuration()) return;
    answers[i] = check.At(server);
    if (absl::IsUnavailable(answers[i])) {
      nodes[i]->answers.InVain(kBetweenTries);
    } else {
      nodes[i]->answers.Answered();
    }
  });
  absl::Status found;
  for (const absl::Status& answer : answers) KeepGraver(answer, found);
  const bool any =
      std::any_of(answers.begin(), answers.end(), [](const absl::Status& one) { return one.ok(); });
  return any && absl::IsUnavailable(found) ? absl::OkStatus() : found;
}

absl::Status UserWatch::Check() {
  const absl::Duration now = clock_.SinceStart();
  // One that did not answer is asked each time: it may be another when it does.
  if (absl::IsUnavailable(answer_) || now >= ask_at_) {
    answer_ = Ask();
    ask_at_ = now + kBetweenUserChecks;
  }
  return answer_;
}

}  // namespace tutti
