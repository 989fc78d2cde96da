// Attack 1 once more, through a real redis-server: the bits of a small organisation are
// written, its window is closed, and its record read, thousands of times with and without
// one person. What Redis, its scripts and the closing add to the sampler (a count taken
// twice, a bit lost, a record drawn again) shows here. The worlds are told apart in the long
// form alone; the short one looks at what they differ in: the counts and their noise.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/redis/redis_stores.h"
#include "common/window/window_proto.h"
#include "google/protobuf/text_format.h"
#include "services/aggregate/delta_merger.h"
#include "services/aggregate/journal_binding.h"
#include "services/aggregate/window_closer.h"
#include "tests/doubles/broken_noise.h"
#include "tests/doubles/fake_clock.h"
#include "tests/doubles/seeded_random_words.h"
#include "tests/doubles/zero_noise.h"
#include "tests/privacy/attacks/attack.h"
#include "tests/privacy/audit/longer.h"
#include "tests/privacy/audit/two_worlds.h"
#include "tests/support/organizations.h"
#include "tests/support/redis_server.h"
#include "tutti/publication/v1/publication.pb.h"

namespace tutti {
namespace {

constexpr int64_t kHeadcount = 120;
const int64_t kRuns = Longer(0, 4'000);  // a side
constexpr uint32_t kSlots = 20;          // that show mail without the target

// One table of two features, of which everybody whom we know writes mail.
constexpr char kCatalog[] = R"text(
name: "audit" version: "1"
kinds {
  id: "person" plural: "people" protected_unit: "one person"
  expected_per_100_people: 100 slots_per_subject: 8
  max_slots_log2: 18 max_slots_log2_daily: 17 min_headcount: 10
}
activity_types { id: "mail.sent" kind: "person" description: "sent a mail" }
activity_types { id: "chat.sent" kind: "person" description: "sent a message" }
sources { id: "mail_log" display_name: "Mail log" }
tables {
  id: "modes" kind: "person" role: TABLE_ROLE_PRIMARY weight: 1
  display_name: "Modes" description: "How people write."
  features { id: "mail" column: 0 display_name: "Mail" any_of { types: "mail.sent" } }
  features { id: "chat" column: 1 display_name: "Chat" any_of { types: "chat.sent" } }
}
budget_splits { cadence: "daily" primary_permille: 1000 }
budget_splits { cadence: "weekly" primary_permille: 1000 }
budget_splits { cadence: "four_weekly" primary_permille: 1000 }
measures {
  id: "mail_reach" display_name: "Mail" sentence: "S." numerator_words: "n"
  denominator_words: "d" raise_words: "r" sources: "mail_log"
  share { numerator { table: "modes" any_of { features: "mail" } } entitled_product: "" }
}
)text";

class RedisWorlds {
 public:
  RedisWorlds() {
    catalog::v1::Catalog proto;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kCatalog, &proto));
    auto catalog = Catalog::Build(std::move(proto), "audit");
    EXPECT_TRUE(catalog.ok()) << catalog.status();
    catalog_ = *std::move(catalog);
    auto server = RedisServer::Start();
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    stores_ = std::make_unique<RedisStores>(server_->OptionsFor("aggregate"));
    organizations_ = std::make_unique<Organizations>(stores_->organizations(), stores_->counters(),
                                                     stores_->publications(), stores_->history(),
                                                     *catalog_, clock_);
    merger_ = std::make_unique<DeltaMerger>(organizations_->repository, stores_->counters(),
                                            *catalog_, clock_);
    std::string folder = (std::filesystem::temp_directory_path() / "tutti-worlds.XXXXXX").string();
    EXPECT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    auto journal = FileJournal::Open(folder + "/journal");
    EXPECT_TRUE(journal.ok()) << journal.status();
    journal_ = *std::move(journal);
    binding_.emplace(BindingParts{*journal_, stores_->journal(), stores_->organizations(),
                                  stores_->publications(), organizations_->repository, *catalog_,
                                  clock_});
  }
  ~RedisWorlds() { std::filesystem::remove_all(folder_); }

