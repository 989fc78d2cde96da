// Made-up organisations go through everything but the network: ingest's classes,
// aggregate's, a store, and the score's. What comes out is compared with the exact
// truth, once without noise (only counting errs) and once with real noise.

#include "services/cli/sample/truth.h"

#include <stdlib.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/catalog/catalog.h"
#include "common/keyring/key_store.h"
#include "common/keyring/keyring_operations.h"
#include "common/keyring/opt_out_store.h"
#include "common/privacy/noise.h"
#include "common/scoring/score_builder.h"
#include "gtest/gtest.h"
#include "services/aggregate/delta_merger.h"
#include "services/aggregate/ingest_policy.h"
#include "services/aggregate/organization_directory.h"
#include "services/aggregate/window_closer.h"
#include "services/cli/sample/sample_organization.h"
#include "services/ingest/acknowledged_cache.h"
#include "services/ingest/activity_ingester.h"
#include "services/ingest/aggregate_client.h"
#include "services/ingest/delta_coalescer.h"
#include "services/ingest/ingest_counters.h"
#include "services/ingest/policy_cache.h"
#include "tests/doubles/fake_clock.h"
#include "tests/doubles/memory_store.h"
#include "tests/doubles/zero_noise.h"

namespace tutti {
namespace {

using publication::v1::Publication;

constexpr char kId[] = "made-up";
constexpr int kBatch = 5000;
constexpr double kDeviations95 = 1.96;
constexpr int kDraws = 12;  // of noise, for each keyring

// A journal that remembers nothing: no store is restored here.
class NoJournal final : public PublicationJournal {
 public:
  absl::Status Record(const std::string&, Day, const std::string&) override {
    return absl::OkStatus();
  }
  absl::StatusOr<bool> Knows(const std::string&, Day) override { return false; }
};

// Aggregate without a network.
class LocalAggregate final : public AggregateClient {
 public:
  LocalAggregate(OrganizationDirectory& directory, DeltaMerger& merger, const Catalog& catalog,
                 const WallClock& clock)
      : directory_(directory), merger_(merger), catalog_(catalog), clock_(clock) {}

  void FetchPolicy(const std::string& organization, PolicyCallback done) override {
    const auto found = directory_.Read(organization);
    if (!found.ok()) return done(found.status());
    done(MakeIngestPolicy(**found, directory_, catalog_, clock_.Now()));
  }

  void Merge(aggregate::v1::MergeDeltasRequest request, MergeCallback done) override {
    const auto outcomes = merger_.Merge(request);
    if (!outcomes.ok()) return done(outcomes.status());
    aggregate::v1::MergeDeltasResponse response;
    for (const auto outcome : *outcomes) response.add_outcomes(outcome);
    done(std::move(response));
  }

