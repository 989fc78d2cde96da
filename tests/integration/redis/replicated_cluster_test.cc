#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/redis/keys.h"
#include "common/redis/user_check.h"
#include "tests/integration/redis/cluster_fixture.h"

namespace tutti {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSubsetOf;
using ::testing::Not;

class ReplicatedClusterTest : public ClusterTest {
 protected:
  int replicas() const override { return 1; }
};

// Mutation: to wait on another connection than the one that wrote, for there all is received.
TEST_F(ReplicatedClusterTest, WaitsForTheReplicasOfEveryPrimaryThatIsWrittenTo) {
  ASSERT_EQ(stores_->CheckServer(), absl::OkStatus());
  std::vector<BitmapDelta> deltas;
  const std::vector<uint32_t> bits = {1};
  for (int i = 0; i < 3; ++i) {
    Begin(OrganizationOn(i), kReachWindow, {"person"});
    deltas.push_back({Person(OrganizationOn(i)), bits});
  }
  Use(absl::Seconds(4));
  ASSERT_TRUE(stores_->counters().Merge(deltas).ok());
  own_->replica(1).Freeze(true);
  const absl::Status waited = Merge(Person(OrganizationOn(1)), bits).status();
  EXPECT_TRUE(absl::IsUnavailable(waited)) << waited;
  EXPECT_THAT(std::string(waited.message()), HasSubstr("0 of 1 replicas"));
  EXPECT_THAT(
      stores_->counters().Merge(deltas).value(),
      ElementsAre(MergeOutcome::kMerged, MergeOutcome::kUnavailable, MergeOutcome::kMerged));
  EXPECT_TRUE(
      absl::IsUnavailable(stores_->organizations()
                              .TakeLease(OrganizationOn(1), LeaseToken("t"), absl::Minutes(1))
                              .status()));
  EXPECT_TRUE(stores_->organizations()
                  .TakeLease(OrganizationOn(0), LeaseToken("t"), absl::Minutes(1))
                  .ok());
  own_->replica(1).Freeze(false);
  EXPECT_TRUE(WaitUntil([&] { return Merge(Person(OrganizationOn(1)), bits).ok(); }));
}

// Mutations: not to wait; not to look for the new primary; to believe the mirror.
TEST_F(ReplicatedClusterTest, LosesNothingThatWasAcknowledgedWhenAReplicaTakesOver) {
  const std::string id = OrganizationOn(0);
  Begin(id, kReachWindow, {"person"}, kBits);
  Use(absl::Seconds(2));
  const auto take_over = [](RedisServer& replica) {
    RedisPool pool(replica.OptionsFor("inspector"));
    // The others do not always vote at the first time.
    EXPECT_TRUE(WaitUntil([&] {
      AsOk(pool.Call({"CLUSTER", "FAILOVER"})).IgnoreError();
      return absl::StrContains(AsString(pool.Call({"INFO", "replication"})).value_or(""),
                               "role:master");
    }));
  };
  const std::set<uint32_t> acknowledged = MergeWhile(Person(id), [&] {
    take_over(own_->replica(0));
    EXPECT_EQ(own_->replica(0).AwaitReplica(own_->primary(0)), absl::OkStatus());
    take_over(own_->primary(0));
    EXPECT_EQ(own_->primary(0).AwaitReplica(own_->replica(0)), absl::OkStatus());
  });
  const std::vector<uint32_t> kept = BitsOf(Raw(BitmapKey(Person(id))));
  EXPECT_THAT(acknowledged, IsSubsetOf(kept));
}

// No replica takes over by hand before: Redis 7.0 counts the votes of such an election again when
// the next primary dies within four node time-outs, and then nobody follows the replica.
//
// Mutations: not to wait; not to read the map anew when a node does not answer.
TEST_F(ReplicatedClusterTest, LosesNothingThatWasAcknowledgedWhenAPrimaryDies) {
  const std::string id = OrganizationOn(0);
  Begin(id, kReachWindow, {"person"}, kBits);
  Use(absl::Seconds(2));
  std::set<uint32_t> acknowledged;
  for (uint32_t bit = 0; bit < 200; ++bit) {
    if (bit == 150) own_->primary(0).Freeze(true);
    // The last ones may be on one node alone.
    if (Merge(Person(id), {bit}).ok()) acknowledged.insert(bit);
    if (bit == 150) own_->primary(0).Kill();
  }
  EXPECT_THAT(acknowledged, Contains(149u));
  EXPECT_THAT(acknowledged, Not(Contains(150u)));
  // The others see it, and elect.
  ASSERT_TRUE(WaitUntil([&] { return stores_->organizations().Read(id).ok(); }));
  EXPECT_THAT(acknowledged, IsSubsetOf(BitsOf(Raw(BitmapKey(Person(id))))));
  // With nobody to receive it nothing is acknowledged.
  EXPECT_TRUE(absl::IsUnavailable(Merge(Person(id), {kBits - 1}).status()));
}

// Mutations: to look through one primary alone, or through no replica.
TEST_F(ReplicatedClusterTest, ErasesAndRewritesOnEveryNode) {
  std::string erased;
  for (int i = 0; i < 3; ++i) {
    const std::string id = OrganizationOn(i);
    Begin(id, kReachWindow, {"person"});
    ASSERT_EQ(Merge(Person(id), {1234}).value(), MergeOutcome::kMerged);
    erased = id;
  }
  EXPECT_TRUE(stores_->organizations().Erase(erased, Named("gone")).ok());
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(stores_->counters().Drop({OrganizationOn(i), kReachWindow, {"person"}}),
              absl::OkStatus());
  }
  EXPECT_THAT(AppendOnlyFiles(), HasSubstr("1234")) << "the control";
  EXPECT_EQ(stores_->counters().ScrubFiles([] { return false; }), absl::OkStatus());
  for (const auto& node : own_->nodes()) {
    ASSERT_TRUE(node->WaitForRewrite());
    EXPECT_THAT(node->AppendOnlyFiles(), Not(HasSubstr("1234")));
    EXPECT_FALSE(node->HasSnapshot());
  }
  Use(absl::Seconds(2));
  own_->replica(1).Freeze(true);
  // A shard that has none of the organisation, as far as anybody knows.
  ASSERT_TRUE(WaitUntil([&] {
    return absl::IsUnavailable(
        stores_->organizations().Erase(OrganizationOn(0), Named("gone")).status());
  }));
  own_->replica(1).Freeze(false);
  EXPECT_TRUE(WaitUntil(
      [&] { return stores_->organizations().Erase(OrganizationOn(0), Named("gone")).ok(); }));
}

