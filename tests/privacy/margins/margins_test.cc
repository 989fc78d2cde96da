// Whether the printed 95% margins hold, for every way of counting that the shipped
// catalogue comes to: organisations of 20 to 1,000,000, every cadence that their size
// permits, every kind with its sampling, every table with its noise; features that go
// together and features that do not. Seeded, so the same every time.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "common/scoring/figure.h"
#include "common/scoring/planned_margins.h"
#include "common/scoring/public_terms.h"
#include "common/scoring/table_counts.h"
#include "gtest/gtest.h"
#include "tests/privacy/audit/longer.h"
#include "tests/support/simulated_organization.h"

namespace tutti {
namespace {

constexpr double kLeastCoverage = 0.935;
constexpr double kMostCoverage = 0.97;
// The slack of a finite number of trials, in standard deviations. The long form has so
// many that none is needed: what it comes to is within the bounds as they stand.
constexpr double kChance = 3;

struct Cadence {
  const char* name;
  window::v1::Cadence cadence;
  int step_days;
  int64_t least_headcount;
};

constexpr Cadence kCadences[] = {
    {"four-weekly", window::v1::CADENCE_FOUR_WEEKLY, 28, 20},
    {"weekly", window::v1::CADENCE_WEEKLY, 7, 250},
    {"daily", window::v1::CADENCE_DAILY, 1, 20'000},
};

// A way of counting, and how many are to be counted.
struct Way {
  SlotModel model;
  double subjects = 0;
  int habit_days = 0;  // 0: a reach table

  friend bool operator<(const Way& a, const Way& b) {
    const auto key = [](const Way& way) {
      return std::make_tuple(way.habit_days, way.model.features, way.model.slots, way.model.kept,
                             way.model.sigma_squared, way.subjects);
    };
    return key(a) < key(b);
  }
};

// All that an organisation of the size can meet, each once.
std::set<Way> WaysOf(const Catalog& catalog, int64_t headcount, const Cadence& cadence) {
  const PublicTerms terms = PlannedTerms(catalog, headcount, cadence.cadence, cadence.step_days);
  std::set<Way> ways;
  for (size_t kind = 0; kind < catalog.kinds().size(); ++kind) {
    if (!terms.kinds[kind].has_value()) continue;
    for (const int table : catalog.kinds()[kind].reach_tables) {
      ways.insert({ModelOf(catalog, terms, table), ExpectedSubjects(catalog, terms, table), 0});
    }
    for (const int table : catalog.kinds()[kind].habit_tables) {
      ways.insert({ModelOf(catalog, terms, table), ExpectedSubjects(catalog, terms, table),
                   cadence.step_days});
    }
  }
  return ways;
}

// Seven in ten show something. When `together`, most of them show everything.
Subjects SubjectsOf(const Way& way, bool together) {
  const unsigned all = (1U << way.model.features) - 1;
  const double active = 0.7 * way.subjects;
  Subjects subjects{};
  if (together) {
    subjects[all] = std::llround(0.7 * active);
    for (unsigned feature = 1; feature < all; feature <<= 1U) {
      subjects[feature] = std::llround(0.3 * active / way.model.features);
    }
  } else {
    for (unsigned pattern = 1; pattern <= all; ++pattern) {
      subjects[pattern] = std::llround(active / all);
    }
  }
  return subjects;
}

// Those with the first feature; with at least two; with the first alone.
std::vector<PatternSet> SetsOf(int features) {
  if (features == 1) return {2};
  PatternSet first = 0;
  PatternSet several = 0;
  for (unsigned pattern = 1; pattern < 1U << static_cast<unsigned>(features); ++pattern) {
    if ((pattern & 1U) != 0) first = static_cast<PatternSet>(first | 1U << pattern);
    if ((pattern & (pattern - 1)) != 0) several = static_cast<PatternSet>(several | 1U << pattern);
  }
  return {first, several, 2};
}

// The share of trials in which the truth lies within the margin, for each set.
std::vector<double> TableCoverage(const Way& way, bool together, int64_t trials,
                                  SlotSimulator& simulator) {
  const Subjects subjects = SubjectsOf(way, together);
  const std::vector<PatternSet> sets = SetsOf(way.model.features);
  std::vector<double> hits(sets.size(), 0);
  for (int64_t trial = 0; trial < trials; ++trial) {
    const TableCounts counts =
        TableCounts::FromCells(way.model, simulator.PublishCells(way.model, subjects));
    for (size_t i = 0; i < sets.size(); ++i) {
      double truth = 0;
      for (unsigned pattern = 1; pattern < subjects.size(); ++pattern) {
        if ((sets[i] >> pattern & 1U) != 0) truth += static_cast<double>(subjects[pattern]);
      }
      const UnionWeights weights = WeightsOf(sets[i], way.model.features);
      const TableError error = counts.ErrorOf(weights);
      if (std::abs(counts.Sum(weights) - truth) <=
          kMarginDeviations * std::hypot(error.counting, error.noise)) {
        hits[i] += 1;
      }
    }
  }
  for (double& hit : hits) hit /= static_cast<double>(trials);
  return hits;
}

// The same of a habit: the same number on every day, or on five days in seven alone.
double HabitCoverage(const Way& way, bool every_day, int64_t trials, SlotSimulator& simulator) {
  const double mean = 0.25 * way.subjects;
  const auto people_on = [&](int day) {
    if (every_day || way.habit_days < 7) return std::llround(mean);
    return day % 7 < 5 ? std::llround(mean * 7 / 5) : 0LL;
  };
  double truth = 0;
  for (int day = 0; day < way.habit_days; ++day) {
    truth += static_cast<double>(people_on(day)) / way.habit_days;
  }
  double hits = 0;
  for (int64_t trial = 0; trial < trials; ++trial) {
    int64_t sum = simulator.Noise(way.model.sigma_squared);
    for (int day = 0; day < way.habit_days; ++day) {
      sum += simulator.CountSlots(way.model, {0, people_on(day)})[1];
    }
    const HabitMean estimate = HabitMeanFromSum(way.model, way.habit_days, sum);
    Figure figure;
    figure.errors[0] = estimate.error;
    figure.bias = {estimate.bias, estimate.bias};
    if (std::abs(estimate.value - truth) <= MarginOf(figure)) hits += 1;
  }
  return hits / static_cast<double>(trials);
}

struct Range {
  double least = 1;
  double most = 0;
  int figures = 0;
  double farthest_outside = 0;  // in standard deviations of a finite number of trials

  void Add(double coverage, int64_t trials) {
    least = std::min(least, coverage);
    most = std::max(most, coverage);
    ++figures;
    const double chance = std::sqrt(0.05 * 0.95 / static_cast<double>(trials));
    const double outside = std::max(kLeastCoverage - coverage, coverage - kMostCoverage);
    farthest_outside = std::max(farthest_outside, outside / chance);
  }
};

// Mutation: a margin without its noise, or without its counting error, or a sampling
// rate taken as 1, falls below the range (coverage_test.cc breaks two of them).
TEST(Margins, HoldForEveryWayOfCountingInTheCatalogue) {
  const auto catalog = LoadShippedCatalog();
  const bool is_long = Longer(0, 1) == 1;
  const std::vector<int64_t> headcounts =
      is_long ? std::vector<int64_t>{20, 50, 100, 250, 1'000, 5'000, 20'000, 100'000, 1'000'000}
              : std::vector<int64_t>{20, 1'000, 1'000'000};
  const int64_t trials = Longer(400, 4'000);
  SlotSimulator simulator(11);
  for (const Cadence& cadence : kCadences) {
    for (const int64_t headcount : headcounts) {
      if (headcount < cadence.least_headcount) continue;
      std::map<double, Range> by_rate;
      for (const Way& way : WaysOf(*catalog, headcount, cadence)) {
        Range& range = by_rate[way.model.kept / way.model.slots];
        for (const bool either : {true, false}) {
          if (way.habit_days > 0) {
            // A slot of day windows is drawn for each day: fewer trials say as much.
            const int64_t some = std::max(trials / way.habit_days, trials / 4);
            range.Add(HabitCoverage(way, either, some, simulator), some);
          } else {
            for (const double coverage : TableCoverage(way, either, trials, simulator)) {
              range.Add(coverage, trials);
            }
          }
        }
      }
      for (const auto& [rate, range] : by_rate) {
        std::printf("margins: %8lld people, %-11s 1/%-5.0f kept: %3d figures, %.1f%% to %.1f%%\n",
                    static_cast<long long>(headcount), cadence.name, 1 / rate, range.figures,
                    100 * range.least, 100 * range.most);
        EXPECT_LE(range.farthest_outside, is_long ? 0 : kChance)
            << headcount << " " << cadence.name;
      }
    }
  }
}

}  // namespace
}  // namespace tutti