 private:
  OrganizationDirectory& directory_;
  DeltaMerger& merger_;
  const Catalog& catalog_;
  const WallClock& clock_;
};

class TruthTest : public ::testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override {
    const char* source = std::getenv("TUTTI_SOURCE_DIR");
    ASSERT_NE(source, nullptr);
    auto catalog = Catalog::Load(absl::StrCat(source, "/deploy/catalog/adoption.textproto"));
    ASSERT_TRUE(catalog.ok()) << catalog.status();
    catalog_ = *std::move(catalog);
    std::string folder = (std::filesystem::temp_directory_path() / "tutti-truth.XXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // Publishes the organisation's whole activity, without noise; the records. The
  // seed decides the keys, and thereby which subjects share a slot.
  std::vector<Publication> PublishWithoutNoise(const SampleOrganization& organization,
                                               uint32_t seed);

  std::unique_ptr<const Catalog> catalog_;
  std::filesystem::path folder_;
};

// Replaces every key by one that follows from the seed.
void SeedKeys(uint32_t seed, keyring::v1::Keyring& keyring) {
  std::mt19937 engine(seed);
  const auto fill = [&](std::string& key) {
    for (char& byte : key) byte = static_cast<char>(engine() & 0xffU);
  };
  fill(*keyring.mutable_identity_key());
  for (keyring::v1::WindowKey& key : *keyring.mutable_keys()) fill(*key.mutable_key());
}

std::vector<Publication> TruthTest::PublishWithoutNoise(const SampleOrganization& organization,
                                                        uint32_t seed) {
  const SampleOptions& options = organization.options();
  FakeWallClock clock(
      absl::FromCivil(absl::CivilHour(options.last_day + 1) + 12, absl::UTCTimeZone()));
  MemoryStore store;
  NoJournal journal;
  OrganizationDirectory directory(store, store, *catalog_, clock, WindowTiming());
  DeltaMerger merger(directory, store, *catalog_, clock);
  aggregate::v1::Organization wanted;
  wanted.set_headcount(options.people);
  wanted.set_first_day(FormatDay(options.first_day()));
  wanted.add_sources("activities");
  aggregate::v1::Entitlement& assistant = *wanted.add_entitlements();
  assistant.set_product("assistant");
  assistant.set_people(organization.licensed_people());
  EXPECT_TRUE(directory.Create(kId, wanted, /*backfill=*/true).ok());

  absl::StatusOr<ScrubbedKeyring> keyring = NewKeyring(clock.Now(), absl::Hours(48));
  EXPECT_TRUE(keyring.ok());
  EXPECT_TRUE(ExtendKeyring(kId, options.first_day(), std::nullopt, clock.Now(), *keyring).ok());
  SeedKeys(seed, keyring->mutable_message());
  const std::string path = (folder_ / "keyring").string();
  EXPECT_TRUE(KeyringFile(path).Create(*keyring).ok());
  const auto keys = KeyStore::Open(path);
  EXPECT_TRUE(keys.ok()) << keys.status();
  const std::string opt_out_path = OptOutPathBeside(path);
  EXPECT_TRUE(OptOutFile(opt_out_path).Create().ok());
  const auto opt_outs = OptOutStore::Open(opt_out_path);
  EXPECT_TRUE(opt_outs.ok()) << opt_outs.status();

  LocalAggregate aggregate(directory, merger, *catalog_, clock);
  IngestCounters counters;
  PolicyCache policies(aggregate, *catalog_, **keys, clock);
  AcknowledgedCache acknowledged(ColumnLayout::Of(*catalog_).words(), size_t{1} << 18);
  DeltaCoalescer coalescer(aggregate, *catalog_, CoalescerLimits());
  ActivityIngester ingester(
      {*catalog_, policies, acknowledged, coalescer, **opt_outs, counters, clock});

  ingest::v1::IngestActivitiesRequest request;
  request.set_organization(absl::StrCat("organizations/", kId));
  const auto send = [&] {
    ingest::v1::IngestActivitiesResponse response;
    int answers = 0;
    ingester.Ingest(request, response, [&](const std::optional<Refusal>& refusal) {
      EXPECT_FALSE(refusal.has_value());
      ++answers;
    });
    coalescer.Tick();
    EXPECT_EQ(answers, 1);
    // Only days before the first window, which begins on a Monday, are refused.
    for (const auto& rejection : response.rejections()) {
      EXPECT_EQ(rejection.reason(), ingest::v1::REASON_BEFORE_FIRST_DAY);
    }
    request.clear_activities();
  };
  organization.ForEachActivity([&](const ingest::v1::Activity& activity) {
    *request.add_activities() = activity;
    if (request.activities_size() == kBatch) send();
  });
  if (request.activities_size() > 0) send();

  EXPECT_TRUE(directory.FinishBackfill(kId).ok());
  clock.Advance(absl::Hours(24 * 4));
  WindowCloser closer({directory, store, store, store, journal, *catalog_, clock,
                       [] { return std::make_unique<ZeroNoise>(); }});
  const absl::StatusOr<CloseReport> report = closer.CloseDue(kId);
  EXPECT_TRUE(report.ok()) << report.status();
  std::vector<Publication> records;
  PublicationStore& publications = store;
  const absl::StatusOr<std::vector<Day>> end_days = publications.ListEndDays(kId);
  EXPECT_TRUE(end_days.ok());
  const absl::StatusOr<std::vector<std::string>> published = publications.Read(kId, *end_days);
  EXPECT_TRUE(published.ok());
  for (const std::string& bytes : *published) {
    EXPECT_TRUE(records.emplace_back().ParseFromString(bytes));
  }
  std::filesystem::remove(path);
  std::filesystem::remove(opt_out_path);
  return records;
}

// How often figures fell how far from the truth.
struct Tally {
  int figures = 0;
  int beyond_margin = 0;  // of 95%
  int beyond_three = 0;   // standard deviations
  double squares = 0;     // of the standard deviations
  double furthest = 0;    // standard deviations

