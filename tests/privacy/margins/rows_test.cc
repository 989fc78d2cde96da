// Whether rows of tables are as near to the truth as they say: for every reach table of the
// shipped catalogue that is shown, organisations that are alike but for chance, counted and
// noised as in production. Where the truth is away from what rows must keep to (no number
// below 0, together not more than there are subjects), rows are unbiased and their margins
// are those of their spread. Near it every estimator that keeps to it is biased, and margins
// hold all the same. Seeded, so the same every time.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "common/scoring/figure.h"
#include "common/scoring/planned_margins.h"
#include "common/scoring/public_terms.h"
#include "common/scoring/table_breakdown.h"
#include "common/scoring/table_counts.h"
#include "common/window/cadence.h"
#include "gtest/gtest.h"
#include "tests/privacy/audit/longer.h"
#include "tests/privacy/margins/row_trials.h"
#include "tests/support/simulated_organization.h"

namespace tutti {
namespace {

constexpr double kPercent = 100;
constexpr double kAway = 1.5;  // standard deviations from every constraint
constexpr double kMostBias = 0.15;
constexpr double kLeastRatio = 0.95;
constexpr double kMostRatio = 1.2;
constexpr double kLeastCoverage = 0.935;
// A number that is less than two standard deviations above 0 errs by less than its margin
// downwards: of 95% two tails are left out, and it has but one.
constexpr double kTwoTailed = 2.2;
constexpr double kMostOneTailed = 0.985;
constexpr double kMostCoverage = 0.97;
// The slack of a finite number of trials, in standard errors.
constexpr double kChance = 3.5;

// What the score service answers, of cells in the place of those of its table.
score::v1::Table Answered(const Catalog& catalog, const Way& way,
                          const std::vector<int64_t>& cells) {
  publication::v1::Publication record = *way.record;
  const std::string& id = catalog.table(way.table).proto->id();
  for (publication::v1::KindRecord& kind : *record.mutable_kinds()) {
    for (publication::v1::TableRecord& table : *kind.mutable_tables()) {
      if (table.table() == id) *table.mutable_cells() = {cells.begin(), cells.end()};
    }
  }
  const auto answered = BreakDown(catalog, record, way.table);
  EXPECT_TRUE(answered.ok()) << answered.status();
  EXPECT_EQ(answered->state(), score::v1::FIGURE_STATE_MEASURED) << id;
  return *answered;
}

Row RowOf(const score::v1::Estimate& estimate, double unit) {
  return {estimate.value() / unit, estimate.margin() / unit, estimate.bound()};
}

std::vector<Row> Shipped(const Catalog& catalog, const Way& way, const std::vector<int64_t>& cells,
                         const std::vector<PatternSet>& sets) {
  std::vector<Row> out;
  const score::v1::Table table = Answered(catalog, way, cells);
  for (const auto& row : table.rows()) out.push_back(RowOf(row.subjects(), 1));
  EXPECT_EQ(out.size(), sets.size());
  return out;
}

// Shares of the total, of all sets but the last, which is the whole.
std::vector<Row> ShippedShares(const Catalog& catalog, const Way& way,
                               const std::vector<int64_t>& cells) {
  std::vector<Row> out;
  const score::v1::Table table = Answered(catalog, way, cells);
  for (const auto& row : table.rows()) out.push_back(RowOf(row.share(), kPercent));
  out.pop_back();
  return out;
}

// Control: the margin of a sum as if errors of combinations were independent.
std::vector<Row> WithoutCovariance(const Catalog& catalog, const Way& way,
                                   const std::vector<int64_t>& cells,
                                   const std::vector<PatternSet>& sets) {
  const TableCounts counts = TableCounts::FromCells(way.model, cells);
  std::vector<Row> out = Shipped(catalog, way, cells, sets);
  for (size_t i = 0; i < sets.size(); ++i) {
    double variance = 0;
    for (unsigned pattern = 1; pattern < 1U << way.model.features; ++pattern) {
      if ((sets[i] >> pattern & 1U) == 0) continue;
      const TableError error =
          counts.ErrorOf(WeightsOf(static_cast<PatternSet>(1U << pattern), way.model.features));
      variance += error.counting * error.counting + error.noise * error.noise;
    }
    out[i].margin = kMarginDeviations * std::sqrt(variance);
  }
  return out;
}

// Control: numbers cut off at 0 with their sum kept by taking as much from each that is left,
// and intervals that hold all that the unbiased ones allow.
std::vector<Row> ProjectedOnTheSum(const Way& way, const std::vector<int64_t>& cells,
                                   const std::vector<PatternSet>& sets) {
  const TableCounts counts = TableCounts::FromCells(way.model, cells);
  const int k = way.model.features;
  std::vector<double> unbiased(size_t{1} << k, 0.0);
  for (unsigned pattern = 1; pattern < unbiased.size(); ++pattern) {
    unbiased[pattern] = counts.Sum(WeightsOf(static_cast<PatternSet>(1U << pattern), k));
  }
  const double target = std::max(std::accumulate(unbiased.begin(), unbiased.end(), 0.0), 0.0);
  std::vector<double> sorted(unbiased.begin() + 1, unbiased.end());
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  double taken = 0;
  double head = 0;
  for (size_t i = 0; i < sorted.size(); ++i) {
    head += sorted[i];
    const double amount = (head - target) / static_cast<double>(i + 1);
    if (sorted[i] - amount <= 0 && i > 0) break;
    taken = amount;
  }
  std::vector<double> shown(unbiased.size(), 0.0);
  for (size_t pattern = 1; pattern < shown.size(); ++pattern) {
    shown[pattern] = std::max(unbiased[pattern] - taken, 0.0);
  }
  std::vector<Row> out;
  out.reserve(sets.size());
  for (const PatternSet set : sets) {
    const UnionWeights weights = WeightsOf(set, k);
    const TableError error = counts.ErrorOf(weights);
    const double margin = kMarginDeviations * std::hypot(error.counting, error.noise);
    const double estimate = counts.Sum(weights);
    const double value = SumIn(set, shown);
    out.push_back({value, std::max({std::max(estimate, 0.0) + margin - value,
                                    value - std::max(estimate - margin, 0.0), 0.0})});
  }
  return out;
}

struct Range {
  double least = 1e9;
  double most = -1e9;
  void Add(double value) {
    least = std::min(least, value);
    most = std::max(most, value);
  }
};

// What all rows of one kind came to.
struct Summary {
  int rows = 0;
  Range bias, ratio, coverage;
  double of_all = 0;  // coverage

