#include <atomic>
#include <thread>
#include <tuple>

#include "absl/time/clock.h"
#include "common/redis/keys.h"
#include "tests/integration/redis/redis_test.h"
#include "tests/support/wait_until.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

class ServerLossTest : public RedisTest {
 protected:
  const BitmapId person_{"acme", kReachWindow, "person"};
};

TEST_F(ServerLossTest, KeepsEveryAcknowledgedBitWhenTheServerIsKilled) {
  Begin("acme", kReachWindow, {"person"}, 1 << 20);
  std::vector<uint32_t> acknowledged;
  std::atomic<uint32_t> sent = 0;
  std::thread writer([&] {
    for (uint32_t i = 0; i < 100'000; ++i) {
      const absl::StatusOr<MergeOutcome> outcome = Merge(person_, {i});
      if (!outcome.ok()) {
        EXPECT_TRUE(absl::IsUnavailable(outcome.status())) << outcome.status();
        break;
      }
      ASSERT_EQ(*outcome, MergeOutcome::kMerged);
      acknowledged.push_back(i);
      ++sent;
    }
  });
  while (sent < 200) std::this_thread::yield();
  server_->Kill();
  writer.join();
  ASSERT_EQ(server_->Resume(), absl::OkStatus());
  std::vector<uint32_t> kept = BitsOf(Raw(BitmapKey(person_)));
  // The one that was under way may have made it.
  if (kept.size() == acknowledged.size() + 1) kept.pop_back();
  EXPECT_THAT(kept, ElementsAreArray(acknowledged));
}

TEST_F(ServerLossTest, WritesAgainWhatTheServerMayHaveLost) {
  Begin("acme", kReachWindow, {"person"});
  ASSERT_EQ(Merge(person_, {1, 2}).value(), MergeOutcome::kMerged);
  ASSERT_EQ(server_->Restart(), absl::OkStatus());
  // What the restored server does not have, and the store has seen set.
  ASSERT_TRUE(AsOk(inspector_->Call({"SETBIT", BitmapKey(person_), "2", "0"})).ok());
  EXPECT_EQ(Merge(person_, {1, 2}).value(), MergeOutcome::kMerged);
  EXPECT_THAT(BitsOf(Raw(BitmapKey(person_))), ElementsAre(1, 2));
}

TEST_F(ServerLossTest, SaysThatABitmapIsMissingOnAServerThatLostItsFiles) {
  Begin("acme", kReachWindow, {"person"});
  ASSERT_EQ(Merge(person_, {1}).value(), MergeOutcome::kMerged);
  server_->Kill();
  server_->LoseFiles();
  EXPECT_TRUE(absl::IsUnavailable(Merge(person_, {1}).status()));
  ASSERT_EQ(server_->Resume(), absl::OkStatus());
  EXPECT_EQ(Merge(person_, {1}).value(), MergeOutcome::kMissing);
  EXPECT_EQ(Merge(person_, {2}).value(), MergeOutcome::kMissing);
  EXPECT_EQ(Raw(BitmapKey(person_)), "");
}

TEST_F(ServerLossTest, TellsARestartAlsoOnAConnectionThatNobodySawBreak) {
  RedisPool pool(server_->OptionsFor("aggregate"));
  const absl::StatusOr<std::unique_ptr<RedisConnection>> before =
      RedisConnection::Open(pool.options());
  ASSERT_TRUE(before.ok()) << before.status();
  const uint64_t first = pool.EpochOf(**before).value();
  EXPECT_EQ(pool.EpochOf(**before).value(), first);
  ASSERT_EQ(server_->Restart(), absl::OkStatus());
  const absl::StatusOr<std::unique_ptr<RedisConnection>> after =
      RedisConnection::Open(pool.options());
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_GT(pool.EpochOf(**after).value(), first);
  EXPECT_TRUE(absl::IsUnavailable(pool.EpochOf(**before).status()));
  EXPECT_TRUE((*before)->broken());
}

TEST_F(ServerLossTest, IsUnavailableWhileThereIsNoServerAndRecovers) {
  ASSERT_EQ(stores_->CheckServer(), absl::OkStatus());
  server_->Kill();
  for (const absl::Status& status :
       {stores_->CheckServer(), stores_->Ping(), stores_->organizations().Read("acme").status(),
        stores_->publications().ListEndDays("acme").status(),
        stores_->counters().Seal({"acme", kReachWindow, {"person"}}).status()}) {
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  }
  ASSERT_EQ(server_->Resume(), absl::OkStatus());
  EXPECT_EQ(stores_->CheckServer(), absl::OkStatus());
  EXPECT_TRUE(absl::IsNotFound(stores_->organizations().Read("acme").status()));
}

