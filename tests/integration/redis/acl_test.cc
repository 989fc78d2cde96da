#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/redis/keys.h"
#include "tests/integration/redis/redis_test.h"
#include "tests/support/report_attack.h"

namespace tutti {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class AclTest : public ContractOf<RedisTest> {
 protected:
  // The server, or the node of a cluster that has the keys of "acme".
  RedisOptions NodeFor(const std::string& user) const {
    return place() == Place::kCluster
               ? cluster_->primary(cluster_->OwnerOf("acme")).OptionsFor(user)
               : server_->OptionsFor(user);
  }

  // "NOPERM" when the user may not.
  std::string Try(const std::string& user, const RedisWords& words) {
    RedisPool pool(NodeFor(user));
    const absl::StatusOr<RedisReply> reply = pool.Call(words);
    EXPECT_TRUE(reply.ok()) << absl::StrJoin(words, " ") << ": " << reply.status();
    const std::string code = reply.ok() ? ErrorCodeOf(**reply) : "";
    // What a user may not is said before who has the key.
    return code == "MOVED" ? "" : code;
  }

  void ExpectDenied(const std::string& user, const RedisWords& words,
                    const std::string& error = "NOPERM") {
    const std::string got = Try(user, words);
    EXPECT_EQ(got, error) << user << " may " << absl::StrJoin(words, " ");
    ++tried_;
    denied_ += got == error ? 1 : 0;
  }

  void TearDown() override {
    if (tried_ == 0) return;
    ReportAttack(16, absl::StrCat(testing::UnitTest::GetInstance()->current_test_info()->name(),
                                  ": ", denied_, " of ", tried_, " commands denied"));
  }