  void Add(const Outcome& outcome) {
    ++rows;
    // A bound that stands still has no spread.
    if (!outcome.bounded) {
      bias.Add(outcome.bias);
      ratio.Add(outcome.ratio);
    }
    coverage.Add(outcome.coverage);
    of_all += outcome.coverage;
  }
};

struct Size {
  int64_t headcount;
  window::v1::Cadence cadence;
};

std::vector<Size> Sizes() {
  std::vector<Size> sizes = {{300, window::v1::CADENCE_WEEKLY},
                             {2'000, window::v1::CADENCE_WEEKLY}};
  if (Longer(0, 1) == 1) {
    sizes.push_back({120, window::v1::CADENCE_FOUR_WEEKLY});
    sizes.push_back({1'000, window::v1::CADENCE_WEEKLY});
    sizes.push_back({20'000, window::v1::CADENCE_DAILY});
    sizes.push_back({100'000, window::v1::CADENCE_WEEKLY});
  }
  return sizes;
}

// Tries all tables with all compositions, and prints what it comes to. `trials` also says how
// far from the aims chance may lead.
class EveryTable {
 public:
  void Try(bool shares) {
    const Estimator estimator = [&](const Way& way, const std::vector<int64_t>& cells,
                                    const std::vector<PatternSet>& sets) {
      return shares ? ShippedShares(*catalog_, way, cells) : Shipped(*catalog_, way, cells, sets);
    };
    for (const Size& size : Sizes()) {
      for (const Way& way : WaysOf(*catalog_, size.headcount, size.cadence)) {
        // Shares of a public number are that number's, in other units.
        if (shares && (way.most > 0 || way.model.features == 1)) continue;
        for (const Composition& composition : Compositions()) {
          const Subjects subjects = SubjectsOf(way, composition);
          const double all = std::accumulate(subjects.begin(), subjects.end(), 0.0);
          if (shares && all == 0) continue;
          const bool is_away = IsAway(way, subjects, kAway);
          for (const Outcome& row :
               tutti::Try(way, subjects, trials_, shares ? all : 1, estimator, simulator_)) {
            const bool away = is_away && !row.bounded;
            summaries_[composition.name][away].Add(row);
            SCOPED_TRACE(std::to_string(size.headcount) + " people, " +
                         std::to_string(way.model.features) + " features, " +
                         std::to_string(way.model.slots) + " slots, " + composition.name);
            Check(row, away);
          }
        }
      }
    }
    Print(shares ? "share" : "row");
  }

 private:
  void Check(const Outcome& row, bool away) const {
    EXPECT_GE(row.coverage, kLeastCoverage - coverage_chance_);
    if (!away) return;
    EXPECT_LE(row.coverage,
              (row.truth < kTwoTailed ? kMostOneTailed : kMostCoverage) + coverage_chance_);
    EXPECT_LE(std::abs(row.bias), kMostBias + chance_);
    EXPECT_GE(row.ratio, kLeastRatio - chance_ / std::sqrt(2));
    EXPECT_LE(row.ratio, kMostRatio + chance_ / std::sqrt(2));
  }

  void Print(const char* of_what) const {
    for (const auto& [name, of_name] : summaries_) {
      for (const auto& [away, of] : of_name) {
        std::printf(
            "%ss: %-45s %-5s %4d, bias %+.2f to %+.2f sd, margin/spread %.2f to %.2f, %.1f%% to "
            "%.1f%% hold, %.1f%% of all\n",
            of_what, name.c_str(), away ? "away" : "near", of.rows, of.bias.least, of.bias.most,
            of.ratio.least, of.ratio.most, 100 * of.coverage.least, 100 * of.coverage.most,
            100 * of.of_all / of.rows);
      }
    }
  }

  const std::unique_ptr<const Catalog> catalog_ = LoadShippedCatalog();
  const int64_t trials_ = Longer(150, 3'000);
  const double chance_ = kChance / std::sqrt(static_cast<double>(trials_));
  const double coverage_chance_ = std::sqrt(0.05 * 0.95) * chance_;
  SlotSimulator simulator_{21};
  std::map<std::string, std::map<bool, Summary>> summaries_;
};

// Mutations: margins of half the covariance; a law drawn without the constraints; no bias in
// the margin.
TEST(RowMargins, AreThoseOfTheRowsForEveryTableInTheCatalogue) { EveryTable().Try(false); }

// Mutation: a share whose total is taken as known.
TEST(RowMargins, AreThoseOfTheSharesWhereTheTotalIsEstimated) { EveryTable().Try(true); }

// The way of counting of three features with the most noise that is shown.
Way ThreeFeaturesOf(const Catalog& catalog, int64_t headcount) {
  const std::set<Way> ways = WaysOf(catalog, headcount, window::v1::CADENCE_WEEKLY);
  const Way* found = nullptr;
  for (const Way& way : ways) {
    if (way.model.features != 3 || way.most <= 0) continue;
    if (found == nullptr || way.model.sigma_squared > found->model.sigma_squared) found = &way;
  }
  EXPECT_NE(found, nullptr);
  return found == nullptr ? Way{} : *found;
}

TEST(RowMargins, AreTooWideWhenCovarianceIsLeftOut) {
  const auto catalog = LoadShippedCatalog();
  const Way way = ThreeFeaturesOf(*catalog, 2'000);
  const Subjects subjects = SubjectsOf(way, Compositions().front());
  ASSERT_TRUE(IsAway(way, subjects, kAway));
  SlotSimulator simulator(22);
  double widest = 0;
  const Estimator without = [&](const Way& counted, const std::vector<int64_t>& cells,
                                const std::vector<PatternSet>& sets) {
    return WithoutCovariance(*catalog, counted, cells, sets);
  };
  for (const Outcome& row : Try(way, subjects, 500, 1, without, simulator)) {
    widest = std::max(widest, row.ratio);
  }
  EXPECT_GT(widest, kMostRatio);
}

// Everybody with the second or third feature has the first too, and most have it alone: in
// an organisation of 300 most combinations are those of nobody.
TEST(RowMargins, AreHalfOfThoseOfAProjectionOnTheSum) {
  const auto catalog = LoadShippedCatalog();
  const Way way = ThreeFeaturesOf(*catalog, 300);
  const Subjects subjects = SubjectsOf(way, Compositions()[1]);
  // The union of the first feature is the row after the seven combinations.
  constexpr size_t kUnion = 7;
  const auto row = [&](const Estimator& estimator) {
    SlotSimulator simulator(23);
    return Try(way, subjects, 1'000, 1, estimator, simulator)[kUnion];
  };
  const Outcome shipped = row(
      [&](const Way& counted, const std::vector<int64_t>& cells,
          const std::vector<PatternSet>& sets) { return Shipped(*catalog, counted, cells, sets); });
  const Outcome projected = row(ProjectedOnTheSum);
  std::printf(
      "rows: a feature's union, 300 people: bias %+.2f sd, margin/spread %.2f; projected on "
      "the sum: %+.2f sd, %.2f\n",
      shipped.bias, shipped.ratio, projected.bias, projected.ratio);
  EXPECT_LE(shipped.ratio, 1.35);
  EXPECT_GE(shipped.coverage, kLeastCoverage);
  EXPECT_LE(std::abs(shipped.bias), 0.45);
  EXPECT_GE(projected.ratio, 1.6);
  EXPECT_LE(projected.bias, -0.5);
}

// Where the total is clamped, each row has lost its part of what that hides. Mutation: a margin
// that is as much wider as all of it.
TEST(RowMargins, AreLittleWiderThanThoseOfTheSameNumbersWhereTheTotalIsClamped) {
  const auto catalog = LoadShippedCatalog();
  const Way way = ThreeFeaturesOf(*catalog, 600);
  const std::vector<PatternSet> sets = RowsOf(way.model.features);
  SlotSimulator simulator(26);
  int rows = 0;
  double widest = 0;
  double coverage = 0;
  for (size_t composition : {size_t{7}, size_t{8}}) {
    const Subjects subjects = SubjectsOf(way, Compositions()[composition]);
    const std::vector<double> numbers(subjects.begin(), subjects.begin() + 8);
    const TableCounts truth = TableCounts::FromSubjects(way.model, numbers);
    const Estimator shipped = [&](const Way& counted, const std::vector<int64_t>& cells,
                                  const std::vector<PatternSet>& of) {
      return Shipped(*catalog, counted, cells, of);
    };
    const std::vector<Outcome> outcomes = Try(way, subjects, 300, 1, shipped, simulator);
    for (size_t i = 0; i < sets.size(); ++i) {
      if (outcomes[i].bounded) continue;
      const TableError error = truth.ErrorOf(WeightsOf(sets[i], way.model.features));
      ++rows;
      widest = std::max(
          widest, outcomes[i].margin / kMarginDeviations / std::hypot(error.counting, error.noise));
      coverage += outcomes[i].coverage;
    }
  }
  ASSERT_GT(rows, 3);
  std::printf(
      "rows: total clamped, 600 people: margins at most %.2f of those of the same numbers "
      "alone, %.1f%% of all hold\n",
      widest, 100 * coverage / rows);
  EXPECT_LE(widest, 1.3);
  EXPECT_GE(coverage / rows, kLeastCoverage);
}

// An estimate that is near 0 by chance makes the law around it narrow. Mutation: a single
// combination with the margin of its law alone.
TEST(RowMargins, HoldForCombinationsTwoDeviationsFromNobody) {
  const auto catalog = LoadShippedCatalog();
  const Way way = ThreeFeaturesOf(*catalog, 2'000);
  constexpr int kCombinations = 7;
  Subjects subjects{};
  for (unsigned pattern = 1; pattern <= kCombinations; ++pattern) {
    subjects[pattern] = std::llround(1.8 * std::sqrt(way.model.sigma_squared));
  }
  SlotSimulator simulator(25);
  const std::vector<Outcome> rows = Try(
      way, subjects, 600, 1,
      [&](const Way& counted, const std::vector<int64_t>& cells,
          const std::vector<PatternSet>& sets) { return Shipped(*catalog, counted, cells, sets); },
      simulator);
  double coverage = 0;
  for (size_t i = 0; i < kCombinations; ++i) coverage += rows[i].coverage / kCombinations;
  EXPECT_GE(coverage, kLeastCoverage);
}

// At the smallest headcount at which a table is shown, and at each cadence.
TEST(RowMargins, AreNowhereAboveThePromiseWhereTheNumberOfSubjectsIsPublic) {
  const auto catalog = LoadShippedCatalog();
  SlotSimulator simulator(24);
  const int64_t trials = Longer(20, 200);
  int rows = 0;
  int wide = 0;
  double widest = 0;
  double widest_of_all = 0;
  for (const Size& cadence :
       {Size{20, window::v1::CADENCE_FOUR_WEEKLY}, Size{20, window::v1::CADENCE_WEEKLY},
        Size{20, window::v1::CADENCE_DAILY}}) {
    std::set<Way> smallest;
    std::set<int> found;
    for (int64_t headcount = cadence.headcount; headcount < 200'000;
         headcount += 1 + headcount / 25) {
      const PublicTerms terms =
          PlannedTerms(*catalog, headcount, cadence.cadence, PeriodDays(cadence.cadence));
      std::shared_ptr<const publication::v1::Publication> record;
      for (size_t i = 0; i < catalog->tables().size(); ++i) {
        const int table = static_cast<int>(i);
        if (catalog->tables()[i].is_habit() || !IsPopulation(*catalog, table) ||
            found.count(table) != 0 || !IsTableShown(*catalog, terms, table)) {
          continue;
        }
        found.insert(table);
        if (record == nullptr) record = EmptyRecord(*catalog, headcount, cadence.cadence);
        smallest.insert(WayOf(*catalog, record, table));
      }
    }
    for (const Way& way : smallest) {
      for (const Composition& composition : Compositions()) {
        for (const double part : {0.5, 1.0, 1.2}) {
          Subjects subjects = SubjectsOf(way, composition);
          for (int64_t& number : subjects)
            number = std::llround(static_cast<double>(number) * part);
          // There are not more than there are.
          if (static_cast<double>(std::accumulate(subjects.begin(), subjects.end(), int64_t{0})) >
              way.expected) {
            continue;
          }
          for (int64_t trial = 0; trial < trials; ++trial) {
            const std::vector<int64_t> cells = simulator.PublishCells(way.model, subjects);
            const score::v1::Table table = Answered(*catalog, way, cells);
            for (const auto& row : table.rows()) {
              ++rows;
              wide += row.wide_margin() ? 1 : 0;
              widest_of_all = std::max(widest_of_all, row.share().margin());
              if (!row.wide_margin()) widest = std::max(widest, row.share().margin());
            }
          }
        }
      }
    }
  }
  std::printf(
      "rows: the widest of %d at the smallest headcounts: %.2f points, and %.2f among %d that say "
      "that it is more than was planned\n",
      rows, widest, widest_of_all, wide);
  EXPECT_LE(widest, kWidestMarginShown);
  // Slots collide more in a full table than what is planned for one row of it supposes.
  EXPECT_LE(widest_of_all, kWidestMarginShown + 0.3);
  EXPECT_LE(wide, rows / 1'000);
}

}  // namespace
}  // namespace tutti
