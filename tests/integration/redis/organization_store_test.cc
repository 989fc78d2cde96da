#include <atomic>
#include <map>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/redis/keys.h"
#include "common/redis/redis_nodes.h"
#include "tests/integration/redis/redis_test.h"
#include "tests/support/wait_until.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class OrganizationStoreTest : public RedisTest {
 protected:
  OrganizationStore& organizations() { return stores_->organizations(); }
};

using OrganizationContract = ContractOf<OrganizationStoreTest>;
TUTTI_EVERYWHERE(OrganizationContract);

TEST_P(OrganizationContract, CreatesOnceAndReadsBack) {
  EXPECT_TRUE(absl::IsNotFound(organizations().Read("acme").status()));
  const VersionedOrganization created = Create("acme");
  EXPECT_EQ(created.stored.organization().display_name(), "acme");
  EXPECT_TRUE(absl::IsAlreadyExists(
      organizations().Create("acme", Named("second"), absl::FromUnixSeconds(1))));
  EXPECT_EQ(organizations().Read("acme")->stored.organization().display_name(), "acme");
  // The refused creation has not made the first one due.
  EXPECT_THAT(organizations().ListDue(absl::Now(), 10).value(), IsEmpty());
}

TEST_P(OrganizationContract, SaysWhatIsUnreadable) {
  ASSERT_TRUE(AsOk(inspector_->Call({"SET", ProfileKey("acme"), "\xff\xff"})).ok());
  EXPECT_TRUE(absl::IsDataLoss(organizations().Read("acme").status()));
}

TEST_P(OrganizationContract, ReplacesOnlyWhatWasRead) {
  const VersionedOrganization first = Create("acme");
  const absl::StatusOr<VersionedOrganization> second =
      organizations().Replace("acme", first, Named("second"));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_TRUE(absl::IsAborted(organizations().Replace("acme", first, Named("third")).status()));
  EXPECT_TRUE(absl::IsAborted(organizations().Replace("none", first, Named("third")).status()));
  EXPECT_EQ(organizations().Read("acme")->version, second->version);
  EXPECT_TRUE(organizations().Replace("acme", *second, Named("third")).ok());
}

TEST_P(OrganizationContract, LetsExactlyOneOfManyWritersWin) {
  VersionedOrganization current = Create("acme");
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> wins = 0;
    std::atomic<int> losses = 0;
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&, thread] {
        const auto replaced =
            organizations().Replace("acme", current, Named(absl::StrCat(round, "/", thread)));
        wins += replaced.ok() ? 1 : 0;
        losses += absl::IsAborted(replaced.status()) ? 1 : 0;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wins, 1);
    EXPECT_EQ(losses, 3);
    current = organizations().Read("acme").value();
  }
}

TEST_P(OrganizationContract, BeginsWindowsAtFullSizeWithTheProfile) {
  const BitmapId id{"acme", kReachWindow, "person"};
  const VersionedOrganization old = Create("acme");
  std::set<Window> guarded;
  ASSERT_TRUE(organizations().Begin("acme", old, Named("begun"), {{id, 65536}}, guarded).ok());
  EXPECT_EQ(Raw(BitmapKey(id)), std::string(65536 / 8, '\0'));
  EXPECT_EQ(organizations().Read("acme")->stored.organization().display_name(), "begun");
  // Somebody else's attempt changes nothing.
  const BitmapId other{"acme", kReachWindow, "device"};
  EXPECT_TRUE(absl::IsAborted(
      organizations().Begin("acme", old, Named("x"), {{other, 64}}, guarded).status()));
  EXPECT_TRUE(guarded.empty());
  EXPECT_EQ(Raw(BitmapKey(other)), "");
}

TEST_P(OrganizationContract, BeginsNoClosedWindowAndThenChangesNothing) {
  const VersionedOrganization old = Create("acme");
  ASSERT_TRUE(stores_->counters().Seal({"acme", kReachWindow, {"device"}}).value());
  const BitmapId open{"acme", kDayWindow, "person"};
  const BitmapId closed{"acme", kReachWindow, "device"};
  std::set<Window> guarded;
  EXPECT_TRUE(absl::IsFailedPrecondition(
      organizations()
          .Begin("acme", old, Named("x"), {{open, 64}, {closed, 64}}, guarded)
          .status()));
  EXPECT_EQ(guarded, std::set<Window>{kReachWindow});
  EXPECT_EQ(organizations().Read("acme")->version, old.version);
  EXPECT_EQ(Raw(BitmapKey(open)), "");
}

