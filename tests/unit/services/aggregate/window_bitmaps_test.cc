// A window that has ended leaves no bitmap, whoever began it and whenever it was begun, and a
// bitmap that does not fit is not counted.

#include "tests/unit/services/aggregate/window_terms.h"

namespace tutti {
namespace {

using WindowBitmapsTest = WindowTermsTest;

// Mutation: what is missing of a bitmap is taken for zeros.
TEST_F(WindowBitmapsTest, ABitmapOfAnotherLengthIsNotCounted) {
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
TEST_F(WindowBitmapsTest, ABitmapOfNoWindowIsDeleted) {
  BeginWithAnotherCatalog({WindowKind::kReach, kTomorrow.end_day - 3});
  SetClock(kTomorrow.end_day + 8, 12, 0);
  Close(kTomorrow.end_day);
  EXPECT_TRUE(store_.Bitmaps("acme").empty());
}

// Mutation: a window has the bitmaps of the catalogue's kinds alone.
TEST_F(WindowBitmapsTest, AKindThatTheCatalogueHasNotLeavesNoBitmap) {
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
TEST_F(WindowBitmapsTest, AWindowThatIsBegunWhileItIsClosedLeavesNoBitmap) {
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
TEST_F(WindowBitmapsTest, AWindowThatIsBegunWhileOthersAreDroppedLeavesNoBitmap) {
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
TEST_F(WindowBitmapsTest, AWindowThatIsBegunBeforeItsCloseGoesOnLeavesNoBitmap) {
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

}  // namespace
}  // namespace tutti
