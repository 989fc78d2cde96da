// One store, one journal: who may close windows, and what becomes of a store whose journal
// is another's or lost.

#include "services/aggregate/journal_binding.h"

#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/integration/closing/closing_test.h"
#include "tests/support/report_attack.h"

namespace tutti {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class JournalBindingTest : public ClosingTest {
 protected:
  std::string Identity(const std::string& name) {
    const auto journal = FileJournal::Open(folder_ / name);
    EXPECT_TRUE(journal.ok()) << journal.status();
    return journal.ok() ? (*journal)->Identity().value_or("") : "";
  }
  std::string StoredIdentity() { return stores_->journal().ReadJournal().value_or("none"); }

  absl::Status Compare() {
    const auto journal = FileJournal::Open(folder_ / journal_);
    return journal.ok() ? JournalBinding(PartsWith(**journal)).Compare() : journal.status();
  }

  // The server comes back without its files.
  void LoseEverything() {
    server_->Kill();
    server_->LoseFiles();
    ASSERT_TRUE(server_->Resume().ok());
    Connect();
  }

  // Closes what is due and counts how often noise is drawn.
  absl::StatusOr<CloseReport> CloseAndCountDraws() {
    return Close([&](CloseStep step) { draws_ += step == CloseStep::kDrawn ? 1 : 0; });
  }
  void ExpectIncomplete(const absl::StatusOr<CloseReport>& report) {
    ASSERT_TRUE(report.ok()) << report.status();
    ASSERT_THAT(report->windows, SizeIs(1));
    EXPECT_EQ(report->windows[0].outcome(), aggregate::v1::CLOSE_OUTCOME_INCOMPLETE);
    EXPECT_EQ(Published(), "");
    EXPECT_THAT(Costs(), SizeIs(catalog_->kinds().size())) << "it may have been published once";
  }