TEST_P(OrganizationContract, ListsTheLongestDueFirst) {
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(
        organizations().Create(absl::StrCat("org-", i), Named("x"), now + absl::Seconds(i - 4)),
        absl::OkStatus());
  }
  EXPECT_THAT(organizations().ListDue(now, 100).value(),
              ElementsAre("org-0", "org-1", "org-2", "org-3", "org-4"));
  EXPECT_THAT(organizations().ListDue(now, 2).value(), ElementsAre("org-0", "org-1"));
  ASSERT_EQ(organizations().SetDue("org-1", absl::InfiniteFuture()), absl::OkStatus());
  EXPECT_THAT(organizations().ListDue(now, 2).value(), ElementsAre("org-0", "org-2"));
  std::map<std::string, absl::Time> due;
  const std::vector<ListedOrganization> all = organizations().List("", 100).value();
  for (const ListedOrganization& listed : all) due[listed.id] = listed.due;
  EXPECT_EQ(due["org-0"], now - absl::Seconds(4));
  EXPECT_EQ(due["org-1"], absl::InfiniteFuture());
}

TEST_P(OrganizationContract, TellsTheTimeOfTheServer) {
  const absl::Time before = absl::Now();
  const absl::StatusOr<absl::Time> now = stores_->clock().Now();
  ASSERT_TRUE(now.ok()) << now.status();
  // The server runs on this machine, so its clock is this one's, to the microsecond.
  EXPECT_GE(*now, before - absl::Microseconds(1));
  EXPECT_LE(*now, absl::Now());
}

TEST_P(OrganizationContract, PagesThroughAllInAFixedOrder) {
  std::vector<std::string> expected;
  for (int i = 0; i < 150; ++i) {
    expected.push_back(absl::StrCat("org-", i));
    Create(expected.back());
  }
  for (const int limit : {1, 7, 1000}) {
    std::vector<std::string> listed;
    std::string cursor;
    while (true) {
      const std::vector<ListedOrganization> page = organizations().List(cursor, limit).value();
      EXPECT_LE(page.size(), static_cast<size_t>(limit));
      if (page.empty()) break;
      for (const ListedOrganization& organization : page) listed.push_back(organization.id);
      cursor = page.back().id;
    }
    EXPECT_THAT(listed, ::testing::UnorderedElementsAreArray(expected)) << limit;
  }
}

TEST_P(OrganizationContract, LeasesToOneHolderAtATime) {
  const absl::Duration long_time = absl::Minutes(5);
  EXPECT_TRUE(organizations().TakeLease("acme", LeaseToken("one"), long_time).value());
  EXPECT_FALSE(organizations().TakeLease("acme", LeaseToken("two"), long_time).value());
  EXPECT_TRUE(organizations().TakeLease("acme", LeaseToken("one"), long_time).value());
  EXPECT_EQ(organizations().ReleaseLease("acme", LeaseToken("two")), absl::OkStatus());
  EXPECT_FALSE(organizations().TakeLease("acme", LeaseToken("two"), long_time).value());
  EXPECT_EQ(organizations().ReleaseLease("acme", LeaseToken("one")), absl::OkStatus());
  EXPECT_TRUE(organizations().TakeLease("acme", LeaseToken("two"), absl::Milliseconds(50)).value());
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (!organizations().TakeLease("acme", LeaseToken("three"), long_time).value()) {
    ASSERT_LT(absl::Now(), deadline) << "the lease has not run out";
    absl::SleepFor(absl::Milliseconds(10));
  }
}

