#include <algorithm>
#include <set>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "common/redis/keys.h"
#include "common/redis/user_check.h"
#include "tests/integration/redis/cluster_fixture.h"

namespace tutti {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSubsetOf;

// Mutations: a slot's new owner told of as few bits as its old one; MOVED or ASK not followed; a
// bitmap taken for missing that the node which takes the slot over does not have yet.
TEST_F(ClusterTest, LosesNoBitOfASlotThatMovesWhileItIsMerged) {
  const std::string id = OrganizationOn(0);
  Begin(id, kReachWindow, {"person"}, kBits);
  int moves = 0;
  const std::set<uint32_t> acknowledged = MergeWhile(Person(id), [&] {
    for (const auto& [from, to] : {std::pair(0, 1), {1, 2}, {2, 0}, {0, 2}}) {
      ASSERT_EQ(own_->BeginMove(id, from, to), absl::OkStatus());
      while (own_->MoveKeys(id, from, to, 1).value() > 0) std::this_thread::yield();
      ASSERT_EQ(own_->EndMove(id, from, to), absl::OkStatus());
      ++moves;
    }
  });
  EXPECT_EQ(moves, 4);
  const std::vector<uint32_t> kept = BitsOf(Raw(BitmapKey(Person(id))));
  EXPECT_THAT(acknowledged, IsSubsetOf(kept));
  EXPECT_EQ(Raw(BitmapKey(Person(id))).size(), kBits / 8) << "it was made anew on the way";
}

// Mutations: the epoch of a node taken for that of its slots, so that what a slot's new owner
// lost, or its old one when it comes back, is not written again.
TEST_F(ClusterTest, ForgetsWhatItKnewOfASlotThatMoved) {
  const std::string id = OrganizationOn(0);
  const std::string key = BitmapKey(Person(id));
  Begin(id, kReachWindow, {"person"});
  ASSERT_EQ(Merge(Person(id), {1, 2}).value(), MergeOutcome::kMerged);
  for (const auto& [from, to] : {std::pair(0, 1), {1, 0}}) {
    ASSERT_EQ(own_->Move(id, from, to), absl::OkStatus());
    // Any call hears of it.
    ASSERT_TRUE(stores_->organizations().Read(id).ok());
    ASSERT_EQ(AsOk(inspector_->Call({"SETBIT", key, "2", "0"})), absl::OkStatus());
    EXPECT_EQ(Merge(Person(id), {1, 2}).value(), MergeOutcome::kMerged);
    EXPECT_THAT(BitsOf(Raw(key)), ElementsAre(1, 2));
  }
}

// Mutation: the epoch of a node taken for that of its slots, when only the map has told that one
// was away.
TEST_F(ClusterTest, LooksWhetherASlotWasAway) {
  const std::string id = OrganizationOn(0);
  const std::string key = BitmapKey(Person(id));
  Begin(id, kReachWindow, {"person"});
  ASSERT_EQ(Merge(Person(id), {1, 2}).value(), MergeOutcome::kMerged);
  ASSERT_EQ(own_->Move(id, 0, 1), absl::OkStatus());
  // Asks all nodes who has which slots, and nobody for a key.
  ASSERT_EQ(stores_->CheckServer(), absl::OkStatus());
  ASSERT_EQ(own_->Move(id, 1, 0), absl::OkStatus());
  ASSERT_EQ(stores_->CheckServer(), absl::OkStatus());
  ASSERT_EQ(AsOk(inspector_->Call({"SETBIT", key, "2", "0"})), absl::OkStatus());
  EXPECT_EQ(Merge(Person(id), {1, 2}).value(), MergeOutcome::kMerged);
  EXPECT_THAT(BitsOf(Raw(key)), ElementsAre(1, 2));
}

// In whatever order they are asked. Mutations: the first error of any; an end at the first that
// does not answer.
TEST_F(ClusterTest, SaysWhatLastsAlsoWhileAnotherPrimaryDoesNotAnswer) {
  Use(absl::Seconds(2));
  for (int i = 0; i < 3; ++i) {
    RedisPool forgetful(own_->primary(i).OptionsFor("inspector"));
    ASSERT_EQ(AsOk(forgetful.Call({"CONFIG", "SET", "appendfsync", "everysec"})), absl::OkStatus());
    own_->primary((i + 1) % 3).Freeze(true);
    const absl::Status refused = stores_->CheckServer();
    own_->primary((i + 1) % 3).Freeze(false);
    EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
    EXPECT_THAT(refused.message(), HasSubstr("appendfsync always"));
    ASSERT_EQ(AsOk(forgetful.Call({"CONFIG", "SET", "appendfsync", "always"})), absl::OkStatus());
  }
  EXPECT_TRUE(WaitUntil([&] { return stores_->CheckServer().ok(); })) << "the control";
}

// All of it as the users of the ACL file. Mutations: ASKING left out, or said once for two
// commands; a right to say it taken away.
TEST_F(ClusterTest, AsksTheNodeThatTakesASlotOver) {
  const std::string id = OrganizationOn(0);
  Begin(id, kReachWindow, {"person", "device"});
  ASSERT_EQ(Merge(Person(id), {1}).value(), MergeOutcome::kMerged);
  PublicationStore& publications = stores_->publications();
  ASSERT_EQ(publications.Stage(id, {Day(2026, 3, 1), "record", {}, {}}), absl::OkStatus());
  ASSERT_EQ(publications.Promote(id, Day(2026, 3, 1)), absl::OkStatus());
  ASSERT_EQ(own_->BeginMove(id, 0, 1), absl::OkStatus());
  ASSERT_EQ(own_->MoveKeys(id, 0, 1, 1000).value(), 0);

  const std::vector<uint32_t> bits = {2};
  const auto merged =
      stores_->counters().Merge({{Person(id), bits}, {{id, kReachWindow, "device"}, bits}});
  ASSERT_TRUE(merged.ok()) << merged.status();
  EXPECT_THAT(*merged, ElementsAre(MergeOutcome::kMerged, MergeOutcome::kMerged));
  const VersionedOrganization old = stores_->organizations().Read(id).value();
  EXPECT_TRUE(stores_->organizations().Replace(id, old, Named("during")).ok());
  RedisStores score(OptionsFor("score"));
  EXPECT_THAT(score.publications().Read(id, {Day(2026, 3, 1)}).value(), ElementsAre("record"));
  EXPECT_EQ(score.publications().Find({{id, {}}}).value().front(), Day(2026, 3, 1));

  ASSERT_EQ(own_->EndMove(id, 0, 1), absl::OkStatus());
  EXPECT_EQ(stores_->organizations().Read(id)->stored.organization().display_name(), "during");
  EXPECT_THAT(BitsOf(Raw(BitmapKey(Person(id)))), ElementsAre(1, 2));
}

// Mutation: a script that deletes and makes anew is stopped in between, and the ledger of an
// erased organisation or the guard of a window is gone: without the NeverKey.
TEST_F(ClusterTest, DoesAllOfAScriptOrNothingWhileTheSlotMoves) {
  const std::string id = OrganizationOn(0);
  Begin(id, kReachWindow, {"person"});
  ASSERT_EQ(stores_->publications().Stage(id, {Day(2026, 3, 1), "record", {{"person", 7}}, {}}),
            absl::OkStatus());
  ASSERT_TRUE(stores_->counters().Seal({id, kReachWindow, {"person"}}).value());
  Use(absl::Milliseconds(300));
  ASSERT_EQ(own_->BeginMove(id, 0, 1), absl::OkStatus());
  // All keys are still on the first.
  EXPECT_TRUE(absl::IsUnavailable(stores_->counters().Drop({id, kReachWindow, {"person"}})));
  EXPECT_TRUE(absl::IsUnavailable(stores_->organizations().Erase(id, Named("gone")).status()));
  const std::vector<std::string> keys = Keys();
  for (const std::string& key :
       {LedgerKey(id), BitmapKey(Person(id)), SealedBitmapKey(Person(id))}) {
    EXPECT_THAT(keys, Contains(key));
  }
  EXPECT_EQ(stores_->organizations().Read(id)->stored.organization().display_name(), "begun");
  while (own_->MoveKeys(id, 0, 1, 10).value() > 0) {
  }
  ASSERT_EQ(own_->EndMove(id, 0, 1), absl::OkStatus());
  Use(absl::Seconds(10));
  EXPECT_EQ(stores_->counters().Drop({id, kReachWindow, {"person"}}), absl::OkStatus());
  EXPECT_EQ(Merge(Person(id), {1}).value(), MergeOutcome::kLate);
  EXPECT_TRUE(stores_->organizations().Erase(id, Named("gone")).ok());
  EXPECT_EQ(AsString(inspector_->Call({"HGET", LedgerKey(id), "person:total"})).value(), "7");
}

// No key that is only to come is asked for: there is none on either node. Mutations: to send many
// bits as a bitmap of their own again; to write the tick again; to leave out what is known.
TEST_F(ClusterTest, MergesManyBitsWhileTheSlotMoves) {
  const std::string id = OrganizationOn(0);
  Begin(id, kReachWindow, {"person"});
  Use(absl::Seconds(2));
  std::vector<uint32_t> all;
  const auto merge_some = [&] {
    std::vector<uint32_t> some;
    const auto first = static_cast<uint32_t>(all.size() / 800);
    for (uint32_t i = 0; i < 800; ++i) some.push_back(5 * i + first);
    all.insert(all.end(), some.begin(), some.end());
    const absl::StatusOr<MergeOutcome> merged = Merge(Person(id), some);
    ASSERT_TRUE(merged.ok()) << merged.status();
    EXPECT_EQ(*merged, MergeOutcome::kMerged);
  };
  ASSERT_EQ(own_->BeginMove(id, 0, 1), absl::OkStatus());
  ASSERT_NO_FATAL_FAILURE(merge_some());
  // The bitmap alone, and then all there is.
  const std::string key = BitmapKey(Person(id));
  ASSERT_EQ(own_->MoveKey(key, 0, 1), absl::OkStatus());
  ASSERT_NO_FATAL_FAILURE(merge_some());
  ASSERT_EQ(own_->MoveKeys(id, 0, 1, 1000).value(), 0);
  ASSERT_NO_FATAL_FAILURE(merge_some());
  ASSERT_EQ(own_->EndMove(id, 0, 1), absl::OkStatus());
  // The first one is told where the slot is.
  ASSERT_NO_FATAL_FAILURE(merge_some());
  ASSERT_NO_FATAL_FAILURE(merge_some());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(BitsOf(Raw(key)), all);
  EXPECT_EQ(Raw(TickKey(id)), "1") << "the control";
}

// Mutation: to take a bitmap that is on the other node for one that is lost.
TEST_F(ClusterTest, TakesNoBitmapForMissingWhoseSlotIsHalfMoved) {
  const std::string id = OrganizationOn(0);
  const BitmapId device{id, kReachWindow, "device"};
  Begin(id, kReachWindow, {"person", "device"});
  Use(absl::Milliseconds(300));
  ASSERT_EQ(own_->BeginMove(id, 0, 1), absl::OkStatus());
  const std::vector<uint32_t> bits = {2};
  int refused = 0;
  for (int64_t left = 1; left > 0; left = own_->MoveKeys(id, 0, 1, 1).value()) {
    const auto merged = stores_->counters().Merge({{Person(id), bits}, {device, bits}});
    refused += merged.ok() ? 0 : 1;
    if (merged.ok()) {
      EXPECT_THAT(*merged, ElementsAre(MergeOutcome::kMerged, MergeOutcome::kMerged));
    } else {
      EXPECT_TRUE(absl::IsUnavailable(merged.status())) << merged.status();
    }
  }
  EXPECT_GT(refused, 0) << "the control";
  ASSERT_EQ(own_->EndMove(id, 0, 1), absl::OkStatus());
  EXPECT_EQ(Merge(device, {3}).value(), MergeOutcome::kMerged);
}

// Mutation: everybody who hears MOVED reads the map.
TEST_F(ClusterTest, ReadsTheMapOnceForManyWhoHearThatASlotMoved) {
  const auto asked = [&] {
    int64_t calls = 0;
    for (const auto& node : own_->nodes()) {
      RedisPool pool(node->OptionsFor("inspector"));
      const std::string stats = AsString(pool.Call({"INFO", "commandstats"})).value_or("");
      for (absl::string_view line : absl::StrSplit(stats, "\r\n")) {
        int64_t own = 0;
        if (!absl::ConsumePrefix(&line, "cmdstat_cluster|slots:calls=")) continue;
        if (absl::SimpleAtoi(line.substr(0, line.find(',')), &own)) calls += own;
      }
    }
    return calls;
  };
  const std::string id = OrganizationOn(0);
  Create(id);
  ASSERT_EQ(own_->Move(id, 0, 1), absl::OkStatus());
  const int64_t before = asked();
  std::vector<std::thread> threads;
  threads.reserve(16);
  for (int thread = 0; thread < 16; ++thread) {
    threads.emplace_back([&] {
      do {
        ASSERT_TRUE(stores_->organizations().Read(id).ok());
      } while (asked() == before);
    });
  }
  for (std::thread& thread : threads) thread.join();
  // Whoever was answered by the old owner while the map was read has it read once more.
  EXPECT_LE(asked() - before, 3);
}

TEST_F(ClusterTest, NeedsOneSeedThatAnswers) {
  RedisOptions options = OptionsFor("aggregate");
  options.cluster = {{"127.0.0.1", 1}, {"127.0.0.1", 2}, own_->primary(2).address()};
  RedisStores stores(options);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(absl::IsNotFound(stores.organizations().Read(OrganizationOn(i)).status()));
  }
  options.cluster.pop_back();
  const absl::Status nobody = RedisStores(options).organizations().Read("acme").status();
  EXPECT_TRUE(absl::IsUnavailable(nobody)) << nobody;
}

