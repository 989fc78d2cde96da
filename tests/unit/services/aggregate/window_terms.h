#ifndef TUTTI_TESTS_UNIT_SERVICES_AGGREGATE_WINDOW_TERMS_H_
#define TUTTI_TESTS_UNIT_SERVICES_AGGREGATE_WINDOW_TERMS_H_

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

inline const std::string kKey(16, 'k');
// A Sunday; weekly windows begin on Mondays.
inline const Day kSunday(2026, 3, 1);
inline const Window kTomorrow{WindowKind::kReach, kSunday + 28};

// A store that ends, or does something, in the middle of what it is asked.
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
  std::vector<aggregate::v1::DeltaOutcome> Merge(
      const std::vector<aggregate::v1::WindowDelta>& deltas) {
    aggregate::v1::MergeDeltasRequest request;
    for (const auto& delta : deltas) *request.add_deltas() = delta;
    const auto outcomes = merger_.Merge(request);
    EXPECT_TRUE(outcomes.ok()) << outcomes.status();
    return outcomes.ok() ? *outcomes : std::vector<aggregate::v1::DeltaOutcome>();
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

}  // namespace tutti

#endif  // TUTTI_TESTS_UNIT_SERVICES_AGGREGATE_WINDOW_TERMS_H_