class EraseTest : public OrganizationStoreTest {
 protected:
  void Fill(const std::string& id) {
    Begin(id, kReachWindow, {"person"});
    ASSERT_EQ(Merge({id, kReachWindow, "person"}, {1}).value(), MergeOutcome::kMerged);
    const Day day = kDayWindow.end_day;
    ASSERT_EQ(stores_->counters().StoreTally({id, {WindowKind::kDay, day}, {}}, {{{"mail", 3}}, {}},
                                             LeaseToken()),
              absl::OkStatus());
    PublicationStore& publications = stores_->publications();
    for (int i = 0; i < 3; ++i) {
      ASSERT_EQ(publications.Stage(
                    id, {day + int64_t{7} * i, "record", {{"person", 10}, {"device", 1}}, {}}),
                absl::OkStatus());
      if (i < 2) {
        ASSERT_EQ(publications.Promote(id, day + int64_t{7} * i), absl::OkStatus());
      }
    }
    ASSERT_TRUE(organizations().TakeLease(id, LeaseToken("closer"), absl::Minutes(1)).value());
  }
  // All keys of an organisation but guards, which must be about to expire.
  std::vector<std::string> Left(const std::string& id) {
    std::vector<std::string> left;
    for (const std::string& key : Keys()) {
      if (key.rfind(absl::StrCat("{", id, "}:"), 0) != 0) continue;
      const int64_t ttl = AsInteger(inspector_->Call({"TTL", key})).value();
      if (AsString(inspector_->Call({"TYPE", key})).value() == "list") {
        EXPECT_GT(ttl, 0) << key;
        EXPECT_LE(ttl, 600) << key;
      } else {
        left.push_back(key);
      }
    }
    return left;
  }
};

using EraseContract = ContractOf<EraseTest>;
TUTTI_EVERYWHERE(EraseContract);

TEST_P(EraseContract, LeavesATombstoneAndTheLedgersTotals) {
  Fill("acme");
  Fill("acme-2");
  const size_t others = Left("acme-2").size();
  for (int i = 0; i < 2; ++i) {
    const absl::StatusOr<int64_t> deleted = organizations().Erase("acme", Named("tombstone"));
    ASSERT_TRUE(deleted.ok()) << deleted.status();
    EXPECT_EQ(*deleted > 0, i == 0);
    EXPECT_THAT(Left("acme"), UnorderedElementsAre(ProfileKey("acme"), LedgerKey("acme")));
    EXPECT_EQ(organizations().Read("acme")->stored.organization().display_name(), "tombstone");
    EXPECT_THAT(
        AsStrings(inspector_->Call({"HMGET", LedgerKey("acme"), "person:total", "device:total"}))
            .value(),
        ElementsAre("30", "3"));
  }
  EXPECT_EQ(Left("acme-2").size(), others);
  EXPECT_TRUE(absl::IsAlreadyExists(organizations().Create("acme", Named("again"), absl::Now())));
}

class ReplicatedEraseTest : public EraseTest {
 protected:
  using Server = absl::StatusOr<std::unique_ptr<RedisServer>>;

  // Uses another primary.
  void Use(Server primary) {
    ASSERT_TRUE(primary.ok()) << primary.status();
    server_ = *std::move(primary);
    inspector_ = std::make_unique<Inspector>(server_->OptionsFor("inspector"));
    WaitFor(0);
  }
  // Has writes, from now on, wait for so many replicas.
  void WaitFor(int replicas) {
    RedisOptions options = server_->OptionsFor("aggregate");
    options.timeout = absl::Seconds(3);
    options.wait_replicas = replicas;
    stores_ = std::make_unique<RedisStores>(options);
  }