  void Add(double estimate, double truth, double margin) {
    const double deviations = kDeviations95 * std::abs(estimate - truth) / margin;
    ++figures;
    beyond_margin += deviations > kDeviations95 ? 1 : 0;
    beyond_three += deviations > 3 ? 1 : 0;
    squares += deviations * deviations;
    furthest = std::max(furthest, deviations);
  }
};

// Compares every shown figure of a score with the truth. Bounds must hold within
// the margin of the bound.
void Compare(const Catalog& catalog, const Truth& truth, const score::v1::Score& score,
             Tally& tally) {
  const TruthWindow* window = truth.Find(ParseDay(score.end_day()).value());
  ASSERT_NE(window, nullptr);
  const auto compare = [&](const std::string& what, const score::v1::Estimate& shown,
                           double exact) {
    switch (shown.bound()) {
      case score::v1::BOUND_AT_LEAST:
        EXPECT_GT(exact, shown.value() - 2 * shown.margin()) << what;
        return;
      case score::v1::BOUND_AT_MOST:
        EXPECT_LT(exact, shown.value() + 2 * shown.margin()) << what;
        return;
      default:
        if (shown.margin() > 0) tally.Add(shown.value(), exact, shown.margin());
    }
  };
  for (const score::v1::CategoryScore& shown : score.categories()) {
    if (shown.state() != score::v1::FIGURE_STATE_MEASURED) continue;
    const absl::optional<double> exact =
        truth.Points(catalog, *window, *catalog.FindCategory(shown.category()));
    ASSERT_TRUE(exact.has_value()) << shown.category();
    compare(shown.category(), shown.points(), *exact);
  }
  for (const score::v1::MeasureValue& shown : score.measures()) {
    if (shown.state() != score::v1::FIGURE_STATE_MEASURED) continue;
    const catalog::v1::Measure& measure = *catalog.FindMeasure(shown.measure());
    const absl::optional<double> exact = truth.Measure(catalog, *window, measure);
    // A rate among nobody has no truth; that nobody is there must not decide
    // whether it is shown.
    if (!exact.has_value() && measure.share().has_subjects()) continue;
    ASSERT_TRUE(exact.has_value()) << shown.measure();
    compare(shown.measure(), shown.value(),
            shown.unit() == score::v1::UNIT_PERCENT ? 100 * *exact : *exact);
  }
}

// Records without noise that say so: margins are then those of counting alone.
Publication WithoutNoise(Publication record) {
  for (auto& kind : *record.mutable_kinds()) {
    for (auto& table : *kind.mutable_tables()) table.set_sigma_squared(0);
    for (auto& habit : *kind.mutable_habits()) habit.set_sigma_squared(0);
  }
  return record;
}

Publication WithNoise(Publication record, NoiseSource& noise) {
  for (auto& kind : *record.mutable_kinds()) {
    for (auto& table : *kind.mutable_tables()) {
      for (auto& cell : *table.mutable_cells()) cell += noise.Draw(table.sigma_squared()).value();
    }
    for (auto& habit : *kind.mutable_habits()) {
      habit.set_sum(habit.sum() + noise.Draw(habit.sigma_squared()).value());
    }
  }
  return record;
}

TEST_P(TruthTest, PublishesTheTruthWithinItsMargins) {
  SampleOptions options;
  options.organization = kId;
  options.people = GetParam();
  options.weeks = 12;
  options.last_day = Day(2026, 11, 1);  // a Sunday
  options.shape = SampleShape::kActivities;
  const auto organization = SampleOrganization::Create(options);
  ASSERT_TRUE(organization.ok()) << organization.status();
  const Truth truth = CountTruth(*organization, *catalog_);

  const uint32_t keyrings = options.people > 1000 ? 3 : 10;
  Tally counting;
  Tally noisy;
  KernelNoise noise;
  for (uint32_t seed = 1; seed <= keyrings; ++seed) {
    const std::vector<Publication> records = PublishWithoutNoise(*organization, seed);
    ASSERT_FALSE(records.empty());
    for (const Publication& record : records) {
      const auto scored = ScorePublication(*catalog_, WithoutNoise(record));
      ASSERT_TRUE(scored.ok()) << scored.status();
      Compare(*catalog_, truth, scored->score, counting);
    }
    for (int draw = 0; draw < kDraws; ++draw) {
      for (const Publication& record : records) {
        const auto scored = ScorePublication(*catalog_, WithNoise(record, noise));
        ASSERT_TRUE(scored.ok()) << scored.status();
        Compare(*catalog_, truth, scored->score, noisy);
      }
    }
  }
  const double inside = 1 - static_cast<double>(noisy.beyond_margin) / std::max(1, noisy.figures);
  const double spread = std::sqrt(counting.squares / std::max(1, counting.figures));
  std::printf(
      "%lld people, %u keyrings: without noise %d figures, %d beyond 3 sd, furthest %.1f sd, root "
      "mean square %.2f sd; with noise %d figures, %.1f%% inside the 95%% margin\n",
      static_cast<long long>(options.people), keyrings, counting.figures, counting.beyond_three,
      counting.furthest, spread, noisy.figures, 100 * inside);
  // A normal law is beyond three standard deviations once in 370; the law of shared
  // slots is somewhat wider there where there are few people.
  EXPECT_GT(counting.figures, 0);
  EXPECT_LE(counting.beyond_three, counting.figures / 80);
  EXPECT_LT(counting.furthest, 6);
  EXPECT_LT(spread, 1.1);
  EXPECT_GT(noisy.figures, 0);
  EXPECT_GT(inside, 0.94);
  EXPECT_LT(inside, 0.98);
}

INSTANTIATE_TEST_SUITE_P(Sizes, TruthTest, ::testing::Values(250, 600, 3000),
                         [](const auto& param) { return absl::StrCat("People", param.param); });

}  // namespace
}  // namespace tutti
