// The journal in a redis-server of its own.

#include "services/aggregate/redis_journal.h"

#include <fstream>
#include <sstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/integration/closing/closing_test.h"
#include "tests/support/report_attack.h"
#include "tests/support/wait_until.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Costs kCosts = {{"device", 7}, {"person", 46'428'571}};

class RedisJournalTest : public ClosingTest {
 protected:
  void SetUp() override {
    auto kept = RedisServer::Start();
    ASSERT_TRUE(kept.ok()) << kept.status();
    kept_ = *std::move(kept);
    ASSERT_NO_FATAL_FAILURE(ReadUsers());
    ClosingTest::SetUp();
    // The fixture has bound the store to a file.
    ASSERT_EQ(AsInteger(inspector_->Call({"DEL", "journal"})).value_or(0), 1);
  }

  // Gives the server the users of the ACL file that is for it.
  void ReadUsers() {
    std::ifstream file(absl::StrCat(std::getenv("TUTTI_SOURCE_DIR"), "/deploy/redis/journal.acl"));
    RedisPool pool(kept_->OptionsFor("inspector"));
    int users = 0;
    for (std::string line; std::getline(file, line);) {
      if (!absl::StartsWith(line, "user aggregate ")) continue;
      RedisWords words = {"ACL", "SETUSER", "aggregate", "reset",
                          absl::StrCat(">", kept_->OptionsFor("aggregate").password)};
      for (const absl::string_view word :
           absl::StrSplit(absl::StripPrefix(line, "user aggregate "), ' ')) {
        if (!absl::StartsWith(word, "#")) words.emplace_back(word);
      }
      ASSERT_EQ(AsOk(pool.Call(words)), absl::OkStatus());
      ++users;
    }
    ASSERT_EQ(users, 1);
  }

  RedisJournal Open(const std::string& user = "aggregate") {
    return RedisJournal(kept_->OptionsFor(user),
                        [this](const std::string& run_id) { return stores_->IsStoredIn(run_id); });
  }

  absl::StatusOr<CloseReport> CloseWith(
      RedisJournal& journal, const std::function<void(CloseStep)>& on_step = [](CloseStep) {}) {
    JournalBinding binding(PartsWith(journal));
    return WindowCloser(PartsWith(binding, on_step)).CloseDue("acme");
  }

  std::unique_ptr<RedisServer> kept_;
};

TEST_F(RedisJournalTest, KnowsWhatWasRecordedAndWhatItCostAlsoAfterARestart) {
  std::string identity;
  {
    RedisJournal journal = Open();
    identity = journal.Identity().value();
    EXPECT_TRUE(IsJournalIdentity(identity)) << identity;
    EXPECT_THAT(journal.Read("acme").value(), IsEmpty());
    EXPECT_EQ(journal.Record("acme", kEndDay, "record", kCosts), absl::OkStatus());
    EXPECT_EQ(journal.Record("acme", kEndDay, "record", kCosts), absl::OkStatus());
    EXPECT_TRUE(absl::IsAlreadyExists(journal.Record("acme", kEndDay, "another", kCosts)));
    EXPECT_TRUE(absl::IsInvalidArgument(journal.Record("acme", kEndDay + 7, "next", {})));
  }
  kept_->Kill();
  ASSERT_TRUE(kept_->Resume().ok());
  ASSERT_NO_FATAL_FAILURE(ReadUsers());
  RedisJournal journal = Open();
  EXPECT_EQ(journal.Identity().value(), identity);
  EXPECT_THAT(journal.Read("acme").value(), ElementsAre(std::pair(kEndDay, kCosts)));
  EXPECT_THAT(journal.Read("acm").value(), IsEmpty());
  EXPECT_TRUE(absl::IsAlreadyExists(journal.Record("acme", kEndDay, "another", kCosts)));
}

