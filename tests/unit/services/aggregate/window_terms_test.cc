// What a window is follows from the moment at which it opens. Each test is a way in which it
// changed afterwards, or took more with it than it had to.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/window/window_proto.h"
#include "services/aggregate/delta_merger.h"
#include "services/aggregate/ingest_policy.h"
#include "services/aggregate/window_closer.h"
#include "tests/doubles/fake_clock.h"
#include "tests/doubles/no_journal.h"
#include "tests/doubles/zero_noise.h"
#include "tests/support/local_suite.h"

namespace tutti {
namespace {

using aggregate::v1::DeltaOutcome;

const std::string kKey(16, 'k');
// A Sunday; weekly windows begin on Mondays.
const Day kSunday(2026, 3, 1);
const Window kTomorrow{WindowKind::kReach, kSunday + 28};

class FragileStore final : public MemoryStore {
 public:
  absl::Status Drop(const WindowBitmaps& window) override {
    if (on_drop) std::exchange(on_drop, nullptr)();
    if (dead) return absl::UnavailableError("the store has ended");
    return MemoryStore::Drop(window);
  }
  absl::Status DropSealed(const WindowBitmaps& window) override {
    if (dead) return absl::UnavailableError("the store has ended");
    return MemoryStore::DropSealed(window);
  }
  absl::StatusOr<bool> Seal(const WindowBitmaps& window) override {
    if (on_seal && window.window == seal_of) std::exchange(on_seal, nullptr)();
    return MemoryStore::Seal(window);
  }
  absl::Status DropTallies(const std::string& organization) override {
    if (on_drop_tallies) std::exchange(on_drop_tallies, nullptr)();
    return MemoryStore::DropTallies(organization);
  }

  bool dead = false;
  std::function<void()> on_drop_tallies;
  std::function<void()> on_drop;
  Window seal_of;
  std::function<void()> on_seal;  // of the window seal_of
};

class WindowTermsTest : public testing::Test {
 protected:
  void SetUp() override {
    aggregate::v1::Organization wanted;
    wanted.set_headcount(1000);
    wanted.add_sources("m365_audit");
    wanted.set_region("north");
    ASSERT_TRUE(organizations_.lifecycle.Create("acme", wanted, false).ok());
    SetClock(kSunday, 23, 56);
  }

  void SetClock(Day day, int hour, int minute) {
    clock_.Set(absl::FromCivil(absl::CivilMinute(day.year(), day.month(), day.day(), hour, minute),
                               absl::UTCTimeZone()));
  }

  aggregate::v1::Organization Profile() { return *organizations_.Get("acme"); }
  std::shared_ptr<const ScheduledOrganization> Now() {
    return *organizations_.repository.Read("acme");
  }
  BitmapShape Shape(const std::string& kind, Window window) {
    return Now()->ShapeOf(ShippedCatalog().kind(ShippedCatalog().FindKind(kind)), window);
  }

  aggregate::v1::WindowDelta Delta(Window window, const std::string& kind = "person") {
    aggregate::v1::WindowDelta delta;
    delta.set_organization("acme");
    SetWindow(window, delta);
    delta.set_kind(kind);
    delta.set_key_id(kKey);
    delta.set_kept_slots_log2(Shape(kind, window).size.kept_log2);
    delta.add_positions(5);
    return delta;
  }
  std::vector<DeltaOutcome> Merge(const std::vector<aggregate::v1::WindowDelta>& deltas) {
    aggregate::v1::MergeDeltasRequest request;
    for (const auto& delta : deltas) *request.add_deltas() = delta;
    const auto outcomes = merger_.Merge(request);
    EXPECT_TRUE(outcomes.ok()) << outcomes.status();
    return outcomes.ok() ? *outcomes : std::vector<DeltaOutcome>();
  }