// Mutation: a node that hangs keeps callers of others, or its own for ever.
TEST_F(ClusterTest, FailsForAPrimaryThatHangsAndServesTheOthers) {
  Use(absl::Seconds(1));
  for (int i = 0; i < 3; ++i) Begin(OrganizationOn(i), kReachWindow, {"person"});
  own_->primary(0).Freeze(true);
  for (int round = 0; round < 3; ++round) {
    EXPECT_TRUE(absl::IsUnavailable(Merge(Person(OrganizationOn(0)), {1}).status()));
    for (const int other : {1, 2}) {
      EXPECT_EQ(Merge(Person(OrganizationOn(other)), {1}).value(), MergeOutcome::kMerged);
      EXPECT_TRUE(stores_->organizations().Read(OrganizationOn(other)).ok());
    }
  }
  EXPECT_TRUE(absl::IsUnavailable(stores_->CheckServer()));
  EXPECT_TRUE(absl::IsUnavailable(stores_->counters().ScrubFiles([] { return false; })));
  // Keys may be on every node.
  EXPECT_TRUE(absl::IsUnavailable(
      stores_->organizations().Erase(OrganizationOn(1), Named("gone")).status()));
  own_->primary(0).Freeze(false);
  EXPECT_TRUE(WaitUntil([&] { return Merge(Person(OrganizationOn(0)), {1}).ok(); }));
  EXPECT_TRUE(WaitUntil([&] { return stores_->CheckServer().ok(); }));
}