  int draws_ = 0;
};

// A journal that is missing or mistyped is made anew, and another host has one of its own.
// Mutation: a closer that does not ask whose journal it has.
TEST_F(JournalBindingTest, NothingIsClosedWithAnotherJournalThanTheStores) {
  int steps = 0;
  for (const char* const other : {"mistyped", "of another host"}) {
    journal_ = other;
    for (int i = 0; i < 2; ++i) {
      const auto refused = Close([&](CloseStep) { ++steps; });
      EXPECT_TRUE(absl::IsFailedPrecondition(refused.status())) << refused.status();
      EXPECT_THAT(refused.status().message(), HasSubstr("--journal, "));
      EXPECT_THAT(refused.status().message(), HasSubstr("all aggregates of one store share one"));
      EXPECT_THAT(refused.status().message(),
                  HasSubstr(absl::StrCat("--adopt_journal=", Identity("journal"))));
    }
    EXPECT_THAT(JournalLines(), IsEmpty());
  }
  EXPECT_EQ(steps, 0);
  journal_ = "journal";
  ASSERT_TRUE(Close().ok());
  ExpectClosed();
  ReportAttack(2, absl::StrCat("closed with another journal: refused, ", steps, " steps made"));
}

// Mutation: a store without an identity takes any journal.
TEST_F(JournalBindingTest, AStoreThatPublishedTakesNoNewJournal) {
  ASSERT_TRUE(Close().ok());
  ASSERT_EQ(AsInteger(inspector_->Call({"DEL", "journal"})).value_or(0), 1);
  journal_ = "new";
  const absl::Status refused = Bind();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(refused.message(), HasSubstr("--adopt_journal=none"));
  EXPECT_EQ(StoredIdentity(), "");
}

// Mutation: an erased organisation, whose ledger has no days, taken for one that never
// published.
TEST_F(JournalBindingTest, AnErasedOrganisationIsRememberedToo) {
  ASSERT_TRUE(Close().ok());
  ASSERT_TRUE(organizations_->lifecycle.Erase("acme").ok());
  ASSERT_EQ(AsInteger(inspector_->Call({"DEL", "journal"})).value_or(0), 1);
  journal_ = "new";
  EXPECT_TRUE(absl::IsFailedPrecondition(Bind()));
}

// Each binding is that of an aggregate that has just started. Mutation: a journal that had a store
// is bound to whatever names none, as that which aggregate's memory alone knew to be lost.
TEST_F(JournalBindingTest, AStoreThatLostEverythingIsNotBoundAnewByARestart) {
  const auto expect_lost = [&] {
    for (int i = 0; i < 2; ++i) {
      const absl::Status lost = Bind();
      EXPECT_TRUE(absl::IsFailedPrecondition(lost)) << lost;
      EXPECT_THAT(lost.message(), HasSubstr("redis-server has lost its data or is another"));
      EXPECT_THAT(lost.message(), HasSubstr(Identity("journal")));
      EXPECT_THAT(lost.message(), HasSubstr("--adopt_journal=none"));
      EXPECT_TRUE(absl::IsFailedPrecondition(Compare()));
    }
    EXPECT_EQ(StoredIdentity(), "");
  };
  // Nothing was published yet: the journal has no record.
  ASSERT_THAT(JournalLines(), IsEmpty());
  SaveBackup();
  LoseEverything();
  expect_lost();
  RestoreBackup();
  ASSERT_EQ(Bind(), absl::OkStatus()) << "it was given back";
  ASSERT_TRUE(Close().ok());
  LoseEverything();
  expect_lost();
  // Whatever the journal is adopted from, it is not this one.
  adopt_ = Identity("journal");
  expect_lost();
}

// The store is lost, and the journal that remembers is not the one that is given. Mutation: the
// operator's word binds whatever is there.
TEST_F(JournalBindingTest, NothingIsAdoptedWhereBothAreNew) {
  ASSERT_TRUE(Close().ok());
  LoseEverything();
  journal_ = "mistyped";
  adopt_ = JournalBinding::kNoJournal;
  for (const absl::Status& refused : {Bind(), Compare()}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
    EXPECT_THAT(refused.message(), HasSubstr("nothing to adopt"));
  }
  EXPECT_EQ(StoredIdentity(), "");
  journal_ = "journal";
  EXPECT_EQ(Bind(), absl::OkStatus()) << "the control";
}

// Mutation: the word that is given once holds while the process lives.
TEST_F(JournalBindingTest, TheOperatorsWordIsOfTheStoreThatIsThereThen) {
  LoseEverything();
  adopt_ = JournalBinding::kNoJournal;
  const auto journal = FileJournal::Open(folder_ / "journal");
  ASSERT_TRUE(journal.ok()) << journal.status();
  JournalBinding binding(PartsWith(**journal));
  ASSERT_EQ(binding.Check(), absl::OkStatus());
  ASSERT_EQ(AsOk(inspector_->Call({"DEL", "journal"})), absl::OkStatus());
  const absl::Status lost = binding.Check();
  EXPECT_TRUE(absl::IsFailedPrecondition(lost)) << lost;
  EXPECT_EQ(StoredIdentity(), "");
}

// A journal of an edition that did not note that it had a store. Mutation: its records do not say
// it.
TEST_F(JournalBindingTest, ItsRecordsShowThatAJournalHadAStore) {
  ASSERT_TRUE(Close().ok());
  const std::vector<std::string> records = JournalLines();
  const std::string first = absl::StrCat("tutti-journal ", Identity("journal"));
  std::ofstream(folder_ / "journal", std::ios::trunc) << first << "\n"
                                                      << absl::StrJoin(records, "\n") << "\n";
  LoseEverything();
  EXPECT_TRUE(absl::IsFailedPrecondition(Bind()));
  // The control: one without.
  std::ofstream(folder_ / "journal", std::ios::trunc) << first << "\n";
  EXPECT_EQ(Bind(), absl::OkStatus());
}

// Of several that share a journal some have not bound it themselves. Mutations: what one noted is
// not seen by another; an answer of the store that is older than the note.
TEST_F(JournalBindingTest, AggregatesThatShareAJournalBindOneNewStoreTogether) {
  constexpr int kReplicas = 8;
  for (int round = 0; round < 5; ++round) {
    ASSERT_EQ(AsInteger(inspector_->Call({"DEL", "journal"})).value_or(0), 1);
    journal_ = absl::StrCat("shared ", round);
    std::vector<absl::Status> bound(kReplicas);
    std::vector<std::thread> replicas;
    replicas.reserve(kReplicas);
    for (absl::Status& status : bound) {
      replicas.emplace_back([&] { status = Bind(); });
    }
    for (std::thread& replica : replicas) replica.join();
    EXPECT_THAT(bound, ::testing::Each(absl::OkStatus()));
  }
  LoseEverything();
  EXPECT_TRUE(absl::IsFailedPrecondition(Bind()));
}

// What a check says, which changes nothing. Mutation: OK for a journal that is another's or not
// begun, or beside a store that is lost.
TEST_F(JournalBindingTest, ComparesAsItBinds) {
  EXPECT_EQ(Compare(), absl::OkStatus());
  const std::string bound = StoredIdentity();
  journal_ = "mistyped";
  const absl::Status other = Compare();
  EXPECT_TRUE(absl::IsFailedPrecondition(other)) << other;
  EXPECT_THAT(other.message(), HasSubstr(absl::StrCat("--adopt_journal=", bound)));
  adopt_ = bound;
  EXPECT_EQ(Compare(), absl::OkStatus());
  EXPECT_EQ(StoredIdentity(), bound);
}

// Then the journal is the memory, once somebody has said so. Mutation: adopting what is lost
// forgets what the journal knows.
TEST_F(JournalBindingTest, AStoreThatLostEverythingKeepsItsJournal) {
  ASSERT_TRUE(Close().ok());
  const Ledger paid = Costs();
  LoseEverything();
  adopt_ = JournalBinding::kNoJournal;
  ASSERT_EQ(Bind(), absl::OkStatus());
  adopt_.clear();
  clock_.Set(absl::FromCivil(absl::CivilHour(kEndDay) + 12, absl::UTCTimeZone()));
  Create("acme");
  Fill("acme");
  ASSERT_TRUE(organizations_->lifecycle.FinishBackfill("acme").ok());
  clock_.Advance(absl::Hours(24 * 4));
  ExpectIncomplete(CloseAndCountDraws());
  EXPECT_EQ(draws_, 0);
  EXPECT_EQ(Costs(), paid);
  EXPECT_EQ(StoredIdentity(), Identity("journal"));
}

// Mutation: setting the identity without looking whether there is one by now.
TEST_F(JournalBindingTest, OfFirstStartsWithDifferentJournalsOneWins) {
  ASSERT_EQ(AsInteger(inspector_->Call({"DEL", "journal"})).value_or(0), 1);
  constexpr int kReplicas = 8;
  std::vector<absl::Status> bound(kReplicas);
  std::vector<std::thread> replicas;
  replicas.reserve(kReplicas);
  for (int i = 0; i < kReplicas; ++i) {
    replicas.emplace_back([&, i] {
      const auto journal = FileJournal::Open(folder_ / absl::StrCat("journal ", i));
      ASSERT_TRUE(journal.ok()) << journal.status();
      bound[static_cast<size_t>(i)] = JournalBinding(PartsWith(**journal)).Check();
    });
  }
  for (std::thread& replica : replicas) replica.join();
  std::vector<std::string> winners;
  for (int i = 0; i < kReplicas; ++i) {
    const absl::Status& status = bound[static_cast<size_t>(i)];
    if (status.ok()) {
      winners.push_back(Identity(absl::StrCat("journal ", i)));
    } else {
      EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    }
  }
  EXPECT_THAT(winners, ::testing::ElementsAre(StoredIdentity()));
}

// Aggregate may have started before its store. Mutation: taking a store that does not answer
// for one that has no journal, or asking once only.
TEST_F(JournalBindingTest, NothingIsClosedBeforeTheStoreHasAnswered) {
  const auto journal = FileJournal::Open(folder_ / "another");
  ASSERT_TRUE(journal.ok()) << journal.status();
  JournalBinding binding(PartsWith(**journal));
  int steps = 0;
  WindowCloser closer(PartsWith(binding, [&](CloseStep) { ++steps; }));
  server_->Kill();
  EXPECT_TRUE(absl::IsUnavailable(closer.MayClose())) << closer.MayClose();
  ASSERT_TRUE(server_->Resume().ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(closer.CloseDue("acme").status()));
  EXPECT_EQ(steps, 0);
}

// Mutation: a binding that holds for ever once it was found good.
TEST_F(JournalBindingTest, NoticesThatAnotherJournalWasAdoptedMeanwhile) {
  const auto journal = FileJournal::Open(folder_ / "journal");
  ASSERT_TRUE(journal.ok()) << journal.status();
  JournalBinding binding(PartsWith(**journal));
  ASSERT_EQ(binding.Check(), absl::OkStatus());
  journal_ = "new";
  adopt_ = Identity("journal");
  ASSERT_EQ(Bind(), absl::OkStatus());
  EXPECT_TRUE(absl::IsFailedPrecondition(binding.Check()));
  // And with the flag still there nothing is adopted a second time.
  EXPECT_EQ(Bind(), absl::OkStatus());
  journal_ = "third";
  EXPECT_TRUE(absl::IsFailedPrecondition(Bind()));
}

// A host is lost, with its journal, and Redis comes back from a backup made before a window
// was published. Mutation: an adoption that enters what the ledgers know alone.
TEST_F(JournalBindingTest, AnAdoptedJournalPublishesNothingThatABackupMayHaveForgotten) {
  SaveBackup();
  ASSERT_TRUE(Close().ok());
  ASSERT_NE(Published(), "");
  const std::string lost = Identity("journal");
  RestoreBackup();
  std::filesystem::remove(folder_ / "journal");
  EXPECT_TRUE(absl::IsFailedPrecondition(CloseAndCountDraws().status()));
  adopt_ = lost;
  ExpectIncomplete(CloseAndCountDraws());
  EXPECT_EQ(draws_, 0);
  ReportAttack(2,
               absl::StrCat("the journal lost and a backup restored: ", draws_, " second draws"));

  // And the organisation goes on: its next window is published.
  clock_.Advance(absl::Hours(24 * 7));
  const auto next = Close();
  ASSERT_TRUE(next.ok()) << next.status();
  ASSERT_THAT(next->windows, SizeIs(1));
  EXPECT_EQ(next->windows[0].outcome(), aggregate::v1::CLOSE_OUTCOME_PUBLISHED);
}

// The journal is lost; then, with the new one, the store comes back from a backup that is
// older than both. Mutation: an adoption that enters nothing.
TEST_F(JournalBindingTest, AnAdoptedJournalKnowsWhatTheLedgersKnow) {
  SaveBackup();
  ASSERT_TRUE(Close().ok());
  const Ledger paid = Costs();
  adopt_ = Identity("journal");
  const std::vector<std::string> lines = JournalLines();
  std::filesystem::remove(folder_ / "journal");
  ASSERT_EQ(Bind(), absl::OkStatus());
  EXPECT_EQ(JournalLines(), lines) << "the same record at the same cost";
  adopt_.clear();
  ExpectClosed();

  RestoreBackup();
  const absl::Status older = Bind();
  EXPECT_TRUE(absl::IsFailedPrecondition(older)) << "the backup's journal is the lost one";
  adopt_ = StoredIdentity();
  ExpectIncomplete(CloseAndCountDraws());
  EXPECT_EQ(draws_, 0);
  EXPECT_EQ(Costs(), paid);
}

// Mutation: adopting whatever the store's journal is.
TEST_F(JournalBindingTest, AdoptsNothingButWhatWasNamed) {
  journal_ = "new";
  for (const std::string& named : {std::string(32, '0'), std::string(JournalBinding::kNoJournal)}) {
    adopt_ = named;
    EXPECT_TRUE(absl::IsFailedPrecondition(Bind())) << named;
  }
  EXPECT_EQ(StoredIdentity(), Identity("journal"));
  // When two adopt the same, each with a journal of its own, the first has it.
  adopt_ = Identity("journal");
  EXPECT_EQ(Bind(), absl::OkStatus());
  journal_ = "newer";
  EXPECT_TRUE(absl::IsFailedPrecondition(Bind()));
  EXPECT_EQ(StoredIdentity(), Identity("new"));
}

// Mutation: keeping the identity where the primary alone has it.
TEST_F(JournalBindingTest, WaitsUntilEveryReplicaKnowsTheJournal) {
  const auto replica = RedisServer::StartReplicaOf(*server_);
  ASSERT_TRUE(replica.ok()) << replica.status();
  Connect(/*wait_replicas=*/1);
  EXPECT_EQ(Bind(), absl::OkStatus());
  (*replica)->Kill();
  EXPECT_TRUE(absl::IsUnavailable(Bind())) << "also when it is there already";
}

TEST_F(JournalBindingTest, WorksInACluster) {
  auto server = RedisServer::StartClusterPrimary();
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  Connect();
  journal_ = "of the cluster";
  EXPECT_EQ(Bind(), absl::OkStatus());
  EXPECT_EQ(StoredIdentity(), Identity(journal_));
  journal_ = "another";
  EXPECT_TRUE(absl::IsFailedPrecondition(Bind()));
}

}  // namespace
}  // namespace tutti