  absl::StatusOr<CloseReport> CloseDue(const std::function<void(CloseStep)>& on_step) {
    return WindowCloser({organizations_.repository, organizations_.lifecycle, store_, store_,
                         store_, binding_, ShippedCatalog(), clock_,
                         [] { return std::make_unique<ZeroNoise>(); }, on_step})
        .CloseDue("acme");
  }

  // Closes what is due; the record of an end day.
  publication::v1::Publication Close(Day end_day) {
    const auto report = CloseDue([](CloseStep) {});
    EXPECT_TRUE(report.ok()) << report.status();
    for (const auto& closed : report->windows) outcomes_[closed.score()] = closed.outcome();
    PublicationStore& publications = store_;
    publication::v1::Publication record;
    const auto read = publications.Read("acme", {&end_day, 1});
    EXPECT_TRUE(!read.ok() || record.ParseFromString(read->front()));
    return record;
  }

  // What an aggregate does whose catalogue has a kind that this one's has not.
  void BeginWithAnotherCatalog(Window window) {
    const auto begun = organizations_.repository.Modify(
        "acme", [&](const ScheduledOrganization&, aggregate::v1::StoredOrganization& next,
                    std::vector<NewBitmap>& bitmaps) {
          aggregate::v1::BegunWindow& entry = *next.add_begun();
          SetWindow(window, entry);
          entry.add_kinds("of another catalogue");
          bitmaps.push_back({{"acme", window, "of another catalogue"}, 64});
          return absl::OkStatus();
        });
    ASSERT_TRUE(begun.ok()) << begun.status();
  }

  static publication::v1::KindState StateOf(const publication::v1::Publication& record,
                                            const std::string& kind) {
    for (const auto& each : record.kinds()) {
      if (each.kind() == kind) return each.state();
    }
    return publication::v1::KIND_STATE_UNSPECIFIED;
  }

  // Pauses after somebody has acted and a day was closed, and deletes nothing.
  void PauseAndDie() {
    ASSERT_EQ(Merge({Delta(kTomorrow)})[0], aggregate::v1::DELTA_OUTCOME_MERGED);
    DayTally tally;
    tally.counts["habit"] = 7;
    ASSERT_EQ(store_.StoreTally({"acme", {WindowKind::kDay, kSunday - 3}, {"person"}}, tally,
                                LeaseToken()),
              absl::OkStatus());
    store_.dead = true;
    ASSERT_FALSE(organizations_.lifecycle.Pause("acme").ok());
    store_.dead = false;
    ASSERT_EQ(organizations_.Get("acme")->state(), aggregate::v1::ORGANIZATION_STATE_PAUSED);
    ASSERT_FALSE(store_.Bitmaps("acme").empty());
  }