// Mutation: a note that no restart finds, or that another journal is given.
TEST_F(RedisJournalTest, RemembersThatAStoreHasIt) {
  RedisJournal journal = Open();
  ASSERT_TRUE(journal.Identity().ok());
  EXPECT_FALSE(journal.WasBound().value());
  ASSERT_EQ(JournalBinding(PartsWith(journal)).Check(), absl::OkStatus());
  EXPECT_TRUE(journal.WasBound().value());
  RedisJournal restarted = Open();
  EXPECT_TRUE(restarted.WasBound().value());
  EXPECT_TRUE(absl::IsFailedPrecondition(restarted.NoteBound())) << "it does not know whose it is";

  server_->Kill();
  server_->LoseFiles();
  ASSERT_TRUE(server_->Resume().ok());
  Connect();
  EXPECT_TRUE(absl::IsFailedPrecondition(JournalBinding(PartsWith(restarted)).Check()));
  adopt_ = JournalBinding::kNoJournal;
  EXPECT_EQ(JournalBinding(PartsWith(restarted)).Check(), absl::OkStatus());
}

// Mutation: two that are empty are taken for new, whatever they were.
TEST_F(RedisJournalTest, AProcessKnowsThatItsStoreAndItsJournalAreLostTogether) {
  RedisJournal journal = Open();
  JournalBinding binding(PartsWith(journal));
  ASSERT_EQ(binding.Check(), absl::OkStatus());
  const std::string bound = journal.Identity().value_or("");
  for (RedisServer* const server : {server_.get(), kept_.get()}) {
    server->Kill();
    server->LoseFiles();
    ASSERT_TRUE(server->Resume().ok());
  }
  // Connections that ended are noticed first.
  EXPECT_TRUE(WaitUntil([&] { return !absl::IsUnavailable(binding.Check()); }));
  for (int i = 0; i < 2; ++i) {
    const absl::Status lost = binding.Check();
    EXPECT_TRUE(absl::IsFailedPrecondition(lost)) << lost;
    EXPECT_THAT(lost.message(), HasSubstr(bound));
    EXPECT_EQ(binding.Compare(), lost);
  }
}

// Both are asked for what lasts. Mutation: a store that is lost is not said to be while the journal
// is away.
TEST_F(RedisJournalTest, AJournalThatIsAwayDoesNotHideThatTheStoreIsLost) {
  RedisJournal journal = Open();
  JournalBinding binding(PartsWith(journal));
  ASSERT_EQ(binding.Check(), absl::OkStatus());
  kept_->Kill();
  EXPECT_TRUE(absl::IsUnavailable(binding.Check())) << "the control";
  ASSERT_EQ(AsInteger(inspector_->Call({"DEL", "journal"})).value_or(0), 1);
  for (const absl::Status& lost : {binding.Check(), binding.Compare()}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(lost)) << lost;
    EXPECT_THAT(lost.message(), HasSubstr("has lost its data"));
  }
}

// Mutation: an entry that is looked for and written in two commands, or one that replaces.
TEST_F(RedisJournalTest, OfManyRecordsOfAWindowOneIsKept) {
  constexpr int kReplicas = 8;
  std::vector<absl::Status> kept(kReplicas);
  std::vector<std::string> identities(kReplicas);
  std::vector<std::thread> replicas;
  replicas.reserve(kReplicas);
  for (size_t i = 0; i < kReplicas; ++i) {
    replicas.emplace_back([&, i] {
      RedisJournal journal = Open();
      identities[i] = journal.Identity().value();
      kept[i] = journal.Record("acme", kEndDay, absl::StrCat("record ", i), kCosts);
    });
  }
  for (std::thread& replica : replicas) replica.join();
  int ok = 0;
  for (const absl::Status& status : kept) {
    ok += status.ok() ? 1 : 0;
    EXPECT_TRUE(status.ok() || absl::IsAlreadyExists(status)) << status;
  }
  EXPECT_EQ(ok, 1);
  EXPECT_THAT(identities, ::testing::Each(identities[0])) << "one identity";
}

// Mutation: closing without asking this journal.
TEST_F(RedisJournalTest, DrawsNothingAgainThatWasDrawnBeforeARestoredBackup) {
  RedisJournal journal = Open();
  ASSERT_EQ(JournalBinding(PartsWith(journal)).Check(), absl::OkStatus());
  SaveBackup();
  const auto first = CloseWith(journal);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_NE(Published(), "");
  const Ledger paid = Costs();
  RestoreBackup();
  int draws = 0;
  const auto report =
      CloseWith(journal, [&](CloseStep step) { draws += step == CloseStep::kDrawn ? 1 : 0; });
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_THAT(report->windows, SizeIs(1));
  EXPECT_EQ(report->windows[0].outcome(), aggregate::v1::CLOSE_OUTCOME_INCOMPLETE);
  EXPECT_EQ(draws, 0);
  EXPECT_EQ(Costs(), paid);
  ReportAttack(2, absl::StrCat("a restored backup, the journal in a second Redis: ", draws,
                               " second draws"));
}

