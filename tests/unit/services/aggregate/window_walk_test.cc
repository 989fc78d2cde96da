// Random walks through the life of an organisation: what people do, changes of its profile,
// pauses, closes, clocks that differ. Whatever happens, in whatever order: a window has one
// shape, a person one slot of each of its tables, a bitmap an owner, and a published record
// counts all that was merged.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/keyring/keyring_operations.h"
#include "common/window/window_proto.h"
#include "services/aggregate/closing_times.h"
#include "services/aggregate/delta_merger.h"
#include "services/aggregate/ingest_policy.h"
#include "services/aggregate/window_closer.h"
#include "services/ingest/day_verdicts.h"
#include "services/ingest/organization_policy.h"
#include "tests/doubles/fake_clock.h"
#include "tests/doubles/memory_store.h"
#include "tests/doubles/no_journal.h"
#include "tests/doubles/zero_noise.h"
#include "tests/support/local_suite.h"

namespace tutti {
namespace {

const absl::Time kStart = absl::FromCivil(absl::CivilHour(2026, 1, 7, 12), absl::UTCTimeZone());
constexpr absl::Duration kMostSkew = absl::Minutes(2);
constexpr int kPeople = 6;

// One aggregate process, whose clock is ahead of the true one by `skew`.
struct Replica {
  Replica(MemoryStore& store, absl::Duration ahead)
      : skew(ahead),
        organizations(store, store, store, store, ShippedCatalog(), clock),
        binding({journal, store, store, store, organizations.repository, ShippedCatalog(), clock}),
        merger(organizations.repository, store, ShippedCatalog(), clock),
        closer({organizations.repository, organizations.lifecycle, store, store, store, binding,
                ShippedCatalog(), clock, [] { return std::make_unique<ZeroNoise>(); }}) {}

  const absl::Duration skew;
  FakeWallClock clock{kStart};
  NoJournal journal;
  Organizations organizations;
  JournalBinding binding;
  DeltaMerger merger;
  WindowCloser closer;
};

class Walk {
 public:
  explicit Walk(unsigned seed)
      : random_(seed), store_(std::make_unique<MemoryStore>()), keyring_(NewKeys()) {
    for (const absl::Duration skew : {-kMostSkew, absl::ZeroDuration(), kMostSkew}) {
      replicas_.push_back(std::make_unique<Replica>(*store_, skew));
    }
    MoveTo(kStart);
    aggregate::v1::Organization wanted;
    wanted.set_headcount(1000);
    wanted.add_sources("m365_audit");
    EXPECT_TRUE(Any().organizations.lifecycle.Create("acme", wanted, false).ok());
  }

  void Step() {
    switch (Draw(0, 11)) {
      case 0:
        return Update();
      case 1:
        if (Draw(0, 5) == 0) return Pause();
        return Act();
      case 2:
        return Close();
      case 3:
        return Pass(absl::Minutes(Draw(1, 300)));
      case 4:
        return Pass(absl::Hours(Draw(1, 40)));
      case 5:
        // Minutes before midnight in the zone: when tomorrow's windows open.
        MoveTo(std::max(now_, Midnight() - absl::Seconds(Draw(0, 540))));
        for (int acts = Draw(0, 4); acts > 0; --acts) Act();
        Check();
        return Draw(0, 3) == 0 ? Pause() : Update();
      default:
        return Act();
    }
  }

  // What must be true at any time.
  void Check() {
    const auto read = replicas_[1]->organizations.repository.Read("acme");
    ASSERT_TRUE(read.ok()) << read.status();
    const ScheduledOrganization& organization = **read;
    for (const auto& [window, kind] : store_->Bitmaps("acme")) {
      const aggregate::v1::BegunWindow* begun = organization.FindBegun(window);
      ASSERT_TRUE(begun != nullptr && HasBitmap(*begun, kind))
          << "a bitmap without an owner: " << FormatDay(window.end_day);
      ASSERT_TRUE(organization.Has(window)) << "no such window: " << FormatDay(window.end_day);
    }
    if (!organization.TakesActivity()) return;
    for (const Window& window : OpenWindows(organization, now_)) {
      // Everybody's clock says that it has opened.
      if (organization.schedule().OpenTime(window) > now_ - kMostSkew) continue;
      for (const CatalogKind& kind : ShippedCatalog().kinds()) {
        const BitmapShape shape = organization.ShapeOf(kind, window);
        const auto seen =
            std::make_tuple(shape.size.slots_log2, shape.size.kept_log2, shape.columns);
        ASSERT_EQ(shapes_.try_emplace({window, kind.proto->id()}, seen).first->second, seen)
            << "a window changed: " << FormatDay(window.end_day);
      }
    }
  }

  // Goes on until everything that has begun is closed.
  void End() {
    EXPECT_TRUE(Any().organizations.lifecycle.Resume("acme").ok());
    for (int day = 0; day < 70; ++day) {
      Pass(absl::Hours(24));
      Close();
    }
    EXPECT_TRUE(store_->Bitmaps("acme").empty());
    EXPECT_TRUE((*Any().organizations.repository.Read("acme"))->begun().empty());
  }

