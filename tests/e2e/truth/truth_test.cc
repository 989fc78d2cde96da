// Made-up organisations go through everything but the network: ingest's classes,
// aggregate's, a store, and the score's. What comes out is compared with the exact
// truth, once without noise (only counting errs) and once with noise of the real law: every
// figure of every kind of subject.

#include "services/cli/sample/truth.h"

#include <cmath>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/catalog/catalog.h"
#include "common/privacy/noise.h"
#include "common/scoring/score_builder.h"
#include "gtest/gtest.h"
#include "services/cli/sample/sample_items.h"
#include "services/cli/sample/sample_organization.h"
#include "tests/doubles/seeded_random_words.h"
#include "tests/e2e/truth/publish_locally.h"

namespace tutti {
namespace {

using publication::v1::Publication;

constexpr double kDeviations95 = 1.96;
constexpr int kDraws = 12;  // of noise, for each keyring

class TruthTest : public ::testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override {
    const char* source = std::getenv("TUTTI_SOURCE_DIR");
    ASSERT_NE(source, nullptr);
    auto catalog = Catalog::Load(absl::StrCat(source, "/deploy/catalog/adoption.textproto"));
    ASSERT_TRUE(catalog.ok()) << catalog.status();
    catalog_ = *std::move(catalog);
  }

  // Publishes the organisation's whole activity, without noise.
  LocalOutput PublishWithoutNoise(const SampleOrganization& organization, uint32_t seed) const;

  std::unique_ptr<const Catalog> catalog_;
};

LocalOutput TruthTest::PublishWithoutNoise(const SampleOrganization& organization,
                                           uint32_t seed) const {
  const SampleOptions& options = organization.options();
  LocalInput input;
  input.profile.set_headcount(options.people);
  input.profile.set_first_day(FormatDay(options.first_day()));
  for (const char* source :
       {"activities", "device_telemetry", "network_measurements", "app_inventory",
        "meeting_records", "workspace_records", "item_records"}) {
    input.profile.add_sources(source);
  }
  aggregate::v1::Entitlement& assistant = *input.profile.add_entitlements();
  assistant.set_product("assistant");
  assistant.set_people(organization.licensed_people());
  input.last_day = options.last_day;
  input.key_seed = seed;
  input.tell = [&](const std::function<void(const ingest::v1::Activity&)>& take) {
    organization.ForEachActivity(take);
    ForEachItemActivity(organization,
                        [&](const ingest::v1::Activity& activity, int) { take(activity); });
  };
  LocalOutput output = PublishLocally(*catalog_, input);
  for (const auto& [reason, count] : output.refused) {
    // Days before the first window, which begins on a Monday; items of few people.
    EXPECT_TRUE(reason == ingest::v1::REASON_BEFORE_FIRST_DAY ||
                (reason == ingest::v1::REASON_KIND_NOT_COLLECTED && options.people < 250))
        << count << " refused: " << ingest::v1::Reason_Name(reason);
  }
  return output;
}

// How often figures fell how far from the truth.
struct Tally {
  int figures = 0;
  int beyond_margin = 0;  // of 95%
  int beyond_three = 0;   // standard deviations
  double squares = 0;     // of the standard deviations
  double furthest = 0;    // standard deviations
  std::string where;      // the furthest
  int bounds = 0;         // "at least" and "at most"
  int broken_bounds = 0;  // by more than the margin of 95%

  void Add(const std::string& what, double estimate, double truth, double margin) {
    const double deviations = kDeviations95 * std::abs(estimate - truth) / margin;
    ++figures;
    beyond_margin += deviations > kDeviations95 ? 1 : 0;
    beyond_three += deviations > 3 ? 1 : 0;
    squares += deviations * deviations;
    if (deviations <= furthest) return;
    furthest = deviations;
    where = absl::StrCat(what, " (", estimate, " instead of ", truth, ", margin ", margin, ")");
  }

