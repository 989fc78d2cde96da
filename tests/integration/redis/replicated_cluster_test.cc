#include <set>

#include "absl/strings/match.h"
#include "common/redis/keys.h"
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

TEST_F(ReplicatedClusterTest, IsNotTrustedWithoutWaitingForItsReplicas) {
  const absl::Status refused = RedisStores(OptionsFor("aggregate")).CheckServer();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("--redis_wait_replicas"));
}

}  // namespace
}  // namespace tutti
