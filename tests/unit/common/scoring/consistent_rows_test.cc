#include "common/scoring/consistent_rows.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "common/scoring/figure.h"
#include "common/scoring/law_sampler.h"
#include "gtest/gtest.h"

namespace tutti {
namespace {

// So many slots that a cell of them is its number of subjects.
constexpr double kSlots = 1 << 24;
constexpr SlotModel kTwoFeatures{2, kSlots, kSlots, 100};
constexpr SlotModel kThreeFeatures{3, 4096, 4096, 130};
constexpr PatternSet kFirstAlone = 1U << 1U;
constexpr PatternSet kSecondAlone = 1U << 2U;
constexpr PatternSet kBoth = 1U << 3U;

TableCounts Cells(const SlotModel& model, std::vector<int64_t> of_patterns) {
  int64_t rest = std::llround(model.kept);
  for (const int64_t cell : of_patterns) rest -= cell;
  of_patterns.insert(of_patterns.begin(), rest);
  return TableCounts::FromCells(model, of_patterns);
}

// The errors of four cells with a known sum are s^2 (I - 1/4), so a number that is cut off
// at 0 for being -3 takes a third of that from each other.
// Mutation: each number is cut off for itself.
TEST(ConsistentRows, MoveTheOthersByWhatTheyHaveInCommon) {
  const ConsistentRows rows(kTwoFeatures, Cells(kTwoFeatures, {10, -3, 2}), 3, 0, 1);
  EXPECT_NEAR(rows.Number(kFirstAlone), 9, 1e-3);
  EXPECT_NEAR(rows.Number(kSecondAlone), 0, 1e-3);
  EXPECT_NEAR(rows.Number(kBoth), 1, 1e-3);
  EXPECT_NEAR(rows.Total(), 10, 1e-3);
}

// Mutation: the headcount is no constraint.
TEST(ConsistentRows, AreTogetherNotMoreThanThereAre) {
  const ConsistentRows rows(kTwoFeatures, Cells(kTwoFeatures, {60, 60, 20}), 3, 110, 1);
  EXPECT_NEAR(rows.UnclampedNumber(kFirstAlone), 50, 1e-3);
  EXPECT_NEAR(rows.UnclampedNumber(kSecondAlone), 50, 1e-3);
  EXPECT_NEAR(rows.UnclampedNumber(kBoth), 10, 1e-3);
  EXPECT_NEAR(rows.Total(), 0.95 * 110, 1e-6);
  EXPECT_NEAR(rows.Number(kFirstAlone), rows.Number(kSecondAlone), 1e-6);
}

// Mutation: margins from the numbers before the clamp.
TEST(ConsistentRows, SayNothingOfWhatTheClampHides) {
  // The errors of all three have the same in common with that of their sum.
  const auto margins = [](int64_t more) {
    const ConsistentRows rows(kTwoFeatures, Cells(kTwoFeatures, {130 + more, 90 + more, 66 + more}),
                              3, 300, 1);
    std::vector<double> out;
    for (const unsigned set : {0x2U, 0x4U, 0x8U, 0xAU, 0xEU}) {
      out.push_back(rows.Number(static_cast<PatternSet>(set)));
      out.push_back(rows.NumberMargin(static_cast<PatternSet>(set)));
    }
    return out;
  };
  const std::vector<double> all = margins(4);
  const std::vector<double> nearly = margins(0);
  for (size_t i = 0; i < all.size(); ++i) EXPECT_NEAR(all[i], nearly[i], 1e-3);
}

TEST(ConsistentRows, AreTheUnbiasedEstimatesFarFromAllConstraints) {
  const TableCounts counts = Cells(kThreeFeatures, {300, 200, 250, 150, 100, 120, 180});
  const ConsistentRows rows(kThreeFeatures, counts, 7, 5000, 1);
  for (const unsigned set : {0x02U, 0xAAU, 0xFEU}) {
    const UnionWeights weights = WeightsOf(static_cast<PatternSet>(set), 3);
    const TableError error = counts.ErrorOf(weights);
    const auto pattern_set = static_cast<PatternSet>(set);
    EXPECT_NEAR(rows.Number(pattern_set), counts.Sum(weights), 1e-6);
    EXPECT_NEAR(rows.NumberMargin(pattern_set),
                kMarginDeviations * std::hypot(error.counting, error.noise), 1e-3);
  }
}

// Mutation: who shows a feature that is not told apart is left out.
TEST(ConsistentRows, CountWhoShowsOtherFeaturesTooAsIfTheyDidNot) {
  const std::vector<double> subjects = {0, 300, 200, 250, 150, 100, 120, 180};
  const TableCounts counts = TableCounts::FromSubjects(kThreeFeatures, subjects);
  const ConsistentRows rows(kThreeFeatures, counts, 3, 5000, 1);
  EXPECT_NEAR(rows.Number(kFirstAlone), 300 + 100, 1e-6);
  EXPECT_NEAR(rows.Number(kSecondAlone), 200 + 120, 1e-6);
  EXPECT_NEAR(rows.Number(kBoth), 250 + 180, 1e-6);
}

TEST(ConsistentRows, AreTheSameForTheSameSeed) {
  const TableCounts counts = Cells(kThreeFeatures, {300, -5, 40, 3, -12, 8, 0});
  constexpr PatternSet kAny = 0xFE;
  const double margin = ConsistentRows(kThreeFeatures, counts, 7, 0, 1).NumberMargin(kAny);
  EXPECT_EQ(ConsistentRows(kThreeFeatures, counts, 7, 0, 1).NumberMargin(kAny), margin);
  const double other = ConsistentRows(kThreeFeatures, counts, 7, 0, 2).NumberMargin(kAny);
  EXPECT_NE(other, margin);
  EXPECT_NEAR(other, margin, margin / 5) << "another sample of the same law";
}

// Mutation: estimates that are not cut off when the sweeps do not come to an end.
TEST(ConsistentRows, AreFiniteAndConsistentWhateverTheCells) {
  std::mt19937_64 random(61);
  for (const double sigma_squared : {0.0, 1.0, 1e6}) {
    for (const double kept : {1.0, 64.0, 4096.0}) {
      const SlotModel model{4, 4096, kept, sigma_squared};
      for (int i = 0; i < 12; ++i) {
        const int64_t reach = int64_t{1} << random() % 40;
        std::vector<int64_t> cells(16);
        for (int64_t& cell : cells) {
          cell = static_cast<int64_t>(random() % static_cast<uint64_t>(2 * reach)) - reach;
        }
        const double most = i % 2 == 0 ? 0 : 500;
        const ConsistentRows rows(model, TableCounts::FromCells(model, cells), 15, most, 1);
        double sum = 0;
        for (unsigned pattern = 1; pattern < 16; ++pattern) {
          const auto set = static_cast<PatternSet>(1U << pattern);
          EXPECT_GE(rows.Number(set), 0);
          EXPECT_TRUE(std::isfinite(rows.NumberMargin(set)));
          sum += rows.Number(set);
        }
        EXPECT_NEAR(rows.Total(), sum, 1e-9 * sum);
        if (most > 0) {
          EXPECT_LE(sum, most * (1 + 1e-9));
        }
        EXPECT_TRUE(std::isfinite(rows.NumberMargin(0xFFFE)));
        EXPECT_GE(rows.NumberMargin(0xFFFE), 0);
      }
    }
  }
}

TEST(LawSampler, DrawsWhatIsNearlyNormal) {
  LawSampler sampler(5);
  std::vector<double> draws(200'000);
  double sum = 0;
  double squares = 0;
  for (double& draw : draws) {
    draw = sampler.NearlyNormal();
    sum += draw;
    squares += draw * draw;
  }
  const double n = static_cast<double>(draws.size());
  EXPECT_NEAR(sum / n, 0, 0.01);
  EXPECT_NEAR(squares / n, 1, 0.015);
  std::sort(draws.begin(), draws.end());
  EXPECT_NEAR(draws[static_cast<size_t>(0.025 * n)], -1.957, 0.02);
  EXPECT_NEAR(draws[static_cast<size_t>(0.975 * n)], 1.957, 0.02);
}

// What was once printed must come out again: margins of old records are computed anew.
// Mutations: other constants; a seed from something that differs between processes.
TEST(LawSampler, DrawsTheSameForEver) {
  const uint64_t seed =
      SeedBuilder().Add("acme").Add("2026-11-22").Add("modes").Add({1, -2, 3}).Seed();
  LawSampler sampler(seed);
  EXPECT_EQ(seed, 17371625020144363877U);
  EXPECT_EQ(sampler.NearlyNormal(), 33288.0 / 65536);
  EXPECT_EQ(sampler.NearlyNormal(), 14047.0 / 65536);
}

TEST(SeedBuilder, TellsApartWhereTheBytesAreCut) {
  EXPECT_NE(SeedBuilder().Add("ab").Add("c").Seed(), SeedBuilder().Add("a").Add("bc").Seed());
  EXPECT_NE(SeedBuilder().Add({1, 2}).Seed(), SeedBuilder().Add({2, 1}).Seed());
}

}  // namespace
}  // namespace tutti