  absl::Status Erase() { return organizations().Erase("acme", Named("tombstone")).status(); }
  // Erasing says that one replica is missing.
  bool MissesOne() {
    const absl::Status missing = Erase();
    EXPECT_TRUE(absl::IsUnavailable(missing)) << missing;
    return absl::StrContains(missing.message(), "1 of redis-server's replicas cannot be reached");
  }
  // The organisation's name as a node knows it.
  static std::string NameOn(const RedisServer& node) {
    // A replica in a cluster sends whoever does not say this to its primary.
    const auto connection = RedisConnection::Open(node.OptionsFor("inspector"));
    if (!connection.ok()) return connection.status().ToString();
    AsOk((*connection)->Call({"READONLY"})).IgnoreError();
    const auto profile = AsString((*connection)->Call({"GET", ProfileKey("acme")}));
    aggregate::v1::StoredOrganization stored;
    if (!profile.ok() || !stored.ParseFromString(*profile)) return profile.status().ToString();
    return stored.organization().display_name();
  }
  // All keys of it on a node, but guards.
  static std::vector<std::string> LeftOn(const RedisServer& node) {
    RedisPool pool(node.OptionsFor("inspector"));
    std::vector<std::string> left;
    for (const char* const type : {"string", "hash", "set", "zset", "stream"}) {
      const auto keys = KeysOf(pool, AllKeysPattern("acme"), type);
      EXPECT_TRUE(keys.ok()) << keys.status();
      if (keys.ok()) left.insert(left.end(), keys->begin(), keys->end());
    }
    return left;
  }
};

// Mutation: looking through the primary alone, or through no node of which a key is left.
TEST_F(ReplicatedEraseTest, IsNotOverWhileAReplicaHoldsAKey) {
  ASSERT_NO_FATAL_FAILURE(Use(RedisServer::StartPrimary()));
  const auto replica = RedisServer::StartReplicaOf(*server_);
  ASSERT_TRUE(replica.ok()) << replica.status();
  Fill("acme");
  RedisPool there((*replica)->OptionsFor("inspector"));
  ASSERT_EQ(AsOk(there.Call({"CONFIG", "SET", "replica-read-only", "no"})), absl::OkStatus());
  // What no command of the primary deletes.
  const std::string stray = PublicationKey("acme", kDayWindow.end_day + 70);
  ASSERT_EQ(AsOk(there.Call({"SET", stray, "record"})), absl::OkStatus());
  const absl::Status held = organizations().Erase("acme", Named("tombstone")).status();
  EXPECT_TRUE(absl::IsUnavailable(held)) << held;
  ASSERT_EQ(AsOk(there.Call({"DEL", stray})), absl::OkStatus());
  EXPECT_EQ(organizations().Erase("acme", Named("tombstone")).value_or(-1), 0);
  EXPECT_THAT(Left("acme"), UnorderedElementsAre(ProfileKey("acme"), LedgerKey("acme")));
}

// Mutation: the replicas that the primary lists taken for all that there are.
TEST_F(ReplicatedEraseTest, IsNotOverWhileAReplicaThatIsWaitedForIsAway) {
  ASSERT_NO_FATAL_FAILURE(Use(RedisServer::StartPrimary()));
  const auto replica = RedisServer::StartReplicaOf(*server_);
  ASSERT_TRUE(replica.ok()) << replica.status();
  WaitFor(1);
  Fill("acme");
  (*replica)->Kill();
  ASSERT_TRUE(WaitUntil([&] { return MissesOne(); }));
  // What can be deleted is.
  EXPECT_THAT(Left("acme"), UnorderedElementsAre(ProfileKey("acme"), LedgerKey("acme")));
  EXPECT_TRUE(MissesOne());
  // Unless it is told, the primary knows nothing of a replica that is away: the limit.
  WaitFor(0);
  EXPECT_EQ(Erase(), absl::OkStatus());
  WaitFor(1);
  EXPECT_TRUE(MissesOne());
  ASSERT_EQ((*replica)->Resume(), absl::OkStatus());
  ASSERT_TRUE(WaitUntil([&] { return Erase().ok(); }));
  EXPECT_THAT(LeftOn(**replica), UnorderedElementsAre(ProfileKey("acme"), LedgerKey("acme")));
  EXPECT_EQ(NameOn(**replica), "tombstone");
}