  // Twenty slots show mail; the target adds as many slots as it has.
  TwoWorldsAudit Attack(const std::function<std::unique_ptr<NoiseSource>()>& noise, int64_t runs,
                        uint32_t slots_of_target = 1) {
    return AuditTwoWorlds(
        [&](bool present) {
          const publication::v1::Publication record =
              PublishOnce(kSlots + (present ? slots_of_target : 0), noise);
          const auto& cells = record.kinds(0).tables(0).cells();
          claim_ = std::sqrt(2e-9 * static_cast<double>(record.kinds(0).nano_rho()));
          return static_cast<double>(cells[1] - cells[0]);
        },
        runs);
  }

  // A record of so many slots, less what was counted in it.
  std::array<int64_t, 4> NoiseIn(const publication::v1::KindRecord& record, uint32_t slots) {
    const publication::v1::TableRecord& table = record.tables(0);
    const int64_t kept = int64_t{1} << record.kept_slots_log2();
    std::array<int64_t, 4> noise = {slots - kept, -int64_t{slots}, 0, 0};
    EXPECT_EQ(table.cells_size(), 4);
    for (int cell = 0; cell < std::min(4, table.cells_size()); ++cell) {
      noise.at(static_cast<size_t>(cell)) += table.cells(cell);
    }
    return noise;
  }

  // The noise in a record of so many slots.
  std::array<int64_t, 4> NoiseOf(uint32_t slots,
                                 const std::function<std::unique_ptr<NoiseSource>()>& noise) {
    return NoiseIn(PublishOnce(slots, noise).kinds(0), slots);
  }

  // The variance of the noise of as many records of the same bits, as a part of what they say.
  double VarianceOf(const std::function<std::unique_ptr<NoiseSource>()>& noise, int64_t records) {
    double sum = 0;
    int64_t cells = 0;
    for (int64_t i = 0; i < records; ++i) {
      const publication::v1::KindRecord record = PublishOnce(kSlots, noise).kinds(0);
      for (const int64_t draw : NoiseIn(record, kSlots)) {
        const auto drawn = static_cast<double>(draw);
        sum += drawn * drawn / static_cast<double>(record.tables(0).sigma_squared());
        ++cells;
      }
    }
    return sum / static_cast<double>(cells);
  }

  double claim() const { return claim_; }

 private:
  publication::v1::Publication PublishOnce(
      uint32_t slots, const std::function<std::unique_ptr<NoiseSource>()>& noise) {
    const std::string id = absl::StrCat("world-", runs_++);
    aggregate::v1::Organization wanted;
    wanted.set_headcount(kHeadcount);
    wanted.set_first_day(FormatDay(kFirstDay));
    EXPECT_TRUE(organizations_->lifecycle.Create(id, wanted, /*backfill=*/true).ok());
    aggregate::v1::MergeDeltasRequest request;
    request.set_catalog_fingerprint(catalog_->fingerprint());
    aggregate::v1::WindowDelta& delta = *request.add_deltas();
    delta.set_organization(id);
    SetWindow({WindowKind::kReach, kLastDay}, delta);
    delta.set_kind("person");
    delta.set_key_id(std::string(16, 'k'));
    delta.set_kept_slots_log2(10);  // the power of two from 8 x 120 on
    for (uint32_t slot = 0; slot < slots; ++slot) delta.add_positions(11 * slot);
    const auto merged = merger_->Merge(request);
    EXPECT_TRUE(merged.ok() && merged->at(0) == aggregate::v1::DELTA_OUTCOME_MERGED);
    EXPECT_TRUE(organizations_->lifecycle.FinishBackfill(id).ok());

    clock_.Advance(absl::Hours(24 * 3));
    WindowCloser closer({organizations_->repository, organizations_->lifecycle,
                         stores_->organizations(), stores_->counters(), stores_->publications(),
                         *binding_, *catalog_, clock_, noise});
    const auto report = closer.CloseDue(id);
    clock_.Advance(-absl::Hours(24 * 3));
    EXPECT_TRUE(report.ok()) << report.status();
    publication::v1::Publication record;
    const auto read = stores_->publications().Read(id, absl::MakeConstSpan(&kLastDay, 1));
    EXPECT_TRUE(read.ok() && record.ParseFromString(read->at(0))) << read.status();
    return record;
  }

