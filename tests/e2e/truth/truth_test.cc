// Made-up organisations go through everything but the network: ingest's classes,
// aggregate's, a store, and the score's. What comes out is compared with the exact
// truth, once without noise (only counting errs) and once with noise of the real law: every
// total, category, measure and row of a table, of every kind of subject.

#include "tests/sample/truth.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/catalog/catalog.h"
#include "common/privacy/noise.h"
#include "common/scoring/public_terms.h"
#include "common/scoring/score_builder.h"
#include "common/scoring/table_breakdown.h"
#include "gtest/gtest.h"
#include "tests/doubles/seeded_random_words.h"
#include "tests/e2e/truth/counting_error.h"
#include "tests/e2e/truth/publish_locally.h"
#include "tests/sample/sample_items.h"
#include "tests/sample/sample_organization.h"

namespace tutti {
namespace {

using publication::v1::Publication;

constexpr double kDeviations95 = 1.96;
constexpr int64_t kManyPeople = 100'000;
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
  const bool items = options.Writes(SampleShape::kActivities);
  for (const char* source :
       items ? std::vector<const char*>{"activities", "device_telemetry", "network_measurements",
                                        "app_inventory", "meeting_records", "workspace_records",
                                        "item_records"}
             : std::vector<const char*>{"m365_audit"}) {
    input.profile.add_sources(source);
  }
  aggregate::v1::Entitlement& assistant = *input.profile.add_entitlements();
  assistant.set_product("assistant");
  assistant.set_people(organization.licensed_people());
  input.last_day = options.last_day;
  input.key_seed = seed;
  input.tell = [&](const std::function<void(const ingest::v1::Activity&)>& take) {
    organization.ForEachActivity(take);
    if (!items) return;
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

  void Add(const std::string& what, double estimate, double truth, double deviation,
           double bias = 0) {
    const double distance = std::max(std::abs(estimate - truth) - bias, 0.0);
    // What cannot be wrong must be right, but for rounding.
    const double deviations = distance < 1e-9 ? 0 : distance / std::max(deviation, 1e-9);
    ++figures;
    beyond_margin += deviations > kDeviations95 ? 1 : 0;
    beyond_three += deviations > 3 ? 1 : 0;
    squares += deviations * deviations;
    if (deviations <= furthest) return;
    furthest = deviations;
    where =
        absl::StrCat(what, " (", estimate, " instead of ", truth, ", deviation ", deviation, ")");
  }

  void AddBound(bool holds) {
    ++bounds;
    broken_bounds += holds ? 0 : 1;
  }

  double Spread() const { return std::sqrt(squares / std::max(1, figures)); }
  // A bound is an interval that is open to one side: what noise pushed into a tail is
  // part of the law of all intervals, and not of any law of its own.
  double Inside() const {
    return 1 - static_cast<double>(beyond_margin + broken_bounds) / std::max(1, figures + bounds);
  }
  // Where the margins are those of an estimate that was made consistent they are not
  // wide by any standard deviation: whether they hold is all there is to say.
  std::string Held() const {
    return absl::StrFormat("%d figures and %d bounds, %.1f%% hold within the 95%% margin", figures,
                           bounds, 100 * Inside());
  }
  std::string Text() const {
    return absl::StrFormat(
        "%d figures, %d (%.2f%%) beyond 3 sd, furthest %.1f sd, %s, root mean square %.2f sd",
        figures, beyond_three, 100.0 * beyond_three / std::max(1, figures), furthest, where,
        Spread());
  }
};

// How far figures are from the truth.
struct Comparison {
  Tally printed;  // in standard deviations of the printed margin: totals, categories, measures
  Tally rows;     // the same, of the rows of tables
  // In standard deviations of counting alone, computed from the truth: every figure that
  // nothing was clamped in.
  Tally counting;
  int totals = 0;  // of scores
};

// Compares every shown figure of a publication with the truth.
class Comparer {
 public:
  Comparer(const Catalog& catalog, const Truth& truth, const Publication& record,
           Comparison& comparison)
      : catalog_(catalog),
        truth_(truth),
        record_(record),
        terms_(TermsOf(catalog, record)),
        window_(*truth.Find(ParseDay(record.end_day()).value())),
        error_(catalog, terms_, truth, window_),
        comparison_(comparison) {}

  void Compare() {
    const auto scored = ScorePublication(catalog_, record_);
    ASSERT_TRUE(scored.ok()) << scored.status();
    ComparePoints(*scored);
    for (const score::v1::MeasureValue& shown : scored->score.measures()) CompareMeasure(shown);
    for (size_t table = 0; table < catalog_.tables().size(); ++table) {
      CompareTable(static_cast<int>(table));
    }
  }