// Mutation: a replica that is listed taken for one that has followed.
TEST_F(ReplicatedEraseTest, IsNotOverWhileAReplicaHasNotHeardOfIt) {
  ASSERT_NO_FATAL_FAILURE(Use(RedisServer::StartPrimary()));
  const auto replica = RedisServer::StartReplicaOf(*server_);
  ASSERT_TRUE(replica.ok()) << replica.status();
  WaitFor(1);
  // What is left of it has the same keys.
  Create("acme");
  RedisPool there((*replica)->OptionsFor("inspector"));
  ASSERT_EQ(AsOk(there.Call({"CLIENT", "PAUSE", "3600000", "WRITE"})), absl::OkStatus());
  const absl::Status behind = Erase();
  EXPECT_TRUE(absl::IsUnavailable(behind)) << behind;
  EXPECT_THAT(behind.message(), HasSubstr("1 of redis-server's replicas have not caught up"));
  EXPECT_EQ(NameOn(**replica), "acme") << "the control";
  ASSERT_EQ(AsOk(there.Call({"CLIENT", "UNPAUSE"})), absl::OkStatus());
  ASSERT_TRUE(WaitUntil([&] { return Erase().ok(); }));
  EXPECT_EQ(NameOn(**replica), "tombstone");
}

// Mutation: not asking for the cluster's table.
TEST_F(ReplicatedEraseTest, IsNotOverWhileAClusterKnowsOfAReplicaThatIsAway) {
  ASSERT_NO_FATAL_FAILURE(Use(RedisServer::StartClusterPrimary()));
  const auto replica = RedisServer::StartClusterReplicaOf(*server_);
  ASSERT_TRUE(replica.ok()) << replica.status();
  Fill("acme");
  (*replica)->Freeze(true);
  ASSERT_TRUE(WaitUntil([&] { return MissesOne(); }));
  (*replica)->Freeze(false);
  ASSERT_TRUE(WaitUntil([&] { return Erase().ok(); }));
  EXPECT_EQ(NameOn(**replica), "tombstone");
  EXPECT_THAT(LeftOn(**replica), UnorderedElementsAre(ProfileKey("acme"), LedgerKey("acme")));

  (*replica)->Kill();
  ASSERT_TRUE(WaitUntil([&] { return MissesOne(); }));
  ASSERT_TRUE(WaitUntil([&] {
    const std::string table = AsString(inspector_->Call({"CLUSTER", "NODES"})).value_or("");
    return absl::StrContains(table, "slave,fail");
  }));
  EXPECT_TRUE(MissesOne());
  ASSERT_EQ((*replica)->Resume(), absl::OkStatus());
  ASSERT_TRUE(WaitUntil([&] { return Erase().ok(); }));

  // One that never comes back.
  RedisPool there((*replica)->OptionsFor("inspector"));
  const std::string id = AsString(there.Call({"CLUSTER", "MYID"})).value();
  (*replica)->Kill();
  ASSERT_TRUE(WaitUntil([&] { return MissesOne(); }));
  ASSERT_EQ(AsOk(inspector_->Call({"CLUSTER", "FORGET", id})), absl::OkStatus());
  EXPECT_EQ(Erase(), absl::OkStatus());
}

TEST_P(EraseContract, IsNotUndoneByWorkThatWasUnderWay) {
  Fill("acme");
  ASSERT_TRUE(organizations().Erase("acme", Named("tombstone")).ok());
  const Day day = kDayWindow.end_day;
  // The store still knows the bitmap from before.
  EXPECT_EQ(Merge({"acme", kReachWindow, "person"}, {2}).value(), MergeOutcome::kLate);
  EXPECT_EQ(stores_->counters().StoreTally({"acme", {WindowKind::kDay, day}, {}},
                                           {{{"mail", 3}}, {}}, LeaseToken()),
            absl::OkStatus());
  EXPECT_FALSE(stores_->publications().Stage("acme", {day + 70, "record", {}, {}}).ok());
  EXPECT_FALSE(stores_->publications().Promote("acme", day + 14).ok());
  EXPECT_FALSE(stores_->publications().ReadLedger("acme").ok());
  const int64_t tick = AsInteger(inspector_->Call({"TTL", TickKey("acme")})).value();
  EXPECT_GT(tick, 0);
  EXPECT_LE(tick, 600);
  EXPECT_THAT(Left("acme"),
              UnorderedElementsAre(ProfileKey("acme"), LedgerKey("acme"), TickKey("acme")));
}

}  // namespace
}  // namespace tutti
