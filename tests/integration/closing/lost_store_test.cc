// What becomes of a window when the store loses what it had.

#include <algorithm>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/integration/closing/closing_test.h"
#include "tests/support/report_attack.h"
#include "tests/support/wait_until.h"

namespace tutti {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class LostStoreTest : public ClosingTest {
 protected:
  // Closes what is due and counts how often it comes to a step.
  absl::StatusOr<CloseReport> CloseAndCount(CloseStep counted, int& times) {
    return Close([counted, &times](CloseStep step) { times += step == counted ? 1 : 0; });
  }
};

// Mutation: closing without asking the journal draws a second record of a window
// that was published.
TEST_F(LostStoreTest, DrawsNothingAgainThatWasDrawnBeforeARestoredBackup) {
  SaveBackup();
  ASSERT_TRUE(Close().status().ok());
  const std::string published = Published();
  ASSERT_NE(published, "");

  RestoreBackup();
  ASSERT_EQ(Published(), "");
  int draws = 0;
  const auto report = CloseAndCount(CloseStep::kDrawn, draws);
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_THAT(report->windows, SizeIs(1));
  EXPECT_EQ(report->windows[0].outcome(), aggregate::v1::CLOSE_OUTCOME_INCOMPLETE);
  EXPECT_EQ(draws, 0);
  ReportAttack(2, absl::StrCat("closed again after a restored backup: ", draws, " second draws"));
  EXPECT_EQ(Published(), "");
  EXPECT_EQ(Staged(), "");
  EXPECT_THAT(CounterKeys(), IsEmpty());
  EXPECT_THAT(JournalLines(), SizeIs(1));
  // It was published once, so it counts against the year although the store had
  // forgotten it.
  EXPECT_THAT(Costs(), SizeIs(catalog_->kinds().size()));

  // And the organisation goes on: its next window is published.
  clock_.Advance(absl::Hours(24 * 7));
  const auto next = Close();
  ASSERT_TRUE(next.ok()) << next.status();
  ASSERT_THAT(next->windows, SizeIs(1));
  EXPECT_NE(next->windows[0].score(), report->windows[0].score());
  EXPECT_EQ(next->windows[0].outcome(), aggregate::v1::CLOSE_OUTCOME_PUBLISHED);
}

// A backup of a time when the organisation published weekly, restored after it published for
// four weeks, which is dearer. Mutation: charging what the restored organisation's cadence
// costs.
TEST_F(LostStoreTest, ChargesWhatTheLostRecordCostWhateverTheBackupSays) {
  // A window that ends on a fourth Sunday.
  const Day end_day = LastFourWeeklyEnd(kEndDay);
  ASSERT_TRUE(organizations_->lifecycle.Erase("acme").ok());
  const auto begin = [&](window::v1::Cadence cadence) {
    for (const std::string& key :
         AsStrings(inspector_->Call({"KEYS", "{acme}:*"})).value_or(std::vector<std::string>())) {
      ASSERT_TRUE(AsOk(inspector_->Call({"DEL", key})).ok());
    }
    clock_.Set(absl::FromCivil(absl::CivilHour(end_day) + 12, absl::UTCTimeZone()));
    aggregate::v1::Organization wanted;
    wanted.set_headcount(kHeadcount);
    wanted.set_first_day(FormatDay(end_day - 27));
    wanted.set_cadence(cadence);
    wanted.add_sources("m365_audit");
    ASSERT_TRUE(organizations_->lifecycle.Create("acme", wanted, /*backfill=*/true).ok());
    Fill("acme");
    ASSERT_TRUE(organizations_->lifecycle.FinishBackfill("acme").ok());
    clock_.Advance(absl::Hours(24 * 4));
  };
  begin(window::v1::CADENCE_WEEKLY);
  SaveBackup();
  begin(window::v1::CADENCE_FOUR_WEEKLY);
  ASSERT_TRUE(Close().ok());
  ASSERT_NE(Published(end_day), "");
  const Ledger dearer = Costs();
  ASSERT_THAT(dearer, Not(IsEmpty()));

  RestoreBackup();
  const auto restored = organizations_->repository.Read("acme");
  ASSERT_TRUE(restored.ok()) << restored.status();
  ASSERT_EQ((*restored)->schedule().TermsAt(end_day - 27).cadence, window::v1::CADENCE_WEEKLY)
      << "the control";
  const auto report = Close();
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_THAT(report->windows, SizeIs(1));
  EXPECT_EQ(report->windows[0].outcome(), aggregate::v1::CLOSE_OUTCOME_INCOMPLETE);
  EXPECT_EQ(Costs(), dearer);
  uint64_t most = 0;
  for (const auto& [entry, cost] : Costs()) most = std::max(most, cost);
  EXPECT_GT(most, PublicationNanoRho(window::v1::CADENCE_WEEKLY)) << "the control";
  ReportAttack(2, "restored a backup with a cheaper cadence: the lost record's cost is charged");
}

// A backup of a time when the organisation published weekly, restored after 100 daily records:
// the ledger has nothing of them, and none of them is of the window that is closed. Mutation:
// a budget of what the ledger alone says.
TEST_F(LostStoreTest, HoldsWhatWasLostAgainstTheBudgetOfOtherWindows) {
  constexpr uint64_t kDaily = kYearlyNanoRho / kBudgetDays;
  constexpr uint64_t kWeekly = 7 * kYearlyNanoRho / kBudgetDays;
  for (int week = 15; week <= 55; ++week) {
    ASSERT_TRUE(stores_->publications()
                    .Charge("acme", kEndDay - int64_t{7} * week, {{"person", kWeekly}})
                    .ok());
  }
  {
    const auto journal = FileJournal::Open(folder_ / journal_);
    ASSERT_TRUE(journal.ok()) << journal.status();
    for (int day = 1; day <= 100; ++day) {
      ASSERT_TRUE((*journal)->Record("acme", kEndDay - day, "record", {{"person", kDaily}}).ok());
    }
    // So long ago that it counts against nothing now.
    ASSERT_TRUE((*journal)
                    ->Record("acme", kEndDay - kBudgetDays, "record", {{"person", kYearlyNanoRho}})
                    .ok());
  }
  int draws = 0;
  const auto report = CloseAndCount(CloseStep::kDrawn, draws);
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_THAT(report->windows, SizeIs(1));
  EXPECT_EQ(report->windows[0].outcome(), aggregate::v1::CLOSE_OUTCOME_BUDGET_EXHAUSTED);
  EXPECT_EQ(draws, 0);
  const Ledger ledger = Costs();
  EXPECT_THAT(ledger, SizeIs(41 + 100));
  uint64_t spent = 100 * kDaily + 41 * kWeekly;
  if (const auto own = ledger.find({"person", kEndDay}); own != ledger.end()) spent += own->second;
  EXPECT_LE(spent, kYearlyNanoRho);
  ReportAttack(2, absl::StrCat("restored a backup that lacks 100 records of other windows: ", spent,
                               " of ", kYearlyNanoRho, " billionths of rho are spent"));

  // The control: without those it would be published.
  clock_.Advance(absl::Hours(24 * 7 * 15));
  const auto later = Close();
  ASSERT_TRUE(later.ok()) << later.status();
  ASSERT_THAT(later->windows, SizeIs(15));
  EXPECT_EQ(later->windows.back().outcome(), aggregate::v1::CLOSE_OUTCOME_PUBLISHED);
}

// Mutation: acknowledging a staged record before the replica has it.
TEST_F(LostStoreTest, PublishesTheStagedRecordAfterAFailover) {
  auto replica = RedisServer::StartReplicaOf(*server_);
  ASSERT_TRUE(replica.ok()) << replica.status();
  Connect(/*wait_replicas=*/1);
  std::string staged;
  const auto cut_off = Close([&](CloseStep step) {
    if (step != CloseStep::kStaged) return;
    staged = Staged();
    server_->Kill();
  });
  EXPECT_TRUE(absl::IsUnavailable(cut_off.status())) << cut_off.status();
  ASSERT_NE(staged, "");
  ASSERT_EQ((*replica)->Promote(), absl::OkStatus());
  server_ = *std::move(replica);
  Connect();
  ASSERT_TRUE(AsInteger(inspector_->Call({"DEL", "{acme}:lease"})).ok());
  ASSERT_TRUE(Close().ok());
  EXPECT_EQ(Published(), staged);
  ExpectClosed();
  ReportAttack(3, "a failover after the draw: the record that was staged is published");
}

// A primary whose replica is gone acknowledges nothing: what it staged is not
// shown, and the replica draws its own, once. Mutation: a staging that does not wait for
// the replica.
TEST_F(LostStoreTest, ShowsOneDrawWhenTheStagedRecordWasNeverAcknowledged) {
  auto replica = RedisServer::StartReplicaOf(*server_);
  ASSERT_TRUE(replica.ok()) << replica.status();
  Connect(/*wait_replicas=*/1);
  std::vector<CloseStep> steps;
  const auto cut_off = Close([&](CloseStep step) {
    steps.push_back(step);
    if (step == CloseStep::kDrawn) {
      EXPECT_EQ((*replica)->Promote(), absl::OkStatus());
    }
  });
  EXPECT_TRUE(absl::IsUnavailable(cut_off.status())) << cut_off.status();
  EXPECT_EQ(steps.back(), CloseStep::kDrawn) << "staging counted as durable without the replica";
  EXPECT_EQ(Published(), "");
  EXPECT_THAT(JournalLines(), IsEmpty());
  const std::string lost = Staged();
  server_ = *std::move(replica);
  Connect();
  ASSERT_TRUE(AsInteger(inspector_->Call({"DEL", "{acme}:lease"})).ok());
  ASSERT_TRUE(Close().ok());
  ExpectClosed();
  EXPECT_NE(Published(), lost);
}

// Mutation: a close that finds the ledger's entry and no record draws again.
TEST_F(LostStoreTest, NeverRedrawsAWindowThatIsPaidForAndHasNoRecord) {
  ASSERT_TRUE(stores_->publications().Charge("acme", kEndDay, {{"person", 46'428'571}}).ok());
  int draws = 0;
  const auto report = CloseAndCount(CloseStep::kDrawn, draws);
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_THAT(report->windows, SizeIs(1));
  EXPECT_EQ(report->windows[0].outcome(), aggregate::v1::CLOSE_OUTCOME_INCOMPLETE);
  EXPECT_EQ(Published(), "");
  EXPECT_THAT(JournalLines(), IsEmpty());
  EXPECT_EQ(draws, 0);
  ReportAttack(2, absl::StrCat("closed with the record lost: ", draws, " second draws"));
}

// Mutation: an erasure that leaves no tombstone, or takes the ledger's totals along.
TEST_F(LostStoreTest, AnErasedOrganisationComesBackUnderNoIdAndKeepsItsBudget) {
  ASSERT_TRUE(Close().ok());
  const auto deleted = organizations_->lifecycle.Erase("acme");
  ASSERT_TRUE(deleted.ok()) << deleted.status();
  aggregate::v1::Organization wanted;
  wanted.set_headcount(kHeadcount);
  wanted.set_first_day(FormatDay(kFirstDay));
  EXPECT_TRUE(
      absl::IsAlreadyExists(organizations_->lifecycle.Create("acme", wanted, true).status()));
  EXPECT_TRUE(absl::IsNotFound(organizations_->Get("acme").status()));
  int draws = 0;
  EXPECT_FALSE(CloseAndCount(CloseStep::kDrawn, draws).ok());
  EXPECT_EQ(Published(), "");
  EXPECT_EQ(draws, 0);
  ReportAttack(2, absl::StrCat("an erased organisation created and closed again: refused, ", draws,
                               " second draws"));
  // What is left: the tombstone, the ledger's totals, and guards that run out. Which journal
  // is the store's, and what counted when, is of no organisation.
  const auto keys = AsStrings(inspector_->Call({"KEYS", "*"}));
  ASSERT_TRUE(keys.ok());
  for (const std::string& key : *keys) {
    if (key == "journal" || key == "counting-history" || key == "{acme}:profile" ||
        key == "{acme}:ledger" || absl::StartsWith(key, "orgs:")) {
      continue;
    }
    EXPECT_GT(AsInteger(inspector_->Call({"TTL", key})).value_or(-1), 0) << key;
    EXPECT_EQ(AsInteger(inspector_->Call({"LLEN", key})).value_or(-1), 1) << key;
  }
  const auto total = AsString(inspector_->Call({"HGET", "{acme}:ledger", "person:total"}));
  EXPECT_TRUE(total.ok()) << total.status();
}

// Mutation: an organisation that has a tombstone taken for one of which all is gone.
TEST_F(LostStoreTest, AnErasureThatFailedHalfWayGoesOnWhenItIsRepeated) {
  // It comes as far as the tombstone.
  ASSERT_EQ(AsOk(inspector_->Call({"ACL", "SETUSER", "aggregate", "-unlink"})), absl::OkStatus());
  for (int i = 0; i < 2; ++i) {
    const auto stopped = organizations_->lifecycle.Erase("acme");
    EXPECT_FALSE(stopped.ok() || absl::IsNotFound(stopped.status())) << stopped.status();
    EXPECT_TRUE(absl::IsNotFound(organizations_->Get("acme").status()));
    EXPECT_THAT(CounterKeys(), Not(IsEmpty())) << "the control";
  }
  ASSERT_EQ(AsOk(inspector_->Call({"ACL", "SETUSER", "aggregate", "+unlink"})), absl::OkStatus());
  const auto deleted = organizations_->lifecycle.Erase("acme");
  ASSERT_TRUE(deleted.ok()) << deleted.status();
  EXPECT_GT(*deleted, 0);
  EXPECT_THAT(CounterKeys(), IsEmpty());
  EXPECT_TRUE(absl::IsNotFound(organizations_->lifecycle.Erase("acme").status()));
}

// Mutation: the same.
TEST_F(LostStoreTest, NothingIsLeftOfAnOrganisationOnlyOnceEveryReplicaHasFollowed) {
  const auto replica = RedisServer::StartReplicaOf(*server_);
  ASSERT_TRUE(replica.ok()) << replica.status();
  RedisPool there((*replica)->OptionsFor("inspector"));
  ASSERT_EQ(AsOk(there.Call({"CLIENT", "PAUSE", "3600000", "WRITE"})), absl::OkStatus());
  for (int i = 0; i < 2; ++i) {
    const absl::Status behind = organizations_->lifecycle.Erase("acme").status();
    EXPECT_TRUE(absl::IsUnavailable(behind)) << behind;
    EXPECT_THAT(CounterKeys(), IsEmpty()) << "what can be deleted is";
  }
  ASSERT_EQ(AsOk(there.Call({"CLIENT", "UNPAUSE"})), absl::OkStatus());
  EXPECT_TRUE(WaitUntil(
      [&] { return absl::IsNotFound(organizations_->lifecycle.Erase("acme").status()); }));
}

// Mutation: without the rewrite, every bit that was ever set stands in the file as
// the command that set it.
TEST_F(LostStoreTest, LeavesNoByteOfAClosedWindowInTheFiles) {
  const std::string bitmap = absl::StrCat("reach:", FormatDay(kEndDay), ":person");
  ASSERT_THAT(server_->AppendOnlyFiles(), HasSubstr("BITOP")) << "the control";
  ASSERT_TRUE(Close().ok());
  EXPECT_THAT(server_->AppendOnlyFiles(), HasSubstr("BITOP"))
      << "deleting alone leaves them there: the control";
  ASSERT_EQ(stores_->counters().ScrubFiles([] { return false; }), absl::OkStatus());
  ASSERT_TRUE(server_->WaitForRewrite());
  const std::string files = server_->AppendOnlyFiles();
  EXPECT_THAT(files, Not(HasSubstr("BITOP")));
  EXPECT_THAT(files, Not(HasSubstr(absl::StrCat("sealed:", bitmap))));
  // The guard under the bitmap's name is a list with one word.
  const auto guard =
      AsStrings(inspector_->Call({"LRANGE", absl::StrCat("{acme}:", bitmap), "0", "-1"}));
  ASSERT_TRUE(guard.ok()) << guard.status();
  EXPECT_THAT(*guard, ::testing::ElementsAre("closed"));
}

}  // namespace
}  // namespace tutti