// Any of them may take over. Mutations: to ask primaries alone; to leave a setting out; to wait for
// a replica that hangs, or to forget what it said.
TEST_F(ReplicatedClusterTest, TrustsNoReplicaThatMayLoseWrites) {
  ASSERT_EQ(stores_->CheckServer(), absl::OkStatus());
  RedisPool replica(own_->replica(1).OptionsFor("inspector"));
  for (const auto& [setting, wrong, right] :
       {std::tuple("cluster-allow-replica-migration", "yes", "no"),
        std::tuple("cluster-replica-validity-factor", "0", "10"),
        std::tuple("cluster-allow-reads-when-down", "yes", "no"),
        std::tuple("cluster-node-timeout", "1999", "5000"), std::tuple("save", "60 1", ""),
        std::tuple("appendfsync", "everysec", "always"),
        std::tuple("maxmemory-policy", "allkeys-lru", "noeviction"),
        std::tuple("appendonly", "no", "yes")}) {
    ASSERT_EQ(AsOk(replica.Call({"CONFIG", "SET", setting, wrong})), absl::OkStatus());
    const absl::Status refused = stores_->CheckServer();
    EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << setting << ": " << refused;
    EXPECT_THAT(refused.message(), HasSubstr(setting));
    EXPECT_THAT(refused.message(), HasSubstr("of a replica"));
    if (setting == std::string("appendonly")) break;
    ASSERT_EQ(AsOk(replica.Call({"CONFIG", "SET", setting, right})), absl::OkStatus());
    EXPECT_EQ(stores_->CheckServer(), absl::OkStatus());
  }
  own_->replica(1).Freeze(true);
  own_->replica(0).Freeze(true);
  for (int i = 0; i < 3; ++i) {
    const absl::Status refused = stores_->CheckServer();
    EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << "it has not been mended: " << refused;
  }
  own_->replica(1).Freeze(false);
  ASSERT_EQ(AsOk(replica.Call({"CONFIG", "SET", "appendonly", "yes"})), absl::OkStatus());
  EXPECT_TRUE(WaitUntil([&] { return stores_->CheckServer().ok(); }))
      << "its primary knows of the other, which hangs";
  own_->replica(0).Freeze(false);
}

TEST_F(ReplicatedClusterTest, AsksReplicasForTheRightsOfAUser) {
  RedisPool replica(own_->replica(2).OptionsFor("inspector"));
  ASSERT_EQ(AsOk(replica.Call({"ACL", "SETUSER", "aggregate", "-bgrewriteaof"})), absl::OkStatus());
  const absl::Status refused = CheckUser(OptionsFor("aggregate"), RedisUse::kAggregate);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(refused.message(), HasSubstr("denies BGREWRITEAOF"));
}

// One that is not waited for may lack a write, and may win. Mutation: to count none alone.
TEST(ReplicatedPrimaryTest, IsNotTrustedWithMoreReplicasThanAreWaitedFor) {
  const auto primary = RedisServer::StartClusterPrimary();
  ASSERT_TRUE(primary.ok()) << primary.status();
  RedisOptions options = (*primary)->OptionsFor("aggregate");
  options.unix_socket.clear();
  options.cluster = {(*primary)->address()};
  std::vector<std::unique_ptr<RedisServer>> replicas;
  for (options.wait_replicas = 0; options.wait_replicas < 2; ++options.wait_replicas) {
    EXPECT_EQ(RedisStores(options).CheckServer(), absl::OkStatus());
    absl::StatusOr<std::unique_ptr<RedisServer>> replica =
        RedisServer::StartClusterReplicaOf(**primary);
    ASSERT_TRUE(replica.ok()) << replica.status();
    replicas.push_back(*std::move(replica));
    const absl::Status refused = RedisStores(options).CheckServer();
    EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
    EXPECT_THAT(refused.message(),
                HasSubstr(absl::StrCat("--redis_wait_replicas=", options.wait_replicas)));
  }
}

}  // namespace
}  // namespace tutti
