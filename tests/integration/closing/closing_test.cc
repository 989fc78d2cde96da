#include "tests/integration/closing/closing_test.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <vector>

#include "absl/base/config.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/clock/clock.h"
#include "common/window/window_proto.h"
#include "services/aggregate/closing_times.h"
#include "services/aggregate/ingest_policy.h"
#include "services/aggregate/pace.h"
#include "services/score/score_reader.h"
#include "tests/support/report_attack.h"
#include "tests/support/score_now.h"
#include "tests/support/score_with_levels.h"

namespace tutti {

using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What callers see happens at.
using Clock = Pace::Clock;
constexpr auto kTick = std::chrono::milliseconds(100);

const Day ClosingTest::kFirstDay(2026, 3, 2);  // a Monday
const Day ClosingTest::kEndDay = kFirstDay + int64_t{27};

ClosingTest::ClosingTest()
    : clock_(absl::FromCivil(absl::CivilHour(kEndDay) + 12, absl::UTCTimeZone())) {
  std::string folder = (std::filesystem::temp_directory_path() / "tutti-closing.XXXXXX").string();
  EXPECT_NE(mkdtemp(folder.data()), nullptr);
  folder_ = folder;
}

ClosingTest::~ClosingTest() {
  server_.reset();
  std::filesystem::remove_all(folder_);
}

void ClosingTest::SetUp() {
  const char* const source = std::getenv("TUTTI_SOURCE_DIR");
  ASSERT_NE(source, nullptr) << "ctest sets TUTTI_SOURCE_DIR";
  auto catalog = Catalog::Load(absl::StrCat(source, "/deploy/catalog/adoption.textproto"));
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  catalog_ = *std::move(catalog);
  auto server = RedisServer::StartPrimary();
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  Connect();
  ASSERT_EQ(Bind(), absl::OkStatus());
  Create("acme");
  Fill("acme");
  ASSERT_TRUE(organizations_->lifecycle.FinishBackfill("acme").ok());
  clock_.Advance(absl::Hours(24 * 4));  // the first window is due, the next is not
}

void ClosingTest::Connect(int wait_replicas) {
  RedisOptions options = server_->OptionsFor("aggregate");
  options.wait_replicas = wait_replicas;
  options.timeout = absl::Seconds(3);
  stores_ = std::make_unique<RedisStores>(options);
  inspector_ = std::make_unique<RedisPool>(server_->OptionsFor("inspector"));
  organizations_ = std::make_unique<Organizations>(stores_->organizations(), stores_->counters(),
                                                   stores_->publications(), stores_->history(),
                                                   *catalog_, clock_);
  merger_ = std::make_unique<DeltaMerger>(organizations_->repository, stores_->counters(),
                                          *catalog_, clock_);
}

void ClosingTest::SaveBackup() {
  server_->Kill();
  server_->SaveFiles(folder_ / "backup");
  ASSERT_TRUE(server_->Resume().ok());
  Connect();
}

void ClosingTest::RestoreBackup() {
  server_->Kill();
  server_->RestoreFiles(folder_ / "backup");
  ASSERT_TRUE(server_->Resume().ok());
  Connect();
}

void ClosingTest::Create(const std::string& organization) {
  aggregate::v1::Organization wanted;
  wanted.set_headcount(kHeadcount);
  wanted.set_first_day(FormatDay(kFirstDay));
  wanted.add_sources("m365_audit");
  const auto created = organizations_->lifecycle.Create(organization, wanted, /*backfill=*/true);
  ASSERT_TRUE(created.ok()) << created.status();
}

aggregate::v1::MergeDeltasRequest ClosingTest::DeltasOf(const std::string& organization) {
  const auto read = organizations_->repository.Read(organization);
  EXPECT_TRUE(read.ok()) << read.status();
  const CatalogKind& kind = catalog_->kind(catalog_->FindKind("person"));
  aggregate::v1::MergeDeltasRequest request;
  request.set_catalog_fingerprint(catalog_->fingerprint());
  for (const Window window : OpenWindows(**read, clock_.Now())) {
    // The policy names those of tomorrow, too.
    if ((*read)->schedule().OpenTime(window) > clock_.Now()) continue;
    const BitmapShape shape = (*read)->ShapeOf(kind, window);
    aggregate::v1::WindowDelta& delta = *request.add_deltas();
    delta.set_organization(organization);
    SetWindow(window, delta);
    delta.set_kind("person");
    delta.set_key_id(std::string(16, 'k'));
    delta.set_kept_slots_log2(shape.size.kept_log2);
    for (uint32_t column = 0; column < shape.columns; ++column) {
      for (uint32_t slot = 0; slot < 40; ++slot) {
        delta.add_positions(column * shape.size.kept() + 7 * slot);
      }
    }
  }
  return request;
}

void ClosingTest::Fill(const std::string& organization) {
  const auto merged = merger_->Merge(DeltasOf(organization));
  ASSERT_TRUE(merged.ok()) << merged.status();
  for (const auto outcome : *merged) ASSERT_EQ(outcome, aggregate::v1::DELTA_OUTCOME_MERGED);
}

int ClosingTest::CloseInProcess(int steps, int* steps_made) {
  const RedisOptions options = server_->OptionsFor("aggregate");
  const std::string output = folder_ / "close_once.out";
  std::vector<std::string> words = {
      absl::StrCat(std::getenv("TUTTI_BIN_DIR"), "/close_once"),
      options.unix_socket,
      options.password,
      absl::StrCat(std::getenv("TUTTI_SOURCE_DIR"), "/deploy/catalog/adoption.textproto"),
      folder_ / "journal",
      "acme",
      absl::StrCat(absl::ToUnixSeconds(clock_.Now())),
      absl::StrCat(steps)};
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  pid_t pid = -1;
  EXPECT_EQ(posix_spawn(&pid, arguments[0], &actions, nullptr, arguments.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  if (pid < 0) return -1;  // nothing to wait for
  int status = 0;
  waitpid(pid, &status, 0);
  if (steps_made != nullptr) std::ifstream(output) >> *steps_made;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

BindingParts ClosingTest::PartsWith(PublicationJournal& journal) {
  return {journal,
          stores_->journal(),
          stores_->organizations(),
          stores_->publications(),
          organizations_->repository,
          *catalog_,
          clock_,
          adopt_};
}

absl::Status ClosingTest::Bind() {
  const auto journal = FileJournal::Open(folder_ / journal_);
  return journal.ok() ? JournalBinding(PartsWith(**journal)).Check() : journal.status();
}

absl::StatusOr<CloseReport> ClosingTest::Close(const std::function<void(CloseStep)>& on_step) {
  const auto journal = FileJournal::Open(folder_ / journal_);
  if (!journal.ok()) return journal.status();
  JournalBinding binding(PartsWith(**journal));
  return WindowCloser(PartsWith(binding, on_step)).CloseDue("acme");
}

CloserParts ClosingTest::PartsWith(JournalBinding& binding,
                                   const std::function<void(CloseStep)>& on_step) {
  return {organizations_->repository,
          organizations_->lifecycle,
          stores_->organizations(),
          stores_->counters(),
          stores_->publications(),
          binding,
          *catalog_,
          clock_,
          [] { return std::make_unique<KernelNoise>(); },
          on_step};
}

void ClosingTest::WithClosingLoop(const std::function<void(CloseStep)>& on_step,
                                  const std::function<void(ClosingLoop&)>& use) {
  const auto journal = FileJournal::Open(folder_ / journal_);
  ASSERT_TRUE(journal.ok()) << journal.status();
  JournalBinding binding(PartsWith(**journal));
  WindowCloser closer(PartsWith(binding, on_step));
  CohortBuilder cohorts({stores_->organizations(), stores_->publications(), stores_->cohorts(),
                         *catalog_, clock_, absl::Hours(48)});
  FileScrubber scrubber(stores_->counters(), absl::Hours(1));
  DueReconciler due_times(organizations_->repository, stores_->organizations(), clock_);
  ClockGuard clock_guard(clock_, *store_clock_);
  fit_.Set(absl::OkStatus());
  ClosingLoop closing(
      {closer, cohorts, stores_->organizations(), due_times, scrubber, clock_guard, fit_, clock_});
  use(closing);
}

std::string ClosingTest::Published(Day end_day) {
  const auto records = stores_->publications().Read("acme", absl::MakeConstSpan(&end_day, 1));
  EXPECT_TRUE(records.ok() || absl::IsNotFound(records.status())) << records.status();
  return records.ok() ? records->at(0) : "";
}

std::string ClosingTest::Staged(Day end_day) {
  return stores_->publications().ReadStaged("acme", end_day).value_or("");
}

Ledger ClosingTest::Costs() {
  const auto ledger = stores_->publications().ReadLedger("acme");
  EXPECT_TRUE(ledger.ok()) << ledger.status();
  return ledger.value_or(Ledger());
}

std::vector<std::string> ClosingTest::JournalLines() const {
  std::vector<std::string> lines;
  std::ifstream file(folder_ / journal_);
  std::string first;
  std::getline(file, first);
  for (std::string line; std::getline(file, line);) {
    if (line != "bound") lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> ClosingTest::CounterKeys() {
  std::vector<std::string> counters;
  const auto keys = AsStrings(inspector_->Call({"KEYS", "*"}));
  EXPECT_TRUE(keys.ok()) << keys.status();
  for (const std::string& key : keys.value_or(std::vector<std::string>())) {
    if (absl::StrContains(key, ":sealed:") || absl::StrContains(key, ":staged:") ||
        absl::StrContains(key, ":tally")) {
      counters.push_back(key);
    } else if (absl::StrContains(key, absl::StrCat(":reach:", FormatDay(kEndDay))) ||
               absl::StrContains(key, ":day:")) {
      const auto bytes = inspector_->Call({"STRLEN", key});  // WRONGTYPE of a guard
      if (AsInteger(bytes).value_or(0) > 0 && key.find(FormatDay(kEndDay)) != std::string::npos) {
        counters.push_back(key);
      }
    }
  }
  return counters;
}

void ClosingTest::ExpectClosed() {
  EXPECT_NE(Published(), "");
  EXPECT_EQ(Staged(), "");
  const Ledger costs = Costs();
  EXPECT_THAT(costs, SizeIs(catalog_->kinds().size()));
  for (const auto& [entry, cost] : costs) EXPECT_EQ(entry.second, kEndDay) << entry.first;
  EXPECT_THAT(JournalLines(), SizeIs(1));
  EXPECT_THAT(CounterKeys(), IsEmpty());
}

namespace {

// How many steps a close of 28 days and one window has.
int StepsOfAClose(int day_steps) { return day_steps + 9; }

// Mutations that this catches: entering the journal before the record is staged (a
// second draw after a crash), deleting counters before the record is promoted (a
// window that is lost), staging without looking for a staged record.
TEST_F(ClosingTest, SurvivesBeingKilledAfterEveryStep) {
  // One close from the beginning to the end, to know how many steps there are.
  int steps = 0;
  ASSERT_EQ(CloseInProcess(0, &steps), 0);
  ExpectClosed();
  ASSERT_EQ(steps, StepsOfAClose(28));

  std::string earlier = Published();
  int kills = 0;
  int second_draws = 0;
  for (int step = 1; step <= steps; ++step) {
    SCOPED_TRACE(absl::StrCat("killed after step ", step, " of ", steps));
    // Days are alike: the first, one in the middle and the last will do.
    if (step > 1 && step < 28 && step != 14) continue;
    std::filesystem::remove(folder_ / "journal");
    clock_.Set(absl::FromCivil(absl::CivilHour(kEndDay) + 12, absl::UTCTimeZone()));
    server_.reset();
    SetUp();
    ASSERT_EQ(CloseInProcess(step), -1) << "it must have been killed";
    ++kills;
    const std::string published = Published();
    const std::string staged = Staged();
    ASSERT_TRUE(published.empty() || staged.empty());
    // Whoever is next must wait for the lease of the dead, or take it over.
    ASSERT_TRUE(AsInteger(inspector_->Call({"DEL", "{acme}:lease"})).ok());
    ASSERT_EQ(CloseInProcess(0), 0);
    ExpectClosed();
    EXPECT_TRUE(published.empty() || Published() == published) << "a published record changed";
    EXPECT_TRUE(staged.empty() || Published() == staged) << "drawn twice";
    const std::string& drawn = published.empty() ? staged : published;
    second_draws += drawn.empty() || Published() == drawn ? 0 : 1;
    EXPECT_NE(Published(), earlier) << "the noise of another draw";
    earlier = Published();
    // And again, when there is nothing to do.
    ASSERT_EQ(CloseInProcess(0, &steps), 0);
    EXPECT_EQ(Published(), earlier);
    steps = StepsOfAClose(28);
  }
  ReportAttack(3, absl::StrCat("killed at ", kills, " of ", steps,
                               " steps of a close: ", second_draws, " second draws"));
}

// Attack 14: whoever has it closed chooses when that begins. A tick is the least that each
// takes; how late a thread is woken nobody knows. Mutations: a record that appears when it is
// ready; an answer that comes when all is done, or at once when nothing is.
TEST_F(ClosingTest, ShowsItselfAtTicksToWhoeverChoosesWhenItBegins) {
  Clock::time_point appeared;
  const auto on_step = [&](CloseStep step) {
    if (step == CloseStep::kPromoted) appeared = Clock::now();
  };
  WithClosingLoop(on_step, [&](ClosingLoop& closing) {
    Clock::time_point begin = Clock::now();
    const auto report = closing.CloseOne("acme");
    const Clock::time_point answered = Clock::now();
    ASSERT_TRUE(report.ok()) << report.status();
    ASSERT_THAT(report->windows, SizeIs(1));
    EXPECT_GE(appeared - begin, kTick);
    EXPECT_GE(answered - begin, 2 * kTick);
    begin = Clock::now();
    EXPECT_TRUE(absl::IsNotFound(closing.CloseOne("nobody").status()));
    EXPECT_GE(Clock::now() - begin, kTick);
  });
}

// So that one organisation's close is not timed by the end of another's. Mutations: records
// of a sweep that appear when they are ready; an organisation with many windows that holds up
// the others; a sweep that ends after one window of each.
TEST_F(ClosingTest, SweepsAtTicksOneWindowOfEachAtATime) {
  for (const char* const id : {"beta", "gamma"}) {
    Create(id);
    Fill(id);
    ASSERT_TRUE(organizations_->lifecycle.FinishBackfill(id).ok());
  }
  clock_.Advance(absl::Hours(24 * 14));
  std::mutex mutex;
  std::vector<Clock::time_point> appeared;
  const auto on_step = [&](CloseStep step) {
    if (step != CloseStep::kPromoted) return;
    const std::lock_guard lock(mutex);
    appeared.push_back(Clock::now());
  };
  WithClosingLoop(on_step, [&](ClosingLoop& closing) {
    const Clock::time_point begin = Clock::now();
    const auto sweep = closing.Sweep();
    const Clock::time_point answered = Clock::now();
    ASSERT_TRUE(sweep.ok()) << sweep.status();
    EXPECT_EQ(sweep->failed + sweep->busy, 0);
    EXPECT_TRUE(sweep->deleted);
    std::vector<std::string> scores;
    for (const auto& window : sweep->windows) {
      EXPECT_EQ(window.outcome(), aggregate::v1::CLOSE_OUTCOME_PUBLISHED);
      scores.push_back(window.score());
    }
    std::vector<std::string> expected;
    for (const Day end_day : {kEndDay, kEndDay + int64_t{7}, kEndDay + int64_t{14}}) {
      for (const char* const id : {"acme", "beta", "gamma"}) {
        expected.push_back(absl::StrCat("organizations/", id, "/scores/", FormatDay(end_day)));
      }
    }
    EXPECT_THAT(scores, ElementsAreArray(expected));
    ASSERT_THAT(appeared, SizeIs(9));
    for (size_t i = 0; i < appeared.size(); ++i) {
      EXPECT_GE(appeared[i] - begin, kTick * (1 + i / 3));
    }
    EXPECT_GE(answered - begin, 4 * kTick);
    EXPECT_THAT(*stores_->organizations().ListDue(clock_.Now(), 10), IsEmpty());
  });
}

// Attack 3: averaging what is read again: records, and scores with their levels, of the primary and
// of its replica, before and after a restart and a failover. The levels are what anybody makes of
// the published records alone. Mutations: a record that is drawn when it is read, or kept in a
// process alone; a level that knows more than the records.
TEST_F(ClosingTest, GivesTheSameBytesHoweverOftenAndWhoeverReads) {
  std::vector<Day> end_days;
  for (int week = 0; week < 3; ++week) {
    if (week > 0) clock_.Advance(absl::Hours(24 * 7));
    ASSERT_TRUE(Close().ok());
    end_days.push_back(kEndDay + int64_t{7} * week);
  }
  auto replica = RedisServer::StartReplicaOf(*server_);
  ASSERT_TRUE(replica.ok()) << replica.status();
  std::vector<std::string> first;
  std::string score;
  int reads = 0;
  int different = 0;
  // A hundred times by a score service that has just begun, and knows nothing yet.
  const auto read = [&](const RedisServer& server) {
    RedisStores stores(server.OptionsFor("score"));
    const SystemSteadyClock clock;
    RecordReader reader(stores.publications());
    const RecordCatalogs catalogs({catalog_.get()});
    ScoreReader scores(reader, catalogs, clock);
    for (int i = 0; i < 100; ++i) {
      const auto records = stores.publications().Read("acme", end_days);
      const auto answer = ScoreNow(scores, {"acme", std::nullopt, ""});
      ASSERT_TRUE(records.ok()) << records.status();
      ASSERT_TRUE(answer.ok()) << answer.status();
      if (reads == 0) {
        first = *records;
        score = **answer;
      }
      reads += 2;
      different += (*records == first ? 0 : 1) + (**answer == score ? 0 : 1);
    }
  };
#ifdef ABSL_HAVE_ADDRESS_SANITIZER
  constexpr int kServices = 25;  // the same path, for its memory; the count is the other build's
#else
  constexpr int kServices = 250;
#endif
  for (int i = 0; i < kServices; ++i) {
    read(*server_);
    read(**replica);
  }
  ASSERT_TRUE(server_->Restart().ok());
  for (int i = 0; i < kServices; ++i) read(*server_);
  server_->Kill();
  ASSERT_EQ((*replica)->Promote(), absl::OkStatus());
  for (int i = 0; i < kServices; ++i) read(**replica);
  EXPECT_EQ(different, 0);
  std::vector<publication::v1::Publication> records(first.size());
  for (size_t i = 0; i < first.size(); ++i) ASSERT_TRUE(records[i].ParseFromString(first[i]));
  score::v1::GetScoreResponse answer;
  ASSERT_TRUE(answer.ParseFromString(score));
  ASSERT_TRUE(answer.score().has_level());
  EXPECT_EQ(answer.score().SerializeAsString(),
            ScoreWithLevels(*catalog_, records).SerializeAsString());
  ReportAttack(
      3, absl::StrCat(
             "records and score read ", reads,
             " times, of a primary and its replica, with a restart and a failover: ", different,
             " times other bytes; the score with its levels is what the published "
             "records come to, to the last byte"));
}

TEST_F(ClosingTest, PaysForAYearOfWeeklyRecords) {
  for (int week = 1; week <= 56; ++week) {
    ASSERT_TRUE(stores_->publications()
                    .Charge("acme", kEndDay - int64_t{7} * week, {{"person", 46'428'571}})
                    .ok());
  }
  int drawn = 0;
  const auto report = Close([&](CloseStep step) { drawn += step == CloseStep::kDrawn ? 1 : 0; });
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_THAT(report->windows, SizeIs(1));
  EXPECT_EQ(report->windows[0].outcome(), aggregate::v1::CLOSE_OUTCOME_PUBLISHED)
      << "what is 392 days ago does not count";
  EXPECT_EQ(drawn, 1);
}

// Mutation: the budget is looked at after the draw, or not at all.
TEST_F(ClosingTest, PublishesNothingAboveTheYearlyCap) {
  ASSERT_TRUE(stores_->publications()
                  .Charge("acme", kEndDay - int64_t{100}, {{"person", 2'599'999'999}})
                  .ok());
  int drawn = 0;
  const auto report = Close([&](CloseStep step) { drawn += step == CloseStep::kDrawn ? 1 : 0; });
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_THAT(report->windows, SizeIs(1));
  EXPECT_EQ(report->windows[0].outcome(), aggregate::v1::CLOSE_OUTCOME_BUDGET_EXHAUSTED);
  EXPECT_EQ(drawn, 0) << "noise was drawn for what may not be published";
  EXPECT_EQ(Published(), "");
  EXPECT_THAT(Costs(), SizeIs(1));
  EXPECT_THAT(CounterKeys(), IsEmpty());
}

}  // namespace
}  // namespace tutti