// Mutations: any server taken; one that is looked at when it is named only.
TEST_F(RedisJournalTest, RefusesTheServerOfTheCountersAndOneOfACluster) {
  RedisJournal same(server_->OptionsFor("inspector"),
                    [this](const std::string& run_id) { return stores_->IsStoredIn(run_id); });
  absl::Status refused = same.Identity().status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(refused.message(), HasSubstr("--journal_redis"));
  EXPECT_TRUE(absl::IsNotFound(AsString(inspector_->Call({"GET", "journal-identity"})).status()))
      << "something was written there";

  const auto cluster = RedisServer::StartClusterPrimary();
  ASSERT_TRUE(cluster.ok()) << cluster.status();
  RedisJournal node((*cluster)->OptionsFor("inspector"),
                    [this](const std::string& run_id) { return stores_->IsStoredIn(run_id); });
  refused = node.Identity().status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
}

// Mutation: taking a server as it is.
TEST_F(RedisJournalTest, RefusesAServerThatMayForget) {
  RedisPool kept(kept_->OptionsFor("inspector"));
  RedisJournal journal = Open();
  ASSERT_EQ(AsOk(kept.Call({"CONFIG", "SET", "appendonly", "no"})), absl::OkStatus());
  absl::Status refused = journal.Identity().status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(refused.message(), HasSubstr("--journal_redis: redis-server keeps no append-only"));
  ASSERT_EQ(AsOk(kept.Call({"CONFIG", "SET", "appendonly", "yes"})), absl::OkStatus());
  ASSERT_EQ(AsOk(kept.Call({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"})),
            absl::OkStatus());
  EXPECT_TRUE(absl::IsFailedPrecondition(journal.Identity().status()));
  ASSERT_EQ(AsOk(kept.Call({"CONFIG", "SET", "maxmemory-policy", "noeviction"})), absl::OkStatus());
  ASSERT_TRUE(journal.Identity().ok());
  for (const char* const when : {"everysec", "no"}) {
    ASSERT_EQ(AsOk(kept.Call({"CONFIG", "SET", "appendfsync", when})), absl::OkStatus());
    refused = journal.Identity().status();
    EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << when << ": " << refused;
    EXPECT_THAT(refused.message(), HasSubstr("--journal_redis: redis-server does not synchronise"));
  }
}

// Mutations: a journal that is asked for no replica; one that names the counters' flag.
TEST_F(RedisJournalTest, NotesNothingThatItsReplicasHaveNotReceived) {
  auto primary = RedisServer::StartPrimary();
  ASSERT_TRUE(primary.ok()) << primary.status();
  kept_ = *std::move(primary);
  ASSERT_NO_FATAL_FAILURE(ReadUsers());
  RedisOptions options = kept_->OptionsFor("aggregate");
  options.wait_replicas = 1;
  options.wait_flag = "journal_redis_wait_replicas";
  options.timeout = absl::Seconds(2);
  RedisJournal journal(options,
                       [this](const std::string& run_id) { return stores_->IsStoredIn(run_id); });
  absl::Status refused = journal.Identity().status();
  EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
  EXPECT_THAT(refused.message(), HasSubstr("--journal_redis: 0 of 1 replicas"));
  EXPECT_THAT(refused.message(), HasSubstr("--journal_redis_wait_replicas"));

  const auto replica = RedisServer::StartReplicaOf(*kept_);
  ASSERT_TRUE(replica.ok()) << replica.status();
  ASSERT_TRUE(journal.Identity().ok()) << journal.Identity().status();
  EXPECT_EQ(journal.Record("acme", kEndDay, "record", kCosts), absl::OkStatus());
  // One that hangs is online for a while.
  (*replica)->Freeze(true);
  refused = journal.Record("acme", kEndDay + 7, "next", kCosts);
  EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
  EXPECT_THAT(refused.message(), HasSubstr("--journal_redis_wait_replicas"));
  EXPECT_TRUE(absl::IsUnavailable(journal.Record("acme", kEndDay + 7, "next", kCosts)))
      << "a repeat finds it with the primary alone";
  (*replica)->Freeze(false);
  EXPECT_EQ(journal.Record("acme", kEndDay + 7, "next", kCosts), absl::OkStatus());
}

// It came back without its files, or another answers at its address. Mutation: an entry that
// does not say for which journal it is.
TEST_F(RedisJournalTest, WritesNothingIntoAnotherJournalThanItIsBoundTo) {
  RedisJournal journal = Open();
  ASSERT_EQ(JournalBinding(PartsWith(journal)).Check(), absl::OkStatus());
  RedisPool kept(kept_->OptionsFor("inspector"));
  ASSERT_EQ(AsOk(kept.Call({"FLUSHALL"})), absl::OkStatus());
  EXPECT_TRUE(absl::IsFailedPrecondition(journal.Read("acme").status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(journal.Record("acme", kEndDay, "record", kCosts)));
  EXPECT_EQ(AsInteger(kept.Call({"DBSIZE"})).value_or(-1), 0);
  int steps = 0;
  EXPECT_TRUE(absl::IsFailedPrecondition(CloseWith(journal, [&](CloseStep) { ++steps; }).status()));
  EXPECT_EQ(steps, 0);
}

// Mutation: a journal that cannot be asked taken for one that knows nothing.
TEST_F(RedisJournalTest, ClosesNothingWhileItDoesNotAnswer) {
  RedisJournal journal = Open();
  ASSERT_EQ(JournalBinding(PartsWith(journal)).Check(), absl::OkStatus());
  kept_->Kill();
  EXPECT_TRUE(absl::IsUnavailable(journal.Read("acme").status()));
  int steps = 0;
  EXPECT_TRUE(absl::IsUnavailable(CloseWith(journal, [&](CloseStep) { ++steps; }).status()));
  EXPECT_EQ(steps, 0);
  ASSERT_TRUE(kept_->Resume().ok());
  ASSERT_NO_FATAL_FAILURE(ReadUsers());
  // It goes away between the draw and the entry: what is staged is not shown.
  const auto cut_off = CloseWith(journal, [&](CloseStep step) {
    if (step == CloseStep::kStaged) kept_->Kill();
  });
  EXPECT_TRUE(absl::IsUnavailable(cut_off.status())) << cut_off.status();
  EXPECT_EQ(Published(), "");
  const std::string staged = Staged();
  EXPECT_NE(staged, "");
  ASSERT_TRUE(kept_->Resume().ok());
  ASSERT_NO_FATAL_FAILURE(ReadUsers());
  const auto report = CloseWith(journal);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(Published(), staged);
}

// Mutation: a journal that reads what it would not write.
TEST_F(RedisJournalTest, RefusesWhatMakesNoSense) {
  RedisJournal journal = Open();
  ASSERT_TRUE(journal.Identity().ok());
  RedisPool kept(kept_->OptionsFor("inspector"));
  ASSERT_TRUE(AsOk(kept.Call({"HSET", "journal:acme", FormatDay(kEndDay), "x"})).ok());
  EXPECT_TRUE(absl::IsDataLoss(journal.Read("acme").status()));
  EXPECT_TRUE(absl::IsDataLoss(journal.Record("acme", kEndDay, "record", kCosts)));
  ASSERT_TRUE(AsOk(kept.Call({"SET", "journal-identity", "x"})).ok());
  EXPECT_TRUE(absl::IsDataLoss(journal.Identity().status()));
}

TEST_F(RedisJournalTest, LetsAggregateDoNothingElseThere) {
  RedisPool pool(kept_->OptionsFor("aggregate"));
  for (const RedisWords& words : std::vector<RedisWords>{{"GET", "elsewhere"},
                                                         {"DEL", "journal:acme"},
                                                         {"HDEL", "journal:acme", "2026-03-01"},
                                                         {"FLUSHALL"},
                                                         {"CONFIG", "SET", "appendfsync", "no"},
                                                         {"KEYS", "*"},
                                                         {"EXPIRE", "journal:acme", "1"},
                                                         {"RENAME", "journal:acme", "journal:a"}}) {
    const auto reply = pool.Call(words);
    EXPECT_TRUE(reply.ok() && IsDenied(**reply)) << words[0];
  }
}

}  // namespace
}  // namespace tutti