TEST_F(ServerLossTest, DoesNotTrustAServerThatKeepsNoFileOrEvicts) {
  ASSERT_TRUE(AsOk(inspector_->Call({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"})).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(stores_->CheckServer()));
  ASSERT_TRUE(AsOk(inspector_->Call({"CONFIG", "SET", "maxmemory-policy", "noeviction"})).ok());
  EXPECT_EQ(stores_->CheckServer(), absl::OkStatus());
  ASSERT_TRUE(AsOk(inspector_->Call({"CONFIG", "SET", "appendonly", "no"})).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(stores_->CheckServer()));
}

// What is answered before it is on disk is lost in a crash. Mutations: not to ask; to ask for
// appendfsync alone, which a rewriting may suspend.
TEST_F(ServerLossTest, DoesNotTrustAServerThatSynchronisesItsFileLater) {
  for (const auto& [setting, wrong, right] :
       {std::tuple("appendfsync", "everysec", "always"), std::tuple("appendfsync", "no", "always"),
        std::tuple("no-appendfsync-on-rewrite", "yes", "no")}) {
    ASSERT_TRUE(AsOk(inspector_->Call({"CONFIG", "SET", setting, wrong})).ok());
    const absl::Status refused = stores_->CheckServer();
    EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << setting << " " << wrong << ": " << refused;
    EXPECT_THAT(std::string(refused.message()), HasSubstr("set appendfsync always"));
    ASSERT_TRUE(AsOk(inspector_->Call({"CONFIG", "SET", setting, right})).ok());
    EXPECT_EQ(stores_->CheckServer(), absl::OkStatus());
  }
}

// What a snapshot has is neither deleted nor rewritten.
TEST_F(ServerLossTest, DoesNotTrustAServerThatWritesSnapshots) {
  for (const auto& [setting, wrong, right] :
       {std::tuple("save", "60 1", ""), std::tuple("repl-diskless-sync", "no", "yes"),
        std::tuple("repl-diskless-load", "disabled", "swapdb"),
        std::tuple("repl-diskless-load", "on-empty-db", "swapdb")}) {
    ASSERT_TRUE(AsOk(inspector_->Call({"CONFIG", "SET", setting, wrong})).ok());
    const absl::Status refused = stores_->CheckServer();
    EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << setting << " " << wrong << ": " << refused;
    EXPECT_THAT(std::string(refused.message()), HasSubstr("repl-diskless-load swapdb"));
    ASSERT_TRUE(AsOk(inspector_->Call({"CONFIG", "SET", setting, right})).ok());
    EXPECT_EQ(stores_->CheckServer(), absl::OkStatus());
  }
}

// Mutation: to take silence for "always".
TEST_F(ServerLossTest, DoesNotTrustAServerThatDoesNotSayWhenItSynchronises) {
  ASSERT_TRUE(AsOk(inspector_->Call({"ACL", "SETUSER", "aggregate", "-config|get"})).ok());
  const absl::Status refused = stores_->CheckServer();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("+config|get"));
  EXPECT_TRUE(stores_->IsStoredIn("another run").ok()) << "that is another question";
}

// Mutations: to leave it to the first write; to count a replica that is away, or still copies.
TEST_F(ServerLossTest, DoesNotTrustAServerWithFewerReplicasThanAreWaitedFor) {
  absl::StatusOr<std::unique_ptr<RedisServer>> primary = RedisServer::StartPrimary();
  ASSERT_TRUE(primary.ok()) << primary.status();
  server_ = *std::move(primary);
  RedisOptions options = server_->OptionsFor("aggregate");
  options.wait_replicas = 1;
  RedisStores stores(options);
  absl::Status refused = stores.CheckServer();
  EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("0 of 1 replicas"));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("--redis_wait_replicas"));
  {
    const auto replica = RedisServer::StartReplicaOf(*server_);
    ASSERT_TRUE(replica.ok()) << replica.status();
    EXPECT_EQ(stores.CheckServer(), absl::OkStatus());
    options.wait_replicas = 2;
    EXPECT_TRUE(absl::IsUnavailable(RedisStores(options).CheckServer()));
    (*replica)->Kill();
    // The primary sees the end of the connection by itself.
    const absl::Time deadline = absl::Now() + absl::Seconds(30);
    while (stores.CheckServer().ok() && absl::Now() < deadline) {
      absl::SleepFor(absl::Milliseconds(10));
    }
    EXPECT_TRUE(absl::IsUnavailable(stores.CheckServer()));
    ASSERT_EQ((*replica)->Resume(), absl::OkStatus());
    while (!stores.CheckServer().ok() && absl::Now() < deadline) {
      absl::SleepFor(absl::Milliseconds(10));
    }
    EXPECT_EQ(stores.CheckServer(), absl::OkStatus());
  }
}

// What is deleted would live on there, and who takes its place may lose what it takes. Mutations:
// to ask the primary alone; to speak to whoever it is in plain text.
TEST_F(ServerLossTest, DoesNotTrustAReplicaThatMayForgetOrIsElsewhere) {
  absl::StatusOr<std::unique_ptr<RedisServer>> primary = RedisServer::StartPrimary();
  ASSERT_TRUE(primary.ok()) << primary.status();
  server_ = *std::move(primary);
  const auto replica = RedisServer::StartReplicaOf(*server_);
  ASSERT_TRUE(replica.ok()) << replica.status();
  RedisOptions options = server_->OptionsFor("aggregate");
  options.wait_replicas = 1;
  stores_ = std::make_unique<RedisStores>(options);
  EXPECT_EQ(stores_->CheckServer(), absl::OkStatus());
  RedisPool there((*replica)->OptionsFor("inspector"));
  ASSERT_EQ(AsOk(there.Call({"CONFIG", "SET", "save", "60 1"})), absl::OkStatus());
  absl::Status refused = stores_->CheckServer();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(refused.message(), HasSubstr("of a replica: redis-server writes snapshots"));
  ASSERT_EQ(AsOk(there.Call({"CONFIG", "SET", "save", ""})), absl::OkStatus());
  EXPECT_EQ(stores_->CheckServer(), absl::OkStatus());

  ASSERT_EQ(AsOk(there.Call({"CONFIG", "SET", "replica-announce-ip", "192.0.2.1"})),
            absl::OkStatus());
  // It says so when it connects.
  RedisPool here(server_->OptionsFor("inspector"));
  ASSERT_EQ(AsOk(here.Call({"CLIENT", "KILL", "TYPE", "replica"})), absl::OkStatus());
  EXPECT_TRUE(WaitUntil([&] { return absl::IsFailedPrecondition(stores_->CheckServer()); }));
  Create("acme");
  for (const absl::Status& status :
       {stores_->CheckServer(), stores_->counters().ScrubFiles([] { return false; }),
        stores_->organizations().Erase("acme", Named("gone")).status()}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(status.message(), HasSubstr("--redis_tls_authorities"));
  }
}

// A primary that was made a replica says so, and a replica that is cut off. Mutation: an error of
// the kind that calls are not repeated after.
TEST_F(ServerLossTest, IsUnavailableWhereTheServerIsAReplica) {
  absl::StatusOr<std::unique_ptr<RedisServer>> primary = RedisServer::StartPrimary();
  ASSERT_TRUE(primary.ok()) << primary.status();
  const auto replica = RedisServer::StartReplicaOf(**primary);
  ASSERT_TRUE(replica.ok()) << replica.status();
  stores_ = std::make_unique<RedisStores>((*replica)->OptionsFor("aggregate"));
  EXPECT_TRUE(absl::IsNotFound(stores_->organizations().Read("acme").status())) << "the control";
  const absl::Status read_only =
      stores_->organizations().Create("acme", Named("acme"), absl::InfiniteFuture());
  EXPECT_TRUE(absl::IsUnavailable(read_only)) << read_only;
  EXPECT_THAT(read_only.message(), HasSubstr("READONLY"));
  RedisPool there((*replica)->OptionsFor("inspector"));
  ASSERT_EQ(AsOk(there.Call({"CONFIG", "SET", "replica-serve-stale-data", "no"})),
            absl::OkStatus());
  (*primary)->Kill();
  absl::Status cut_off;
  EXPECT_TRUE(WaitUntil([&] {
    cut_off = stores_->organizations().Read("acme").status();
    return absl::IsUnavailable(cut_off);
  }));
  EXPECT_THAT(cut_off.message(), HasSubstr("MASTERDOWN"));
}

TEST_F(ServerLossTest, DoesNotCountAWriteAsDurableWithoutItsReplicas) {
  RedisOptions options = server_->OptionsFor("aggregate");
  options.wait_replicas = 1;
  options.timeout = absl::Milliseconds(200);
  RedisStores stores(options);
  EXPECT_TRUE(absl::IsUnavailable(stores.organizations().SetDue("acme", absl::Now())));
}

}  // namespace
}  // namespace tutti