// Mutations: one primary's error is the call's; what was not answered is taken for merged.
TEST_F(ClusterTest, MergesForThePrimariesThatAnswerWhileOneIsAway) {
  std::vector<BitmapDelta> deltas;
  std::vector<uint32_t> bits = {1};
  for (int i = 0; i < 3; ++i) {
    Begin(OrganizationOn(i), kReachWindow, {"person"});
    deltas.push_back({Person(OrganizationOn(i)), bits});
  }
  const auto merge = [&](uint32_t bit) {
    bits = {bit};
    for (BitmapDelta& delta : deltas) delta.positions = bits;
    const auto outcomes = stores_->counters().Merge(deltas);
    EXPECT_TRUE(outcomes.ok()) << outcomes.status();
    return outcomes.value_or(std::vector<MergeOutcome>());
  };
  const auto others =
      ElementsAre(MergeOutcome::kUnavailable, MergeOutcome::kMerged, MergeOutcome::kMerged);
  const auto all = ElementsAre(MergeOutcome::kMerged, MergeOutcome::kMerged, MergeOutcome::kMerged);
  Use(absl::Seconds(4));
  EXPECT_THAT(merge(1), all);
  own_->primary(0).Freeze(true);
  EXPECT_THAT(merge(2), others);
  EXPECT_THAT(merge(3), others);
  const std::vector<std::string> ids = {OrganizationOn(0), OrganizationOn(1)};
  const auto read = stores_->organizations().ReadEach(ids);
  EXPECT_TRUE(absl::IsUnavailable(read[0].status())) << read[0].status();
  EXPECT_TRUE(read[1].ok()) << read[1].status();
  Use(absl::Seconds(4));  // without a connection to any
  EXPECT_THAT(merge(4), others);
  own_->primary(0).Freeze(false);
  EXPECT_TRUE(WaitUntil([&] { return Merge(Person(OrganizationOn(0)), {5}).ok(); }));
  EXPECT_THAT(merge(6), all);
  own_->primary(1).Kill();
  EXPECT_THAT(merge(7), ElementsAre(MergeOutcome::kMerged, MergeOutcome::kUnavailable,
                                    MergeOutcome::kMerged));
  ASSERT_EQ(own_->primary(1).Resume(), absl::OkStatus());
  EXPECT_TRUE(WaitUntil([&] { return Merge(Person(OrganizationOn(1)), {8}).ok(); }));
  for (const uint32_t bit : {2U, 3U, 4U, 7U}) EXPECT_THAT(merge(bit), all);
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(BitsOf(Raw(BitmapKey(Person(OrganizationOn(i))))),
                ::testing::IsSupersetOf({1U, 2U, 3U, 4U, 6U, 7U}));
  }
}