 private:
  int tried_ = 0;
  int denied_ = 0;
};

TUTTI_EVERYWHERE(AclTest);

// What no service needs and an intruder would like.
std::vector<RedisWords> Dangerous() {
  return {{"KEYS", "*"},
          {"RANDOMKEY"},
          {"MONITOR"},
          {"SLOWLOG", "GET"},
          {"CONFIG", "REWRITE"},
          {"CONFIG", "RESETSTAT"},
          {"CONFIG", "SET", "appendfsync", "no"},
          {"CLIENT", "LIST"},
          {"CLIENT", "KILL", "TYPE", "normal"},
          {"ACL", "LIST"},
          {"ACL", "SETUSER", "score", "+@all"},
          {"FLUSHALL"},
          {"FLUSHDB"},
          {"SHUTDOWN"},
          {"SAVE"},
          {"BGSAVE"},
          {"REPLICAOF", "NO", "ONE"},
          {"SYNC"},
          {"MIGRATE", "localhost", "1", "{acme}:profile", "0", "1"},
          {"RESTORE", "{acme}:pub:2026-03-01", "0", "x"},
          {"DUMP", "{acme}:pub:2026-03-01"},
          {"MODULE", "LIST"},
          {"FUNCTION", "LIST"},
          {"SCRIPT", "FLUSH"},
          {"OBJECT", "FREQ", "{acme}:pub:2026-03-01"},
          {"MEMORY", "USAGE", "{acme}:pub:2026-03-01"},
          {"SWAPDB", "0", "1"},
          {"SELECT", "1"},
          {"LATENCY", "HISTORY", "command"},
          {"CLUSTER", "RESET"},
          {"CLUSTER", "FORGET", "0123456789012345678901234567890123456789"},
          {"CLUSTER", "MEET", "127.0.0.1", "1"},
          {"CLUSTER", "FAILOVER"}};
}

// Mutation: a command more in users.acl, KEYS for one.
TEST_P(AclTest, DeniesEveryServiceWhatNoneNeeds) {
  for (const char* user : {"aggregate", "score"}) {
    for (const RedisWords& words : Dangerous()) {
      ExpectDenied(user, words);
    }
    // Off for everybody, which is looked at first.
    ExpectDenied(user, {"DEBUG", "SLEEP", "0"}, "ERR");
  }
}

TEST_P(AclTest, KeepsScoreToPublishedRecords) {
  const std::vector<RedisWords> denied = {{"GET", "{acme}:profile"},
                                          {"GET", "{acme}:reach:2026-03-01:person"},
                                          {"GET", "{acme}:sealed:reach:2026-03-01:person"},
                                          {"GET", "{acme}:staged:2026-03-01"},
                                          {"GET", "{acme}:lease"},
                                          {"MGET", "{acme}:pub:2026-03-01", "{acme}:profile"},
                                          {"ZRANGE", "orgs:1", "0", "-1"},
                                          {"GETRANGE", "{acme}:pub:2026-03-01", "0", "-1"},
                                          {"HGETALL", "{acme}:ledger"},
                                          {"HGETALL", "{acme}:tally"},
                                          {"SET", "journal", "x"},
                                          {"GET", "journals"},
                                          {"GET", "counting-history"},
                                          {"SET", "{acme}:pub:2026-03-01", "x"},
                                          {"GETDEL", "{acme}:pub:2026-03-01"},
                                          {"DEL", "{acme}:pub:2026-03-01"},
                                          {"EXISTS", "{acme}:profile"},
                                          {"EVAL", "return 1", "0"},
                                          {"SCAN", "0"},
                                          {"INFO"},
                                          {"CONFIG", "GET", "*"},
                                          {"MULTI"},
                                          {"PUBLISH", "pub:acme", "2026-03-01"},
                                          {"SUBSCRIBE", "pub:acme"},
                                          {"ZREVRANGE", "{acme}:pub:index", "0", "0"},
                                          {"ROLE"},
                                          {"PSUBSCRIBE", "*"},
                                          {"BGREWRITEAOF"},
                                          {"CLUSTER", "NODES"}};
  for (const RedisWords& words : denied) {
    ExpectDenied("score", words);
  }
  // The control: what it is there for.
  EXPECT_EQ(Try("score", {"GET", "{acme}:pub:2026-03-01"}), "");
  EXPECT_EQ(Try("score", {"GET", "cohort:2026-03-01:retail"}), "");
  EXPECT_EQ(Try("score", {"GET", "journal"}), "");
}

TEST_P(AclTest, KeepsAggregateToItsKeysAlsoInsideScripts) {
  const std::vector<RedisWords> denied = {{"GET", "elsewhere"},
                                          {"SET", "elsewhere", "x"},
                                          {"GET", "journals"},
                                          {"GET", "journal:x"},
                                          {"PUBLISH", "elsewhere", "x"},
                                          {"SUBSCRIBE", "pub:acme"},
                                          {"EVAL", "return redis.call('GET', KEYS[1])", "1", "x"},
                                          {"GETRANGE", "{acme}:profile", "0", "-1"},
                                          {"HGET", "{acme}:ledger", "person:total"},
                                          {"EVALSHA", "00", "0"},
                                          {"SORT", "{acme}:profile"},
                                          {"COPY", "{acme}:profile", "{acme}:other"}};
  for (const RedisWords& words : denied) {
    ExpectDenied("aggregate", words);
  }
  // The control: what it is there for.
  EXPECT_EQ(Try("aggregate", {"GET", "journal"}), "");
  EXPECT_EQ(Try("aggregate", {"GET", "counting-history"}), "");
  RedisPool pool(NodeFor("aggregate"));
  EXPECT_FALSE(AsOk(pool.Call({"EVAL", "return redis.call('CONFIG', 'GET', '*')", "0"})).ok());
  EXPECT_FALSE(AsOk(pool.Call({"EVAL", "return redis.call('KEYS', '*')", "0"})).ok());
}

// It asks whether what is answered is on disk, and Redis has no smaller right than to ask for
// all settings. Mutation: a password in redis.conf, where the ACL file has its hash.
TEST_P(AclTest, ShowsAggregateSettingsAndNoPassword) {
  RedisPool pool(NodeFor("aggregate"));
  const auto settings = AsStrings(pool.Call({"CONFIG", "GET", "*"}));
  ASSERT_TRUE(settings.ok()) << settings.status();
  int secrets = 0;
  for (size_t i = 0; i + 1 < settings->size(); i += 2) {
    for (const char* const name :
         {"requirepass", "masterauth", "tls-key-file-pass", "tls-client-key-file-pass"}) {
      if ((*settings)[i] != name) continue;
      // A replica needs its own user's in clear text.
      if (place() == Place::kCluster && (*settings)[i] == "masterauth") continue;
      ++secrets;
      EXPECT_EQ((*settings)[i + 1], "") << name;
    }
  }
  EXPECT_GE(secrets, place() == Place::kCluster ? 1 : 2);
}

TEST_P(AclTest, LetsNobodyInWithoutAUserOrWithAWrongPassword) {
  RedisOptions options = NodeFor("aggregate");
  options.password = "wrong";
  EXPECT_TRUE(absl::IsUnavailable(RedisConnection::Open(options).status()));
  options.user.clear();
  const auto anonymous = RedisConnection::Open(options);
  ASSERT_TRUE(anonymous.ok()) << anonymous.status();
  for (const RedisWords& words :
       std::vector<RedisWords>{{"PING"}, {"GET", "{acme}:profile"}, {"INFO"}}) {
    EXPECT_EQ(ErrorCodeOf(**(*anonymous)->Call(words)), "NOAUTH") << words[0];
  }
}

TEST_P(AclTest, RefusalsLeaveRepliesInStep) {
  ASSERT_EQ(stores_->publications().Stage("acme", {Day(2026, 3, 1), "record", {}, {}}),
            absl::OkStatus());
  ASSERT_EQ(stores_->publications().Promote("acme", Day(2026, 3, 1)), absl::OkStatus());
  RedisStores score(OptionsFor("score"));
  for (int i = 0; i < 3; ++i) {
    // Sends 64 commands at once, of which the first is refused.
    EXPECT_THAT(score.organizations().ListDue(absl::FromUnixSeconds(1), 1).status().ToString(),
                HasSubstr("UNAVAILABLE: the store cannot be used now"));
    EXPECT_EQ(score.publications().LatestEndDay("acme").value(), Day(2026, 3, 1));
  }
}

TEST_P(AclTest, ErrorsRepeatNoName) {
  RedisPool pool(NodeFor("score"));
  const auto reply = pool.Call({"GET", "{canary-organisation}:profile"});
  ASSERT_TRUE(reply.ok() && IsDenied(**reply));
  const absl::Status denied = AsOk(reply);
  EXPECT_THAT(denied.ToString(), Not(HasSubstr("canary")));
  const absl::Status wrong = AsOk(inspector_->Call({"EVAL", "return {err = 'ODD canary'}", "0"}));
  EXPECT_FALSE(wrong.ok());
  EXPECT_THAT(wrong.ToString(), Not(HasSubstr("canary")));
}

}  // namespace
}  // namespace tutti
