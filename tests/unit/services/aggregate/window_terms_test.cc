// What a window is follows from the moment at which it opens. Each test is a way in which it
// changed afterwards, or took more with it than it had to.

#include "tests/unit/services/aggregate/window_terms.h"

namespace tutti {
namespace {

using aggregate::v1::DeltaOutcome;

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
  CountingHistory adopting(store_, ShippedCatalog(), clock_, std::string(16, '2'));
  ASSERT_EQ(adopting.NoteKeyring(std::string(16, '2'), clock_.Now()), absl::OkStatus());
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