  void AddBound(bool holds) {
    ++bounds;
    broken_bounds += holds ? 0 : 1;
  }
};

// Compares every shown figure of a score with the truth.
void Compare(const Catalog& catalog, const Truth& truth, const score::v1::Score& score,
             Tally& tally) {
  const TruthWindow* window = truth.Find(ParseDay(score.end_day()).value());
  ASSERT_NE(window, nullptr);
  const auto compare = [&](const std::string& what, const score::v1::Estimate& shown,
                           double exact) {
    switch (shown.bound()) {
      case score::v1::BOUND_AT_LEAST:
        tally.AddBound(exact >= shown.value() - shown.margin());
        return;
      case score::v1::BOUND_AT_MOST:
        tally.AddBound(exact <= shown.value() + shown.margin());
        return;
      default:
        if (shown.margin() > 0) tally.Add(what, shown.value(), exact, shown.margin());
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

class SmallTruthTest : public TruthTest {};

SampleOptions OptionsFor(int64_t people) {
  SampleOptions options;
  options.organization = "made-up";
  options.people = people;
  options.weeks = people > 20'000 ? 5 : 12;
  options.last_day = Day(2026, 11, 1);  // a Sunday on which four weeks end
  options.shape = SampleShape::kActivities;
  return options;
}

TEST_P(TruthTest, PublishesTheTruthWithinItsMargins) {
  const SampleOptions options = OptionsFor(GetParam());
  const auto organization = SampleOrganization::Create(options);
  ASSERT_TRUE(organization.ok()) << organization.status();
  const Truth truth = CountTruth(*organization, *catalog_);

  const uint32_t keyrings = options.people > 20'000 ? 1 : options.people > 1000 ? 2 : 8;
  Tally counting;
  Tally noisy;
  SeededNoise noise(1);
  int64_t activities = 0;
  for (uint32_t seed = 1; seed <= keyrings; ++seed) {
    const LocalOutput output = PublishWithoutNoise(*organization, seed);
    activities += output.activities;
    ASSERT_FALSE(output.records.empty());
    for (const Publication& record : output.records) {
      const auto scored = ScorePublication(*catalog_, WithoutNoise(record));
      ASSERT_TRUE(scored.ok()) << scored.status();
      Compare(*catalog_, truth, scored->score, counting);
    }
    for (int draw = 0; draw < kDraws; ++draw) {
      for (const Publication& record : output.records) {
        const auto scored = ScorePublication(*catalog_, WithNoise(record, noise));
        ASSERT_TRUE(scored.ok()) << scored.status();
        Compare(*catalog_, truth, scored->score, noisy);
      }
    }
  }
  // A bound is an interval that is open to one side: what noise pushed into a tail is
  // part of the law of all intervals, and not of any law of its own.
  const double inside = 1 - static_cast<double>(noisy.beyond_margin + noisy.broken_bounds) /
                                std::max(1, noisy.figures + noisy.bounds);
  const double spread = std::sqrt(counting.squares / std::max(1, counting.figures));
  std::printf(
      "%lld people, %u keyrings, %lld activities: without noise %d figures, %d beyond 3 sd, "
      "furthest %.1f sd, %s, root mean square %.2f sd; with noise %d figures and %d bounds, "
      "%.1f%% hold within the 95%% margin\n",
      static_cast<long long>(options.people), keyrings, static_cast<long long>(activities),
      counting.figures, counting.beyond_three, counting.furthest, counting.where.c_str(), spread,
      noisy.figures, noisy.bounds, 100 * inside);
  // A normal law is beyond three standard deviations once in 370. Without noise the
  // law is wider where few subjects share slots or few slots are sampled: the margin
  // is then estimated from very little.
  EXPECT_GT(counting.figures, 0);
  EXPECT_LE(counting.beyond_three, counting.figures / 70);
  EXPECT_LT(counting.furthest, 8);
  EXPECT_LT(spread, 1.1);
  EXPECT_GT(noisy.figures, 0);
  EXPECT_GT(inside, 0.94);
  EXPECT_LT(inside, 0.98);
  EXPECT_EQ(counting.broken_bounds, 0);
}

// Mutation: AnythingShown that is always true publishes noise and spends budget.
TEST_F(SmallTruthTest, PublishesNothingOfThirtyPeople) {
  const auto organization = SampleOrganization::Create(OptionsFor(30));
  ASSERT_TRUE(organization.ok()) << organization.status();
  const LocalOutput output = PublishWithoutNoise(*organization, 1);
  EXPECT_TRUE(output.records.empty());
  ASSERT_EQ(output.outcomes.size(), 3U);
  for (const aggregate::v1::CloseOutcome outcome : output.outcomes) {
    EXPECT_EQ(outcome, aggregate::v1::CLOSE_OUTCOME_TOO_SMALL);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, TruthTest, ::testing::Values(120, 600, 5000),
                         [](const auto& param) { return absl::StrCat("People", param.param); });
// A minute or more: the long run's.
INSTANTIATE_TEST_SUITE_P(DISABLED_LongSizes, TruthTest, ::testing::Values(50'000),
                         [](const auto& param) { return absl::StrCat("People", param.param); });

}  // namespace
}  // namespace tutti