  int published = 0;
  int merged = 0;
  int ahead = 0;  // merged into a window of tomorrow

 private:
  static ScrubbedKeyring NewKeys() { return *NewKeyring(kStart, kDefaultGrace); }

  int Draw(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }
  Replica& Any() { return *replicas_[static_cast<size_t>(Draw(0, 2))]; }
  absl::Duration AnySkew() { return absl::Seconds(Draw(-240, 240)); }

  void MoveTo(absl::Time now) {
    now_ = now;
    for (const auto& replica : replicas_) replica->clock.Set(now + replica->skew);
    EXPECT_TRUE(RotateKeyring(now_, kDefaultGrace, keyring_).ok());
    keys_ = *KeySnapshot::Create(keyring_);
  }
  void Pass(absl::Duration time) { MoveTo(now_ + time); }

  absl::Time Midnight() {
    const Calendar& calendar =
        (*Any().organizations.repository.Read("acme"))->schedule().calendar();
    Day day = calendar.DayOf(now_) + 1;
    // Half of the times one at which weekly windows open.
    if (Draw(0, 1) == 0) day = absl::NextWeekday(day - 1, absl::Weekday::monday);
    return calendar.StartOf(day);
  }

  void Update() {
    aggregate::v1::Organization wanted = *Any().organizations.Get("acme");
    wanted.clear_etag();
    const int64_t sizes[] = {200, 300, 1000, 1100, 2100, 30'000};
    const char* const zones[] = {"UTC", "Pacific/Kiritimati", "America/Anchorage"};
    switch (Draw(0, 3)) {
      case 0:
        wanted.set_cadence(Draw(0, 1) == 0 ? window::v1::CADENCE_FOUR_WEEKLY
                                           : window::v1::CADENCE_AUTO);
        break;
      case 1:
        wanted.set_time_zone(zones[Draw(0, 2)]);
        break;
      default:
        wanted.set_headcount(sizes[Draw(0, 5)]);
    }
    EXPECT_TRUE(Any().organizations.lifecycle.Update("acme", wanted).ok());
  }

  void Pause() {
    ASSERT_TRUE(Any().organizations.lifecycle.Pause("acme").ok());
    ASSERT_TRUE(store_->Bitmaps("acme").empty());
    // What was merged into windows that were open is gone, and so are they.
    merged_.clear();
    if (Draw(0, 1) == 0) Pass(absl::Minutes(Draw(0, 600)));
    ASSERT_TRUE(Any().organizations.lifecycle.Resume("acme").ok());
  }

  // Somebody does something, and ingest, whose clock is ahead or behind, takes it: under a
  // policy that it fetched a moment before.
  void Act() {
    const absl::Duration skew = AnySkew();
    const absl::Time at = now_ + skew;
    Replica& told = Any();
    const auto organization = told.organizations.repository.Read("acme");
    ASSERT_TRUE(organization.ok());
    if (!(*organization)->TakesActivity()) return;
    const auto policy = OrganizationPolicy::Create(
        "acme", MakeIngestPolicy(**organization, ShippedCatalog(), told.clock.Now()),
        ShippedCatalog(), keys_);
    ASSERT_TRUE(policy.ok()) << policy.status();
    if (Draw(0, 9) == 0) Update();  // the policy is of before that
    const absl::Time occurred =
        Draw(0, 2) == 0 ? at + kClockTolerance : at - absl::Minutes(Draw(0, 4000));
    const int kind = ShippedCatalog().FindKind("person");
    DayVerdicts verdicts(**policy, ShippedCatalog(), at);
    const DayVerdict& verdict = verdicts.Of(verdicts.DayOf(absl::ToUnixSeconds(occurred)), kind);
    if (verdict.refusal != ingest::v1::REASON_UNSPECIFIED) return;
    Digest digest;
    digest.bytes.fill(static_cast<uint8_t>(Draw(1, kPeople)));
    aggregate::v1::MergeDeltasRequest request;
    for (const int index : verdict.windows) {
      AddDelta((*policy)->window(index), static_cast<size_t>(kind), digest, request);
    }
    const auto outcomes = Any().merger.Merge(request);
    ASSERT_TRUE(outcomes.ok()) << outcomes.status();
    for (int i = 0; i < request.deltas_size(); ++i) {
      if ((*outcomes)[static_cast<size_t>(i)] == aggregate::v1::DELTA_OUTCOME_MERGED) {
        Note(request.deltas(i), digest.bytes[0]);
      }
    }
  }

  void AddDelta(const PolicyWindow& window, size_t kind, const Digest& digest,
                aggregate::v1::MergeDeltasRequest& request) {
    aggregate::v1::WindowDelta& delta = *request.add_deltas();
    delta.set_organization("acme");
    SetWindow(window.window, delta);
    delta.set_kind("person");
    delta.set_key_id(window.hash.key_id().data(), window.hash.key_id().size());
    const KindSlots& slots = window.kinds[kind];
    delta.set_kept_slots_log2(slots.kept_log2);
    const CatalogKind& columns = ShippedCatalog().kinds()[kind];
    const bool is_day = window.window.kind == WindowKind::kDay;
    std::set<uint32_t> positions;
    for (const int index : is_day ? columns.habit_tables : columns.reach_tables) {
      const CatalogTable& table = ShippedCatalog().table(index);
      const uint64_t slot = window.hash.Hash(table.salt, digest) & slots.slot_mask;
      if (slot < slots.kept) {
        positions.insert(table.columns[0] * slots.kept + static_cast<uint32_t>(slot));
      }
    }
    delta.mutable_positions()->Add(positions.begin(), positions.end());
  }

  void Note(const aggregate::v1::WindowDelta& delta, int person) {
    ++merged;
    const Window window = *WindowFrom(delta);
    const auto schedule = (*replicas_[1]->organizations.repository.Read("acme"))->schedule();
    if (window.first_day() > schedule.calendar().DayOf(now_)) ++ahead;
    const uint32_t kept = uint32_t{1} << delta.kept_slots_log2();
    for (const uint32_t position : delta.positions()) {
      const uint32_t column = position / kept;
      const uint32_t slot = position % kept;
      EXPECT_EQ(slots_.try_emplace({window, column, person}, kept, slot).first->second,
                std::make_pair(kept, slot))
          << "a second slot in a table of " << FormatDay(window.end_day);
      if (window.kind == WindowKind::kReach) merged_[{window.end_day, column}].insert(slot);
    }
  }

  void Close() {
    Replica& replica = Any();
    const auto report = replica.closer.CloseDue("acme");
    ASSERT_TRUE(report.ok()) << report.status();
    for (const auto& closed : report->windows) {
      // A change of cadence may cost the budget too much; nothing else is lost here.
      ASSERT_TRUE(closed.outcome() == aggregate::v1::CLOSE_OUTCOME_PUBLISHED ||
                  closed.outcome() == aggregate::v1::CLOSE_OUTCOME_BUDGET_EXHAUSTED ||
                  closed.outcome() == aggregate::v1::CLOSE_OUTCOME_TOO_SMALL)
          << aggregate::v1::CloseOutcome_Name(closed.outcome()) << " " << closed.score();
      if (closed.outcome() == aggregate::v1::CLOSE_OUTCOME_PUBLISHED) {
        CheckRecord(*ParseDay(closed.score().substr(closed.score().rfind('/') + 1)));
      }
    }
  }

  // Without noise, a record counts every slot that was merged.
  void CheckRecord(Day end_day) {
    ++published;
    PublicationStore& publications = *store_;
    publication::v1::Publication record;
    ASSERT_TRUE(record.ParseFromString(publications.Read("acme", {&end_day, 1})->front()));
    for (const auto& kind : record.kinds()) {
      if (kind.kind() != "person") continue;
      ASSERT_EQ(kind.state(), publication::v1::KIND_STATE_COMPLETE);
      for (const auto& table : kind.tables()) {
        const uint32_t column =
            ShippedCatalog().table(ShippedCatalog().FindTable(table.table())).columns[0];
        // One feature is set, the first: the pattern 1.
        const auto counted = table.cells(table.features_size() == 1 ? 0 : 1);
        ASSERT_EQ(counted, static_cast<int64_t>(merged_[{end_day, column}].size()))
            << table.table() << " of " << FormatDay(end_day);
      }
    }
  }

  std::mt19937 random_;
  std::unique_ptr<MemoryStore> store_;
  ScrubbedKeyring keyring_;
  std::shared_ptr<const KeySnapshot> keys_;
  std::vector<std::unique_ptr<Replica>> replicas_;
  absl::Time now_ = kStart;
  std::map<std::pair<Window, std::string>, std::tuple<uint32_t, uint32_t, uint32_t>> shapes_;
  std::map<std::tuple<Window, uint32_t, int>, std::pair<uint32_t, uint32_t>> slots_;
  std::map<std::pair<Day, uint32_t>, std::set<uint32_t>> merged_;
};

// Mutations: a change that takes a window to open at midnight, or does not look at windows
// that were begun; a pause that does not note what had opened.
TEST(WindowWalk, KeepsEachWindowAsItOpened) {
  int published = 0;
  int merged = 0;
  int ahead = 0;
  for (unsigned seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Walk walk(seed);
    for (int step = 0; step < 250 && !testing::Test::HasFailure(); ++step) {
      walk.Step();
      walk.Check();
    }
    if (testing::Test::HasFailure()) return;
    walk.End();
    published += walk.published;
    merged += walk.merged;
    ahead += walk.ahead;
  }
  std::cout << "walks: " << merged << " deltas merged, " << ahead
            << " of them into windows of tomorrow, " << published << " records\n";
  EXPECT_GT(published, 80);
  EXPECT_GT(ahead, 40) << "the minutes before midnight were not tried";
}

}  // namespace
}  // namespace tutti