 private:
  void Take(const std::string& what, const score::v1::Estimate& shown, double exact, Tally& tally,
            const Gradient* gradient) {
    switch (shown.bound()) {
      case score::v1::BOUND_AT_LEAST:
        tally.AddBound(exact >= shown.value() - shown.margin());
        return;
      case score::v1::BOUND_AT_MOST:
        tally.AddBound(exact <= shown.value() + shown.margin());
        return;
      default:
        break;
    }
    if (shown.margin() > 0) tally.Add(what, shown.value(), exact, shown.margin() / kDeviations95);
    if (gradient == nullptr) return;
    comparison_.counting.Add(what, shown.value(), exact, error_.DeviationOf(*gradient),
                             error_.BiasOf(*gradient));
  }

  void ComparePoints(const ScoredPublication& scored) {
    double sum = 0;
    int counted = 0;
    Gradient whole;
    for (const score::v1::CategoryScore& shown : scored.score.categories()) {
      const catalog::v1::Category& category = *catalog_.FindCategory(shown.category());
      if (shown.state() != score::v1::FIGURE_STATE_MEASURED) continue;
      const absl::optional<double> exact = truth_.Points(catalog_, window_, category);
      ASSERT_TRUE(exact.has_value()) << shown.category();
      const Gradient gradient = error_.OfPoints(category);
      Take(shown.category(), shown.points(), *exact, comparison_.printed,
           IsOpen(scored.categories.at(shown.category())) ? nullptr : &gradient);
      // A substitute counts in the place of another.
      if (!category.substitutes().empty()) continue;
      ++counted;
      sum += *exact;
      whole.Add(gradient, 1);
    }
    if (scored.score.state() != score::v1::FIGURE_STATE_MEASURED) return;
    EXPECT_EQ(scored.score.possible_points(), 100 * counted);
    ++comparison_.totals;
    Take("total", scored.score.points(), sum, comparison_.printed,
         IsOpen(*scored.total) ? nullptr : &whole);
  }

  void CompareMeasure(const score::v1::MeasureValue& shown) {
    if (shown.state() != score::v1::FIGURE_STATE_MEASURED) return;
    const catalog::v1::Measure& measure = *catalog_.FindMeasure(shown.measure());
    const absl::optional<double> exact = truth_.Measure(catalog_, window_, measure);
    // A rate among nobody has no truth; that nobody is there must not decide
    // whether it is shown.
    if (!exact.has_value() && measure.share().has_subjects()) return;
    ASSERT_TRUE(exact.has_value()) << shown.measure();
    const double unit = shown.unit() == score::v1::UNIT_PERCENT ? 100 : 1;
    Gradient gradient;
    gradient.Add(error_.OfMeasure(measure), unit);
    Take(shown.measure(), shown.value(), unit * *exact, comparison_.printed, &gradient);
  }

  void CompareTable(int table) {
    const CatalogTable& compiled = catalog_.table(table);
    const auto shown = BreakDown(catalog_, record_, table);
    ASSERT_TRUE(shown.ok()) << shown.status();
    if (shown->state() != score::v1::FIGURE_STATE_MEASURED) return;
    if (compiled.is_habit()) {
      const double exact =
          static_cast<double>(window_.habit_sums[static_cast<size_t>(table)]) / truth_.step_days;
      Gradient gradient;
      gradient.habits[table] = 1;
      Take(compiled.proto->id(), shown->rows(0).subjects(), exact, comparison_.rows, &gradient);
      return;
    }
    // What is nearly everybody is clamped, and its parts with it.
    bool clamped = false;
    for (const score::v1::TableRow& row : shown->rows()) {
      clamped |= row.subjects().bound() == score::v1::BOUND_AT_LEAST;
    }
    for (const score::v1::TableRow& row : shown->rows()) CompareRow(table, row, clamped);
  }

  void CompareRow(int table, const score::v1::TableRow& row, bool clamped) {
    const CatalogTable& compiled = catalog_.table(table);
    const std::vector<int64_t>& subjects = window_.subjects[static_cast<size_t>(table)];
    size_t features = 0;
    for (const std::string& id : row.features()) features |= size_t{1} << compiled.FindFeature(id);
    std::vector<bool> patterns(subjects.size());
    std::vector<bool> all(subjects.size(), true);
    all[0] = false;
    double count = 0;
    double whole = 0;
    for (size_t i = 1; i < subjects.size(); ++i) {
      patterns[i] = row.kind() == score::v1::ROW_KIND_EXACTLY ? i == features : (i & features) != 0;
      if (patterns[i]) count += static_cast<double>(subjects[i]);
      whole += static_cast<double>(subjects[i]);
    }
    const std::string what = absl::StrCat(compiled.proto->id(), ", ", row.display_name());
    const Gradient number = CountingError::OfPatterns(table, patterns);
    Take(what, row.subjects(), count, comparison_.rows, clamped ? nullptr : &number);
    const bool population = IsPopulation(catalog_, table);
    if (!population && whole == 0) return;
    const double below = population ? ExpectedSubjects(catalog_, terms_, table) : whole;
    Gradient share;
    share.Add(number, 100 / below);
    if (!population) {
      share.Add(CountingError::OfPatterns(table, all), -100 * count / below / below);
    }
    Take(absl::StrCat(what, ", share"), row.share(), 100 * count / below, comparison_.rows,
         clamped ? nullptr : &share);
  }

