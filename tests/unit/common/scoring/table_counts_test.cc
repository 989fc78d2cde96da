#include "common/scoring/table_counts.h"

#include <cmath>

#include "gtest/gtest.h"

namespace tutti {
namespace {

// Patterns of {a, b, c} with at least two features: 3, 5, 6, 7.
constexpr PatternSet kAtLeastTwo = 0xE8;

TEST(WeightsOf, AgreesWithCountingPatterns) {
  // Every set of patterns, for every number of features, against a population in
  // which pattern p has p^2 + 1 subjects.
  for (int features = 1; features <= 4; ++features) {
    const unsigned patterns = 1U << features;
    const auto subjects = [](unsigned p) { return static_cast<double>(p * p + 1); };
    for (unsigned set = 0; set < 1U << patterns; set += features == 4 ? 37 : 1) {
      double expected = 0;
      for (unsigned p = 1; p < patterns; ++p) expected += (set >> p & 1U) != 0 ? subjects(p) : 0;
      const UnionWeights weights = WeightsOf(static_cast<PatternSet>(set), features);
      double sum = 0;
      for (unsigned t = 1; t < patterns; ++t) {
        for (unsigned p = 1; p < patterns; ++p) sum += (p & t) != 0 ? weights[t] * subjects(p) : 0;
      }
      ASSERT_NEAR(sum, expected, 1e-9) << features << " features, set " << set;
    }
  }
}

TEST(TableCounts, InvertsTheExpectationOfCells) {
  // 3,000 subjects with a alone, 2,000 with b alone, 500 with both, in 65,536 slots: the
  // expected slots that miss T are M e^(-N_T / V).
  const SlotModel model{2, 65536, 65536, 0};
  const auto absent = [&](double n) { return 65536 * std::exp(-n / 65536); };
  const double none = absent(5500);
  const double a_missing = absent(3500);
  const double b_missing = absent(2500);
  const std::array<int64_t, 4> cells = {std::llround(none), std::llround(b_missing - none),
                                        std::llround(a_missing - none),
                                        std::llround(65536 + none - a_missing - b_missing)};
  const TableCounts counts = TableCounts::FromCells(model, cells);
  EXPECT_NEAR(counts.Sum(WeightsOf(1 << 1, 2)), 3000, 3);
  EXPECT_NEAR(counts.Sum(WeightsOf(1 << 2, 2)), 2000, 3);
  EXPECT_NEAR(counts.Sum(WeightsOf(1 << 3, 2)), 500, 3);
}

TEST(TableCounts, ProjectsCellsOntoTheNumberOfKeptSlots) {
  // The same amount on every cell changes nothing.
  const SlotModel model{2, 1024, 1024, 9};
  const TableCounts counts = TableCounts::FromCells(model, {900, 60, 40, 24});
  const TableCounts shifted = TableCounts::FromCells(model, {917, 77, 57, 41});
  EXPECT_DOUBLE_EQ(counts.Sum(WeightsOf(2, 2)), shifted.Sum(WeightsOf(2, 2)));
}

TEST(TableCounts, TakesTheSingleCellAsSlotsThatShowTheFeature) {
  const SlotModel model{1, 4096, 1024, 100};
  const TableCounts counts = TableCounts::FromCells(model, {100});
  EXPECT_DOUBLE_EQ(counts.Sum(WeightsOf(2, 1)), -4096 * std::log(924.0 / 1024.0));
  // Nothing is projected, so the noise counts in full: V / A x sigma.
  EXPECT_DOUBLE_EQ(counts.ErrorOf(WeightsOf(2, 1)).noise, 4096.0 / 924.0 * 10.0);
}

TEST(TableCounts, GivesTheErrorOfLinearCounting) {
  // Whang et al.: sd = sqrt(V (e^t - t - 1)) when every slot is kept.
  const SlotModel model{1, 8192, 8192, 0};
  const TableCounts counts = TableCounts::FromSubjects(model, {0.0, 1024.0});
  EXPECT_NEAR(counts.ErrorOf(WeightsOf(2, 1)).counting,
              std::sqrt(8192 * (std::exp(0.125) - 0.125 - 1)), 1e-6);
}

TEST(TableCounts, GivesTheErrorOfSamplingWhenFewSlotsAreKept) {
  // With q = M / V small, each subject is seen with probability q: sd is close to
  // sqrt(N (1 - q) / q).
  const SlotModel model{1, 1 << 22, 1 << 12, 0};
  const TableCounts counts = TableCounts::FromSubjects(model, {0.0, 40000.0});
  const double q = 1.0 / 1024;
  EXPECT_NEAR(counts.ErrorOf(WeightsOf(2, 1)).counting, std::sqrt(40000 * (1 - q) / q), 20);
}

TEST(TableCounts, AddsFourNoisyCellsForAtLeastTwoOfThree) {
  // 4 of 8 projected cells: variance sigma^2 (4 - 16 / 8) = 2 sigma^2. With hardly
  // any load all slopes are 1.
  const SlotModel model{3, 1 << 20, 1 << 20, 64};
  const TableCounts counts = TableCounts::FromSubjects(model, std::array<double, 8>{});
  EXPECT_NEAR(counts.ErrorOf(WeightsOf(kAtLeastTwo, 3)).noise, 8 * std::sqrt(2), 1e-3);
}

TEST(TableCounts, StaysFiniteForAnyCells) {
  const SlotModel model{3, 64, 64, 40};
  for (const int64_t extreme : {int64_t{0}, int64_t{-100'000}, int64_t{100'000}, int64_t{64}}) {
    for (size_t at = 0; at < 8; ++at) {
      std::array<int64_t, 8> cells{};
      cells[at] = extreme;
      const TableCounts counts = TableCounts::FromCells(model, cells);
      for (unsigned set = 2; set < 256; ++set) {
        const UnionWeights weights = WeightsOf(static_cast<PatternSet>(set), 3);
        ASSERT_TRUE(std::isfinite(counts.Sum(weights)));
        ASSERT_TRUE(std::isfinite(counts.ErrorOf(weights).counting));
        ASSERT_TRUE(std::isfinite(counts.ErrorOf(weights).noise));
      }
    }
  }
}

TEST(HabitMean, OfOneDayIsThatDaysNumber) {
  const SlotModel model{1, 8192, 8192, 900};
  const HabitMean mean = HabitMeanFromSum(model, 1, 390);
  EXPECT_DOUBLE_EQ(mean.value, -8192 * std::log(1 - 390.0 / 8192));
  EXPECT_EQ(mean.bias, 0);
}

TEST(HabitMean, SpreadsTheNoiseOverTheDays) {
  const SlotModel model{1, 8192, 8192, 900};
  const int64_t a_day = std::llround(8192 * -std::expm1(-400.0 / 8192));
  const HabitMean mean = HabitMeanFromSum(model, 7, 7 * a_day);
  EXPECT_NEAR(mean.value, 400, mean.bias + 0.5);
  EXPECT_LT(mean.bias, 0.006 * 400);
  EXPECT_NEAR(mean.error.noise, 30.0 / 7 * std::exp(400.0 / 8192), 1e-2);
}

TEST(HabitMean, LiesBetweenAnEvenWeekAndOneWithTwoIdleDays) {
  const SlotModel model{1, 8192, 8192, 0};
  for (const double n : {100.0, 400.0, 700.0, 1000.0}) {
    const double shown = 8192 * -std::expm1(-n / 8192);
    const HabitMean even = HabitMeanFromSum(model, 7, std::llround(7 * shown));
    EXPECT_NEAR(even.value, n, even.bias + 0.15);
    EXPECT_GT(even.value, n);
    const HabitMean uneven = HabitMeanFromSum(model, 7, std::llround(5 * shown));
    EXPECT_NEAR(uneven.value, 5 * n / 7, uneven.bias + 0.15);
    EXPECT_LT(uneven.value, 5 * n / 7 + 0.15);
  }
}

TEST(HabitMean, StaysFiniteForAnySum) {
  const SlotModel model{1, 64, 64, 900};
  for (const int64_t sum : {int64_t{0}, int64_t{-1'000'000}, int64_t{1'000'000}, int64_t{448}}) {
    const HabitMean mean = HabitMeanFromSum(model, 7, sum);
    EXPECT_TRUE(std::isfinite(mean.value));
    EXPECT_TRUE(std::isfinite(mean.error.counting));
    EXPECT_TRUE(std::isfinite(mean.error.noise));
  }
}

}  // namespace
}  // namespace tutti