  FakeWallClock clock_{absl::FromCivil(absl::CivilHour(2026, 1, 28, 12), absl::UTCTimeZone())};
  FragileStore store_;
  NoJournal journal_;
  Organizations organizations_{store_, store_, store_, store_, ShippedCatalog(), clock_};
  JournalBinding binding_{
      {journal_, store_, store_, store_, organizations_.repository, ShippedCatalog(), clock_}};
  DeltaMerger merger_{organizations_.repository, store_, ShippedCatalog(), clock_};
  std::map<std::string, aggregate::v1::CloseOutcome> outcomes_;
};

// With a second size one person has a slot of each: through four sizes Delta^2 comes to 3,072
// where 2 is charged.
TEST_F(WindowTermsTest, AWindowThatTakesTomorrowsEventsKeepsItsSize) {
  const BitmapShape before = Shape("person", kTomorrow);
  for (const bool somebody_acted : {false, true}) {
    if (somebody_acted) {
      ASSERT_EQ(Merge({Delta(kTomorrow)})[0], aggregate::v1::DELTA_OUTCOME_MERGED);
    }
    for (const int64_t headcount : {1100, 2100, 4200, 900}) {
      aggregate::v1::Organization wanted = Profile();
      wanted.set_headcount(headcount);
      ASSERT_TRUE(organizations_.lifecycle.Update("acme", wanted).ok());
      EXPECT_EQ(Shape("person", kTomorrow).size, before.size) << headcount << somebody_acted;
    }
    EXPECT_NE(Shape("person", {WindowKind::kReach, kTomorrow.end_day + 7}).size.slots_log2, 0u);
  }
}

// The clock of who makes a change is two minutes behind that of who begins windows: from when the
// change applied said whether anybody had acted in those two minutes.
TEST_F(WindowTermsTest, FromWhenAChangeAppliesDoesNotSayWhetherSomebodyActed) {
  std::map<std::string, std::string> from;
  for (const std::string what : {"resume", "update"}) {
    for (const bool somebody_acted : {false, true}) {
      MemoryStore store;
      Organizations organizations(store, store, store, store, ShippedCatalog(), clock_);
      DeltaMerger merger(organizations.repository, store, ShippedCatalog(), clock_);
      clock_.Set(absl::FromCivil(absl::CivilHour(2026, 1, 28, 12), absl::UTCTimeZone()));
      aggregate::v1::Organization wanted;
      wanted.set_headcount(1000);
      ASSERT_TRUE(organizations.lifecycle.Create("acme", wanted, false).ok());
      SetClock(kSunday, 23, 56);
      aggregate::v1::MergeDeltasRequest request;
      *request.add_deltas() = Delta(kTomorrow);
      if (somebody_acted) {
        ASSERT_EQ((*merger.Merge(request))[0], aggregate::v1::DELTA_OUTCOME_MERGED);
      }
      SetClock(kSunday, 23, 54);
      wanted.set_headcount(2000);
      if (what == "update") {
        ASSERT_TRUE(organizations.lifecycle.Update("acme", wanted).ok());
      } else {
        ASSERT_TRUE(organizations.lifecycle.Pause("acme").ok());
        ASSERT_TRUE(organizations.lifecycle.Resume("acme").ok());
      }
      const auto organization = *organizations.repository.Read("acme");
      const std::string seen =
          absl::StrCat(FormatDay(organization->schedule().first_day()), " ",
                       FormatDay(organization->schedule().terms().back().from_day));
      EXPECT_EQ(from.emplace(what, seen).first->second, seen) << what;
    }
  }
}

// The next one, which has not opened, has the new size: the control.
TEST_F(WindowTermsTest, AWindowThatHasNotOpenedTakesTheChange) {
  const Window next{WindowKind::kReach, kTomorrow.end_day + 7};
  const BitmapShape before = Shape("person", next);
  aggregate::v1::Organization wanted = Profile();
  wanted.set_headcount(4000);
  ASSERT_TRUE(organizations_.lifecycle.Update("acme", wanted).ok());
  EXPECT_EQ(Shape("person", next).size.slots_log2, before.size.slots_log2 + 2);
}

TEST_F(WindowTermsTest, AWindowTakesNothingBeforeItOpens) {
  const aggregate::v1::WindowDelta delta = Delta(kTomorrow);
  SetClock(kSunday, 23, 54);
  EXPECT_EQ(Merge({delta})[0], aggregate::v1::DELTA_OUTCOME_POLICY_MISMATCH);
  EXPECT_TRUE(store_.Bitmaps("acme").empty());
  SetClock(kSunday, 23, 55);
  EXPECT_EQ(Merge({delta})[0], aggregate::v1::DELTA_OUTCOME_MERGED);
}

TEST_F(WindowTermsTest, AWindowThatHasOpenedIsClosedAlsoUnderASlowerCadence) {
  ASSERT_EQ(Merge({Delta(kTomorrow)})[0], aggregate::v1::DELTA_OUTCOME_MERGED);
  aggregate::v1::Organization wanted = Profile();
  wanted.set_cadence(window::v1::CADENCE_FOUR_WEEKLY);
  ASSERT_TRUE(organizations_.lifecycle.Update("acme", wanted).ok());
  SetClock(kTomorrow.end_day + 60, 12, 0);
  EXPECT_EQ(StateOf(Close(kTomorrow.end_day), "person"), publication::v1::KIND_STATE_COMPLETE);
  EXPECT_TRUE(store_.Bitmaps("acme").empty());
  EXPECT_TRUE(Now()->begun().empty());
}

// An event of a moment before the pause must not leave a window that is published with none of
// it, and takes none of what comes later.
TEST_F(WindowTermsTest, APauseLeavesNoGuardOnAWindowThatIsScoredLater) {
  ASSERT_EQ(Merge({Delta(kTomorrow)})[0], aggregate::v1::DELTA_OUTCOME_MERGED);
  ASSERT_TRUE(organizations_.lifecycle.Pause("acme").ok());
  SetClock(kSunday, 23, 50);  // another process, whose clock is behind
  ASSERT_TRUE(organizations_.lifecycle.Resume("acme").ok());
  EXPECT_FALSE(Now()->Has(kTomorrow));
  EXPECT_GT(Now()->schedule().first_day(), kTomorrow.first_day());
  SetClock(kSunday + 8, 12, 0);
  const Window first{WindowKind::kReach, Now()->next_reach_end()};
  EXPECT_EQ(Merge({Delta(first)})[0], aggregate::v1::DELTA_OUTCOME_MERGED);
}

// A pause that could not delete all, because the process or the store ended. Exact counts of
// days and a staged record had no owner after Resume, and stayed for ever.
TEST_F(WindowTermsTest, ResumeDeletesWhatAPauseLeft) {
  ASSERT_NO_FATAL_FAILURE(PauseAndDie());
  ASSERT_TRUE(organizations_.lifecycle.Resume("acme").ok());
  EXPECT_TRUE(store_.Bitmaps("acme").empty());
  EXPECT_TRUE(store_.ReadTallies("acme")->empty());
  EXPECT_TRUE(Now()->begun().empty());
}

// Who paused it knows of an error, and that it is paused.
TEST_F(WindowTermsTest, ALookDeletesWhatAPauseLeft) {
  ASSERT_NO_FATAL_FAILURE(PauseAndDie());
  clock_.Advance(absl::Hours(7));
  ASSERT_THAT(store_.ListDue(clock_.Now(), 50).value(), testing::ElementsAre("acme"));
  Close(kSunday);
  EXPECT_TRUE(store_.Bitmaps("acme").empty());
  EXPECT_TRUE(store_.ReadTallies("acme")->empty());
  EXPECT_TRUE(Now()->begun().empty());
}

// Resume comes while a pause deletes, and then somebody acts: a window that is live lost the
// key that it is bound to, and what was known to be lost of it.
TEST_F(WindowTermsTest, APauseForgetsNoWindowThatWasBegunAfterIt) {
  SetClock(kSunday, 12, 0);
  store_.on_drop_tallies = [this] {
    ASSERT_TRUE(organizations_.lifecycle.Resume("acme").ok());
    SetClock(kSunday + 1, 12, 0);
    ASSERT_EQ(Merge({Delta(kTomorrow)})[0], aggregate::v1::DELTA_OUTCOME_MERGED);
  };
  ASSERT_EQ(Merge({Delta({WindowKind::kReach, kTomorrow.end_day - 7})})[0],
            aggregate::v1::DELTA_OUTCOME_MERGED);
  ASSERT_TRUE(organizations_.lifecycle.Pause("acme").ok());
  EXPECT_NE(Now()->FindBegun(kTomorrow), nullptr);
}

// Mutation: a seal that takes the guard of a drop for its own.
TEST_F(WindowTermsTest, AWindowThatWasDroppedIsNotPublishedAsZero) {
  ASSERT_EQ(store_.Drop({"acme", kTomorrow, {"person"}}), absl::OkStatus());
  SetClock(kTomorrow.end_day + 8, 12, 0);
  Close(kTomorrow.end_day);
  EXPECT_EQ(outcomes_[absl::StrCat("organizations/acme/scores/", FormatDay(kTomorrow.end_day))],
            aggregate::v1::CLOSE_OUTCOME_INCOMPLETE);
}

TEST_F(WindowTermsTest, OneWindowThatIsGuardedHoldsUpNoOther) {
  SetClock(kSunday + 1, 12, 0);
  const Window next{WindowKind::kReach, kTomorrow.end_day - 7};
  const Window day{WindowKind::kDay, kSunday + 1};
  ASSERT_TRUE(store_.Seal({"acme", kTomorrow, {"device"}}).value());
  EXPECT_EQ(Merge({Delta(kTomorrow), Delta(next), Delta(day)}),
            (std::vector<DeltaOutcome>{aggregate::v1::DELTA_OUTCOME_LATE,
                                       aggregate::v1::DELTA_OUTCOME_MERGED,
                                       aggregate::v1::DELTA_OUTCOME_MERGED}));
}

// Mutation: a lost bitmap makes the whole window incomplete.
TEST_F(WindowTermsTest, AKindThatIsLostLeavesTheOthers) {
  SetClock(kSunday + 1, 12, 0);
  const Window day{WindowKind::kDay, kSunday + 1};
  ASSERT_EQ(Merge({Delta(kTomorrow), Delta(day), Delta(kTomorrow, "device")}),
            std::vector<DeltaOutcome>(3, aggregate::v1::DELTA_OUTCOME_MERGED));
  store_.Lose({"acme", kTomorrow, "device"});
  EXPECT_EQ(Merge({Delta(kTomorrow, "device"), Delta(kTomorrow)}),
            (std::vector<DeltaOutcome>{aggregate::v1::DELTA_OUTCOME_KEY_MISMATCH,
                                       aggregate::v1::DELTA_OUTCOME_MERGED}));
  const auto policy = MakeIngestPolicy(*Now(), ShippedCatalog(), clock_.Now());
  int incomplete = 0;
  for (const auto& window : policy.windows()) {
    EXPECT_FALSE(window.incomplete());
    for (const auto& kind : window.kinds()) {
      incomplete += kind.incomplete() ? 1 : 0;
      EXPECT_TRUE(!kind.incomplete() || kind.kind() == "device");
    }
  }
  EXPECT_EQ(incomplete, 1);
  SetClock(kTomorrow.end_day + 8, 12, 0);
  const publication::v1::Publication record = Close(kTomorrow.end_day);
  EXPECT_EQ(StateOf(record, "device"), publication::v1::KIND_STATE_INCOMPLETE);
  EXPECT_EQ(StateOf(record, "person"), publication::v1::KIND_STATE_COMPLETE);
}

// Mutation: one lost day of a kind loses the day for all kinds, or for none.
TEST_F(WindowTermsTest, ALostDayOfPeopleIsLostForPeopleAlone) {
  SetClock(kTomorrow.end_day, 12, 0);
  const Window day{WindowKind::kDay, kTomorrow.end_day};
  ASSERT_EQ(Merge({Delta(day), Delta(kTomorrow, "device")}),
            std::vector<DeltaOutcome>(2, aggregate::v1::DELTA_OUTCOME_MERGED));
  store_.Lose({"acme", day, "person"});
  SetClock(kTomorrow.end_day + 8, 12, 0);
  const publication::v1::Publication record = Close(kTomorrow.end_day);
  EXPECT_EQ(StateOf(record, "person"), publication::v1::KIND_STATE_INCOMPLETE);
  EXPECT_EQ(StateOf(record, "device"), publication::v1::KIND_STATE_COMPLETE);
}

// Mutation: what is missing of a bitmap is taken for zeros.
TEST_F(WindowTermsTest, ABitmapOfAnotherLengthIsNotCounted) {
  const auto begun = organizations_.repository.Modify(
      "acme", [&](const ScheduledOrganization&, aggregate::v1::StoredOrganization& next,
                  std::vector<NewBitmap>& bitmaps) {
        aggregate::v1::BegunWindow& window = *next.add_begun();
        SetWindow(kTomorrow, window);
        window.set_key_id(kKey);
        for (const char* const kind : {"person", "device"}) {
          window.add_kinds(kind);
          // The window began under a catalogue that had one column less.
          const BitmapShape shape = Shape(kind, kTomorrow);
          const uint32_t columns = shape.columns - (std::string(kind) == "person" ? 1 : 0);
          bitmaps.push_back({{"acme", kTomorrow, kind}, columns * shape.size.kept()});
        }
        return absl::OkStatus();
      });
  ASSERT_TRUE(begun.ok()) << begun.status();
  SetClock(kTomorrow.end_day + 8, 12, 0);
  const publication::v1::Publication record = Close(kTomorrow.end_day);
  EXPECT_EQ(StateOf(record, "person"), publication::v1::KIND_STATE_INCOMPLETE);
  EXPECT_EQ(StateOf(record, "device"), publication::v1::KIND_STATE_COMPLETE);
}

// Mutation: a close that forgets what it does not find.
TEST_F(WindowTermsTest, ABitmapOfNoWindowIsDeleted) {
  BeginWithAnotherCatalog({WindowKind::kReach, kTomorrow.end_day - 3});
  SetClock(kTomorrow.end_day + 8, 12, 0);
  Close(kTomorrow.end_day);
  EXPECT_TRUE(store_.Bitmaps("acme").empty());
}

// Mutation: a window has the bitmaps of the catalogue's kinds alone.
TEST_F(WindowTermsTest, AKindThatTheCatalogueHasNotLeavesNoBitmap) {
  const auto close = [this] {
    const Day end_day = Now()->next_reach_end();
    SetClock(end_day + 8, 12, 0);
    Close(end_day);
    EXPECT_GT(Now()->next_reach_end(), end_day) << "the control";
  };
  const auto pause = [this] { ASSERT_TRUE(organizations_.lifecycle.Pause("acme").ok()); };
  const auto erase = [this] { ASSERT_TRUE(organizations_.lifecycle.Erase("acme").ok()); };
  for (const std::function<void()>& end : std::vector<std::function<void()>>{close, pause, erase}) {
    ASSERT_TRUE(organizations_.lifecycle.Resume("acme").ok());
    BeginWithAnotherCatalog({WindowKind::kReach, Now()->next_reach_end()});
    BeginWithAnotherCatalog({WindowKind::kDay, Now()->next_reach_end() - 1});
    ASSERT_EQ(store_.Bitmaps("acme").size(), 2U) << "the control";
    end();
    EXPECT_TRUE(store_.Bitmaps("acme").empty());
  }
}

// An aggregate with a newer catalogue comes between a close's look at the profile and its seal.
// Mutations: a close forgets every begun day that is over by now, or the window that it closed,
// whether it had seen that these were begun or not.
TEST_F(WindowTermsTest, AWindowThatIsBegunWhileItIsClosedLeavesNoBitmap) {
  for (const WindowKind kind : {WindowKind::kDay, WindowKind::kReach}) {
    const Day end_day = Now()->next_reach_end();
    SetClock(end_day + 8, 12, 0);
    const Window window{kind, kind == WindowKind::kDay ? Now()->next_day() : end_day};
    store_.seal_of = window;
    store_.on_seal = [this, window] {
      BeginWithAnotherCatalog(window);
      EXPECT_EQ(store_.Bitmaps("acme").size(), 1U) << "the control";
    };
    Close(end_day);
    EXPECT_EQ(store_.on_seal, nullptr) << "the control";
    EXPECT_TRUE(store_.Bitmaps("acme").empty());
    EXPECT_TRUE(Now()->begun().empty());
  }
}

// It comes while a close deletes what has no owner. Mutation: a close forgets every begun window
// that is over by now.
TEST_F(WindowTermsTest, AWindowThatIsBegunWhileOthersAreDroppedLeavesNoBitmap) {
  const Day end_day = Now()->next_reach_end();
  Close(end_day);
  BeginWithAnotherCatalog({WindowKind::kReach, end_day - 3});
  SetClock(end_day + 8, 12, 0);
  store_.on_drop = [this, end_day] { BeginWithAnotherCatalog({WindowKind::kReach, end_day - 4}); };
  Close(end_day);
  EXPECT_EQ(store_.on_drop, nullptr) << "the control";
  EXPECT_TRUE(store_.Bitmaps("acme").empty());
  EXPECT_TRUE(Now()->begun().empty());
}

// Mutations: a close that goes on after a crash seals no window that has a record; or leaves what
// it has sealed of a day that has a tally.
TEST_F(WindowTermsTest, AWindowThatIsBegunBeforeItsCloseGoesOnLeavesNoBitmap) {
  for (const CloseStep step : {CloseStep::kDayTallied, CloseStep::kPromoted}) {
    const Day end_day = Now()->next_reach_end();
    SetClock(end_day + 8, 12, 0);
    const bool tallied = step == CloseStep::kDayTallied;
    const Window window{tallied ? WindowKind::kDay : WindowKind::kReach, end_day};
    const auto crashed = CloseDue([&](CloseStep made) {
      if (made != step || store_.dead) return;
      if (tallied && store_.ReadTallies("acme")->count(end_day) == 0) return;  // an earlier day
      BeginWithAnotherCatalog(window);
      store_.dead = true;
    });
    ASSERT_FALSE(crashed.ok());
    store_.dead = false;
    ASSERT_FALSE(store_.Bitmaps("acme").empty()) << "the control";
    Close(end_day);
    EXPECT_TRUE(store_.Bitmaps("acme").empty());
    EXPECT_TRUE(Now()->begun().empty());
  }
}

// Touched or not: in a world in which nobody did anything the same is told.
TEST_F(WindowTermsTest, AKeyringThatIsReplacedLeavesNoWindowThatHadOpened) {
  for (const bool somebody_acted : {false, true}) {
    if (somebody_acted) {
      ASSERT_EQ(Merge({Delta(kTomorrow)})[0], aggregate::v1::DELTA_OUTCOME_MERGED);
    }
    ASSERT_EQ(organizations_.history.NoteKeyring(std::string(16, '1'), clock_.Now()),
              absl::OkStatus());
  }
  SetClock(kSunday + 2, 12, 0);
  ASSERT_EQ(organizations_.history.NoteKeyring(std::string(16, '2'), clock_.Now()),
            absl::OkStatus());
  EXPECT_EQ(Merge({Delta(kTomorrow)})[0], aggregate::v1::DELTA_OUTCOME_KEY_MISMATCH);
  SetClock(kTomorrow.end_day + 15, 12, 0);
  Close(kTomorrow.end_day);
  const auto outcome = [&](Day day) {
    return outcomes_[absl::StrCat("organizations/acme/scores/", FormatDay(day))];
  };
  // Nobody acted in any of the others.
  for (Day end = kTomorrow.end_day - 7; end <= kTomorrow.end_day; end += 7) {
    EXPECT_EQ(outcome(end), aggregate::v1::CLOSE_OUTCOME_INCOMPLETE) << end;
  }
  EXPECT_EQ(outcome(kTomorrow.end_day + 7), aggregate::v1::CLOSE_OUTCOME_PUBLISHED);
}

// Mutation: the profile's region at the close.
TEST_F(WindowTermsTest, AWindowIsComparedWithThePeersThatItHadAsItOpened) {
  aggregate::v1::Organization wanted = Profile();
  wanted.set_region("south");
  ASSERT_TRUE(organizations_.lifecycle.Update("acme", wanted).ok());
  SetClock(kTomorrow.end_day + 15, 12, 0);
  EXPECT_EQ(Close(kTomorrow.end_day).region(), "north");
  EXPECT_EQ(Close(kTomorrow.end_day + 7).region(), "south");
}

}  // namespace
}  // namespace tutti
