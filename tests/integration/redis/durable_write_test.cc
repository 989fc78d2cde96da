// That a write is durable when it is said to be: its replicas are waited for on the connection
// that wrote. WAIT counts the writes of its own connection, and knows nothing of another's
// (redis/redis 12439).

#include <map>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/integration/redis/redis_test.h"

namespace tutti {
namespace {

using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

class DurableWriteTest : public RedisTest {
 protected:
  Place place() const override { return Place::kTcp; }

  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(RedisTest::SetUp());
    auto replica = RedisServer::StartReplicaOf(*server_);
    ASSERT_TRUE(replica.ok()) << replica.status();
    replica_ = *std::move(replica);
    RedisOptions options = OptionsFor("aggregate");
    options.wait_replicas = 1;
    stores_ = std::make_unique<RedisStores>(options);
  }

  // Every write that the services take for durable; each method by name.
  void WriteAll() {
    OrganizationStore& organizations = stores_->organizations();
    CounterStore& counters = stores_->counters();
    PublicationStore& publications = stores_->publications();
    Begin("acme", kReachWindow, {"person"});  // Create and Begin, and with them SetDue
    const VersionedOrganization old = organizations.Read("acme").value();
    EXPECT_TRUE(organizations.Replace("acme", old, Named("again")).ok());
    const LeaseToken lease("holder");
    EXPECT_TRUE(organizations.TakeLease("acme", lease, absl::Minutes(1)).value());
    const std::vector<uint32_t> few = {1, 2};
    std::vector<uint32_t> many;
    for (uint32_t bit = 0; bit < 4000; ++bit) many.push_back(bit);
    for (const auto& bits : {few, few, many}) {
      EXPECT_EQ(Merge({"acme", kReachWindow, "person"}, bits).value(), MergeOutcome::kMerged);
    }
    const WindowBitmaps reach{"acme", kReachWindow, {"person"}};
    const WindowBitmaps day{"acme", kDayWindow, {"person"}};
    EXPECT_TRUE(counters.Seal(reach).value());
    EXPECT_EQ(counters.DropSealed(reach), absl::OkStatus());
    EXPECT_EQ(counters.Drop(reach), absl::OkStatus());
    EXPECT_EQ(counters.StoreTally(day, {{{"habit", 7}}, {}, false}, lease), absl::OkStatus());
    EXPECT_EQ(counters.DiscardDay(day), absl::OkStatus());
    EXPECT_EQ(counters.DropTallies("acme"), absl::OkStatus());
    const Day end(2026, 3, 1);
    EXPECT_EQ(publications.Stage("acme", {end, "record", {{"person", 7}}, {}, lease}),
              absl::OkStatus());
    EXPECT_EQ(publications.DropStaged("acme", end + 7), absl::OkStatus());
    EXPECT_EQ(publications.Promote("acme", end), absl::OkStatus());
    EXPECT_EQ(publications.Charge("acme", end + 7, {{"person", 7}}), absl::OkStatus());
    EXPECT_EQ(stores_->cohorts().Create(end, "cohort", "record"), absl::OkStatus());
    EXPECT_EQ(stores_->journal().ReplaceJournal("", "journal"), absl::OkStatus());
    EXPECT_EQ(stores_->history().ReplaceHistory("", {}), absl::OkStatus());
  }

  std::unique_ptr<RedisServer> replica_;
};

// A command as MONITOR tells it: 1700000000.1 [0 127.0.0.1:4000] "SET" "key" ...
struct Seen {
  std::string connection;
  std::string command;
};

std::vector<Seen> ParseSeen(const std::vector<std::string>& lines) {
  std::vector<Seen> seen;
  for (const std::string& line : lines) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, absl::MaxSplits(' ', 4));
    if (words.size() < 4) continue;
    seen.push_back({std::string(absl::StripSuffix(words[2], "]")),
                    std::string(absl::StripPrefix(absl::StripSuffix(words[3], "\""), "\""))});
  }
  return seen;
}

// Mutations: CallDurably, or a merge, that waits on a connection of its own, or not at all; a
// method that calls in place of calling durably.
TEST_F(DurableWriteTest, WaitsForItsReplicasOnTheConnectionThatWrote) {
  RedisOptions watcher = server_->OptionsFor("inspector");
  watcher.timeout = absl::Minutes(1);
  auto monitor = RedisConnection::Open(watcher);
  ASSERT_TRUE(monitor.ok()) << monitor.status();
  ASSERT_EQ(AsOk((*monitor)->Call({"MONITOR"})), absl::OkStatus());
  WriteAll();
  ASSERT_TRUE(AsOk(inspector_->Call({"EXISTS", "the end"})).ok());
  std::vector<std::string> lines;
  while (lines.empty() || !absl::StrContains(lines.back(), "the end")) {
    const absl::StatusOr<std::string> line = AsString((*monitor)->Read());
    ASSERT_TRUE(line.ok()) << line.status();
    lines.push_back(*line);
  }

  const std::set<std::string> writes = {"SET", "ZADD", "EVAL", "UNLINK", "BITFIELD"};
  struct Connection {
    std::string unwaited;         // its last write
    bool in_transaction = false;  // which is one write, when it has one
  };
  std::map<std::string, Connection> connections;
  std::set<std::string> waited;
  std::vector<std::string> lost;
  for (const Seen& one : ParseSeen(lines)) {
    if (one.connection == "lua") continue;
    Connection& connection = connections[one.connection];
    if (connection.in_transaction) {
      if (writes.count(one.command) > 0) connection.unwaited = "EXEC";
      connection.in_transaction = one.command != "EXEC";
      continue;
    }
    if (one.command == "WAIT") {
      waited.insert(std::exchange(connection.unwaited, ""));
    } else if (!connection.unwaited.empty()) {
      lost.push_back(absl::StrCat(connection.unwaited, ", then ", one.command));
      connection.unwaited.clear();
    }
    connection.in_transaction = one.command == "MULTI";
    if (writes.count(one.command) > 0) connection.unwaited = one.command;
  }
  for (const auto& [name, connection] : connections) {
    if (!connection.unwaited.empty()) lost.push_back(connection.unwaited);
  }
  EXPECT_THAT(lost, IsEmpty());
  EXPECT_THAT(waited, IsSupersetOf({"ZADD", "EVAL", "UNLINK", "EXEC"})) << "the control";
}

}  // namespace
}  // namespace tutti