TEST_F(ClusterTest, SaysThatAServerIsOneOfAClusterAndThatItIsNot) {
  RedisStores one(own_->primary(0).OptionsFor("aggregate"));
  const absl::Status elsewhere = one.organizations().Read(OrganizationOn(1)).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(elsewhere)) << elsewhere;
  EXPECT_THAT(std::string(elsewhere.message()), HasSubstr("--redis_cluster"));
  const auto single = RedisServer::StartPrimary();
  ASSERT_TRUE(single.ok()) << single.status();
  RedisOptions options = (*single)->OptionsFor("aggregate");
  options.cluster = {(*single)->address()};
  const absl::Status none = RedisStores(options).CheckServer();
  EXPECT_TRUE(absl::IsFailedPrecondition(none)) << none;
  EXPECT_THAT(std::string(none.message()), HasSubstr("cluster-enabled"));
}

// Mutation: the map is not read anew when nobody listens where a node was.
TEST_F(ClusterTest, FindsANodeThatAnnouncesAnotherAddress) {
  const std::string id = OrganizationOn(0);
  Begin(id, kReachWindow, {"person"});
  ASSERT_EQ(Merge(Person(id), {1}).value(), MergeOutcome::kMerged);
  RedisPool moved(own_->primary(0).OptionsFor("inspector"));  // by its socket
  int port = own_->primary(0).address().port;
  for (const std::string host : {"127.0.0.1", "127.0.0.2"}) {
    // A port that was free a moment ago may be taken.
    absl::Status bound = absl::UnavailableError("not tried");
    for (int tries = 0; !bound.ok() && tries < 100; ++tries) {
      ++port;
      bound = AsOk(moved.Call({"CONFIG", "SET", "bind", host, "port", absl::StrCat(port)}));
    }
    ASSERT_EQ(bound, absl::OkStatus());
    for (const auto& [setting, value] :
         {std::pair<std::string, std::string>("cluster-announce-ip", host),
          {"cluster-announce-port", absl::StrCat(port)}}) {
      ASSERT_EQ(AsOk(moved.Call({"CONFIG", "SET", setting, value})), absl::OkStatus());
    }
    // As when it is started anew. What is asked in between fails, and does not hang.
    ASSERT_EQ(AsOk(moved.Call({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"})),
              absl::OkStatus());
    EXPECT_TRUE(WaitUntil([&] { return stores_->organizations().Read(id).ok(); })) << host;
    EXPECT_TRUE(WaitUntil([&] { return Merge(Person(id), {2}).ok(); })) << host;
  }
  EXPECT_THAT(BitsOf(AsString(moved.Call({"GET", BitmapKey(Person(id))})).value()),
              ElementsAre(1, 2));
}

// Mutation: to leave any of them out, or to ask one primary alone.
TEST_F(ClusterTest, TrustsNoClusterThatMayLoseWrites) {
  ASSERT_EQ(stores_->CheckServer(), absl::OkStatus());
  Inspector last(own_->primary(2).OptionsFor("inspector"));
  for (const auto& [setting, wrong, right] :
       {std::tuple("cluster-allow-replica-migration", "yes", "no"),
        std::tuple("cluster-replica-validity-factor", "0", "10"),
        std::tuple("cluster-allow-reads-when-down", "yes", "no"),
        std::tuple("cluster-node-timeout", "1999", "5000"),
        std::tuple("appendfsync", "everysec", "always"),
        std::tuple("maxmemory-policy", "allkeys-lru", "noeviction")}) {
    ASSERT_EQ(AsOk(last.Call({"CONFIG", "SET", setting, wrong})), absl::OkStatus());
    const absl::Status refused = stores_->CheckServer();
    EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << setting << ": " << refused;
    EXPECT_THAT(std::string(refused.message()), HasSubstr(setting));
    ASSERT_EQ(AsOk(last.Call({"CONFIG", "SET", setting, right})), absl::OkStatus());
  }
  EXPECT_EQ(stores_->CheckServer(), absl::OkStatus());
}

// Mutation: to take nothing of a map in which one node has no name.
TEST_F(ClusterTest, ServesTheOthersWhileANodeAnnouncesNoName) {
  for (int i = 0; i < 3; ++i) Create(OrganizationOn(i));
  for (int i = 0; i < 3; ++i) {
    RedisPool node(own_->primary(i).OptionsFor("inspector"));
    ASSERT_EQ(
        AsOk(node.Call({"CONFIG", "SET", "cluster-announce-hostname", i == 2 ? "" : "localhost",
                        "cluster-preferred-endpoint-type", "hostname"})),
        absl::OkStatus());
  }
  Use(absl::Seconds(2));
  // Word of the names goes from node to node.
  EXPECT_TRUE(WaitUntil([&] {
    return stores_->organizations().Read(OrganizationOn(0)).ok() &&
           stores_->organizations().Read(OrganizationOn(1)).ok();
  }));
  EXPECT_TRUE(absl::IsUnavailable(stores_->organizations().Read(OrganizationOn(2)).status()));
  const absl::Status refused = stores_->CheckServer();
  EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
  EXPECT_THAT(refused.message(), HasSubstr("cluster-announce-hostname"));
}

// Mutations: to ask the first node that answers, or no replica; seeds that are asked one after
// another; a node that does not answer taken for one that refuses.
TEST_F(ClusterTest, AsksEveryNodeForTheRightsOfAUser) {
  RedisOptions options = OptionsFor("score");
  options.timeout = absl::Seconds(3);
  for (int i = 0; i < 3; ++i) {
    RedisPool node(own_->primary(i).OptionsFor("inspector"));
    ASSERT_EQ(AsOk(node.Call({"ACL", "SETUSER", "score", "-mget"})), absl::OkStatus());
    const absl::Status refused = CheckUser(options, RedisUse::kScore);
    EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
    EXPECT_THAT(refused.message(), HasSubstr("denies MGET to user score"));
    ASSERT_EQ(AsOk(node.Call({"ACL", "SETUSER", "score", "+mget"})), absl::OkStatus());
  }
  EXPECT_EQ(CheckUser(options, RedisUse::kScore), absl::OkStatus());
  own_->primary(0).Freeze(true);
  own_->primary(1).Freeze(true);
  UserWatch watch(options, RedisUse::kScore);
  for (int i = 0; i < 3; ++i) {
    const absl::Time begin = absl::Now();
    EXPECT_EQ(watch.Check(), absl::OkStatus());
    EXPECT_LT(absl::Now() - begin, options.timeout);
  }
  own_->primary(2).Freeze(true);
  const absl::Status nobody = CheckUser(options, RedisUse::kScore);
  EXPECT_TRUE(absl::IsUnavailable(nobody)) << nobody;
  for (int i = 0; i < 3; ++i) own_->primary(i).Freeze(false);
}

// Mutation: to take a slot that nobody has for one that is served.
TEST_F(ClusterTest, MissesSlotsThatNobodyHas) {
  Create(OrganizationOn(0));
  own_->primary(2).Kill();
  Use(absl::Seconds(2));
  EXPECT_TRUE(absl::IsUnavailable(stores_->organizations().Read(OrganizationOn(2)).status()));
  EXPECT_TRUE(absl::IsUnavailable(stores_->CheckServer()));
  EXPECT_TRUE(stores_->organizations().Read(OrganizationOn(0)).ok());
  ASSERT_EQ(own_->primary(2).Resume(), absl::OkStatus());
  EXPECT_TRUE(WaitUntil([&] { return stores_->CheckServer().ok(); }));
}

}  // namespace
}  // namespace tutti