  std::unique_ptr<const Catalog> catalog_;
  std::unique_ptr<RedisServer> server_;
  std::filesystem::path folder_;
  FakeWallClock clock_{absl::FromCivil(absl::CivilHour(kLastDay + 1) + 12, absl::UTCTimeZone())};
  std::unique_ptr<RedisStores> stores_;
  std::unique_ptr<Organizations> organizations_;
  std::unique_ptr<DeltaMerger> merger_;
  std::unique_ptr<FileJournal> journal_;
  std::optional<JournalBinding> binding_;
  double claim_ = 0;
  int64_t runs_ = 0;
};

// Mutation: a table that is counted after a bit was set twice, or noise whose variance is
// planned for one cell where a person changes two, is told apart better than claimed.
TEST(RedisWorldsAttack, NobodyTellsTheWorldsApartThroughARealStore) {
  if (kRuns == 0) GTEST_SKIP() << "the long form alone: tests/privacy/run --long";
  RedisWorlds worlds;
  uint64_t seed = 0;
  const auto sound = [&] { return std::make_unique<SeededNoise>(seed++); };
  const TwoWorldsAudit audit = worlds.Attack(sound, kRuns);
  ReportAttack(1, absl::StrFormat("%d closes a side through Redis: mu >= %.3f, claimed %.3f", kRuns,
                                  audit.mu_lower_bound, worlds.claim()));
  EXPECT_LE(audit.mu_lower_bound, worlds.claim());
  EXPECT_GT(audit.mu_lower_bound, 0.2) << "the attack is too weak to prove anything";
  EXPECT_GT(worlds.Attack(sound, 150, 4).mu_lower_bound, worlds.claim())
      << "a person in four slots was not detected";
}

// Mutations: a count that is taken twice; a bit that is lost, or kept from another window.
TEST(RedisWorldsAttack, WithoutNoiseARecordIsExactlyWhatWasWritten) {
  RedisWorlds worlds;
  for (const uint32_t slots : {0U, kSlots, kSlots + 1}) {
    const auto noise = worlds.NoiseOf(slots, [] { return std::make_unique<ZeroNoise>(); });
    EXPECT_EQ(noise, (std::array<int64_t, 4>{})) << slots;
  }
}

// 400 cells of which the exact counts are known: a standard error of 0.071; in the long form
// 1,200 and 0.041. Mutation: half the variance, anywhere between the plan and what is read.
TEST(RedisWorldsAttack, ARecordHasTheNoiseThatItClaims) {
  const int64_t records = Longer(100, 300);
  const double allowed = 5 * std::sqrt(2.0 / static_cast<double>(4 * records));
  RedisWorlds worlds;
  uint64_t seed = 0;
  const double sound =
      worlds.VarianceOf([&] { return std::make_unique<SeededNoise>(seed++); }, records);
  EXPECT_NEAR(sound, 1, allowed);
  // The control.
  class Halved final : public NoiseSource {
   public:
    explicit Halved(uint64_t of) : noise_(of) {}
    absl::StatusOr<int64_t> Draw(uint64_t sigma_squared) override {
      return noise_.Draw(sigma_squared / 2);
    }

   private:
    SeededNoise noise_;
  };
  const double halved =
      worlds.VarianceOf([&] { return std::make_unique<Halved>(seed++); }, records);
  EXPECT_LT(halved, 1 - allowed) << "half the variance was not detected";
  ReportAttack(1, absl::StrFormat("%d records through Redis: %.3f of the variance that they say, "
                                  "the control %.3f",
                                  records, sound, halved));
}

}  // namespace
}  // namespace tutti