  // Whether something was clamped on the way to the figure.
  static bool IsOpen(const Figure& figure) {
    return figure.open.above > 0 || figure.open.below > 0;
  }

  const Catalog& catalog_;
  const Truth& truth_;
  const Publication& record_;
  const PublicTerms terms_;
  const TruthWindow& window_;
  const CountingError error_;
  Comparison& comparison_;
};

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
  options.weeks = people > kManyPeople ? 4 : people > 20'000 ? 5 : 12;
  options.last_day = Day(2026, 11, 1);  // a Sunday on which four weeks end
  // Many people write what they do themselves: they would get hundreds of millions of mails.
  options.shapes = {people > kManyPeople ? SampleShape::kAuditCsv : SampleShape::kActivities};
  return options;
}

TEST_P(TruthTest, PublishesTheTruthWithinItsMargins) {
  const SampleOptions options = OptionsFor(GetParam());
  const auto organization = SampleOrganization::Create(options);
  ASSERT_TRUE(organization.ok()) << organization.status();
  const Truth truth = CountTruth(*organization, *catalog_);

  const uint32_t keyrings = options.people > 20'000 ? 1 : options.people > 1000 ? 2 : 8;
  Comparison exact;
  Comparison noisy;
  SeededNoise noise(1);
  int64_t activities = 0;
  for (uint32_t seed = 1; seed <= keyrings; ++seed) {
    const LocalOutput output = PublishWithoutNoise(*organization, seed);
    activities += output.activities;
    ASSERT_FALSE(output.records.empty());
    for (const Publication& record : output.records) {
      Comparer(*catalog_, truth, WithoutNoise(record), exact).Compare();
    }
    for (int draw = 0; draw < kDraws; ++draw) {
      for (const Publication& record : output.records) {
        Comparer(*catalog_, truth, WithNoise(record, noise), noisy).Compare();
      }
    }
  }
  absl::PrintF(
      "%d people, %d keyrings, %d activities, %d totals\n"
      "  without noise, by the printed margins: %s\n"
      "  without noise, by the truth's own error of counting: %s\n"
      "  without noise, rows of tables: %s\n"
      "  with noise: %s\n"
      "  with noise, rows of tables: %s\n",
      options.people, keyrings, activities, exact.totals, exact.printed.Text(),
      exact.counting.Text(), exact.rows.Held(), noisy.printed.Held(), noisy.rows.Held());
  // A normal law is beyond three standard deviations once in 370. Without noise the law
  // is wider where few subjects share slots or few slots are sampled: two of five in one
  // slot are far off, and the printed margin is then estimated from very little: of six people
  // who use the assistant in one app, five are 9 of these standard deviations away.
  EXPECT_GT(exact.printed.figures, 0);
  EXPECT_LE(exact.printed.beyond_three, exact.printed.figures / 70);
  EXPECT_LT(exact.printed.furthest, 10);
  EXPECT_LT(exact.printed.Spread(), 1.1);
  EXPECT_EQ(exact.printed.broken_bounds, 0);
  EXPECT_GT(exact.counting.figures, 5 * exact.printed.figures);
  EXPECT_LE(exact.counting.beyond_three, exact.counting.figures / 100);
  EXPECT_LT(exact.counting.furthest, 12);
  EXPECT_GT(exact.counting.Spread(), 0.9);
  EXPECT_LT(exact.counting.Spread(), 1.05);
  EXPECT_GT(exact.rows.Inside(), 0.94);
  EXPECT_GT(noisy.printed.figures, 0);
  EXPECT_GT(noisy.printed.Inside(), 0.94);
  EXPECT_LT(noisy.printed.Inside(), 0.98);
  EXPECT_GT(noisy.rows.Inside(), 0.94);
  EXPECT_GT(exact.totals, 0);
}

// Mutation: IsDrawn that is always true publishes noise and spends budget.
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
// Minutes: the long run's.
INSTANTIATE_TEST_SUITE_P(DISABLED_LongSizes, TruthTest, ::testing::Values(50'000, 1'000'000),
                         [](const auto& param) { return absl::StrCat("People", param.param); });

}  // namespace
}  // namespace tutti
