#include "common/privacy/budget.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "common/privacy/noise.h"
#include "gtest/gtest.h"

namespace tutti {
namespace {

using catalog::v1::TABLE_ROLE_HABIT;
using catalog::v1::TABLE_ROLE_PRIMARY;
using catalog::v1::TABLE_ROLE_SUPPORTING;
using window::v1::Cadence;
using window::v1::CADENCE_DAILY;
using window::v1::CADENCE_FOUR_WEEKLY;
using window::v1::CADENCE_WEEKLY;

constexpr Day kSunday(2026, 11, 22);

catalog::v1::BudgetSplit Split(uint32_t primary, uint32_t habit, uint32_t supporting) {
  catalog::v1::BudgetSplit split;
  split.set_primary_permille(primary);
  split.set_habit_permille(habit);
  split.set_supporting_permille(supporting);
  return split;
}

TEST(PublicationNanoRho, IsTheYearlyCapByDaysRoundedDown) {
  EXPECT_EQ(PublicationNanoRho(CADENCE_DAILY), 6'632'653u);
  EXPECT_EQ(PublicationNanoRho(CADENCE_WEEKLY), 46'428'571u);
  EXPECT_EQ(PublicationNanoRho(CADENCE_FOUR_WEEKLY), 185'714'285u);
  EXPECT_LE(392 * PublicationNanoRho(CADENCE_DAILY), kYearlyNanoRho);
  EXPECT_LE(56 * PublicationNanoRho(CADENCE_WEEKLY), kYearlyNanoRho);
  EXPECT_LE(14 * PublicationNanoRho(CADENCE_FOUR_WEEKLY), kYearlyNanoRho);
}

TEST(PublicationNanoRho, GivesAnUnknownCadenceTheLeast) {
  EXPECT_EQ(PublicationNanoRho(window::v1::CADENCE_UNSPECIFIED), 6'632'653u);
  EXPECT_EQ(PublicationNanoRho(window::v1::CADENCE_AUTO), 6'632'653u);
}

TEST(ScaleNoise, SharesByRoleAndThenByWeight) {
  const std::vector<NoisyTable> tables = {{TABLE_ROLE_PRIMARY, 4, 2},
                                          {TABLE_ROLE_PRIMARY, 8, 2},
                                          {TABLE_ROLE_HABIT, 1, 49},
                                          {TABLE_ROLE_HABIT, 1, 49},
                                          {TABLE_ROLE_SUPPORTING, 3, 1}};
  const NoiseScale scale = ScaleNoise(46'428'571, Split(500, 200, 300), tables);
  // ceil(Delta^2 / (2 rho)) of rho = 0.046428571 x share of the role x of the weight.
  EXPECT_EQ(scale.sigma_squared, (std::vector<uint64_t>{130, 65, 5277, 5277, 36}));
  // 2/260 + 2/130 + 2 x 49/10554 + 1/72 = 0.04625139089...
  EXPECT_EQ(scale.nano_rho, 46'251'391u);
}

TEST(ScaleNoise, GivesTheShareOfAnAbsentRoleToTheOthersInProportion) {
  const std::vector<NoisyTable> tables = {{TABLE_ROLE_PRIMARY, 1, 1},
                                          {TABLE_ROLE_SUPPORTING, 1, 1}};
  const NoiseScale scale = ScaleNoise(80'000'000, Split(500, 200, 300), tables);
  EXPECT_EQ(scale.sigma_squared, (std::vector<uint64_t>{10, 17}));  // 1/0.1, 1/0.06
  const NoiseScale alone = ScaleNoise(80'000'000, Split(500, 200, 300), {{TABLE_ROLE_HABIT, 7, 4}});
  EXPECT_EQ(alone.sigma_squared, (std::vector<uint64_t>{25}));
  EXPECT_EQ(alone.nano_rho, 80'000'000u);
}

TEST(ScaleNoise, DoesNotChargeForRoundingOfExactThirds) {
  const std::vector<NoisyTable> tables(3, {TABLE_ROLE_PRIMARY, 1, 2});
  const NoiseScale scale = ScaleNoise(1'000'000'000, Split(1000, 0, 0), tables);
  EXPECT_EQ(scale.sigma_squared, (std::vector<uint64_t>{3, 3, 3}));
  EXPECT_EQ(scale.nano_rho, 1'000'000'000u);
}

TEST(ScaleNoise, CannotBeDrawnWhenARoleGetsNothing) {
  const NoiseScale scale = ScaleNoise(1'000'000'000, Split(1000, 0, 0),
                                      {{TABLE_ROLE_PRIMARY, 1, 1}, {TABLE_ROLE_HABIT, 1, 784}});
  EXPECT_EQ(scale.sigma_squared[0], 1u);
  EXPECT_EQ(scale.sigma_squared[1], std::numeric_limits<uint64_t>::max());
  EXPECT_TRUE(ScaleNoise(1'000'000'000, Split(1000, 0, 0), {}).sigma_squared.empty());
  EXPECT_EQ(ScaleNoise(1'000'000'000, Split(1000, 0, 0), {}).nano_rho, 0u);
}

TEST(ScaleNoise, KeepsEveryTableWithinItsShareAndSpendsNearlyAllOfIt) {
  std::mt19937_64 random(11);
  const auto pick = [&](uint64_t from, uint64_t to) { return from + random() % (to - from + 1); };
  for (int round = 0; round < 3000; ++round) {
    const uint32_t primary = static_cast<uint32_t>(pick(1, 900));
    const uint32_t habit = static_cast<uint32_t>(pick(1, 999 - primary));
    const catalog::v1::BudgetSplit split = Split(primary, habit, 1000 - primary - habit);
    std::vector<NoisyTable> tables(pick(1, 60));
    for (NoisyTable& table : tables) {
      table.role = static_cast<catalog::v1::TableRole>(pick(1, 3));
      table.weight = static_cast<uint32_t>(round % 2 == 0 ? pick(1, 4) : pick(1, 1000));
      const uint64_t step = pick(1, 28);
      table.sensitivity_squared = table.role == TABLE_ROLE_HABIT ? step * step : pick(1, 2);
    }
    const Cadence cadence = static_cast<Cadence>(pick(CADENCE_DAILY, CADENCE_FOUR_WEEKLY));
    const uint64_t budget = PublicationNanoRho(cadence);
    const NoiseScale scale = ScaleNoise(budget, split, tables);

    long double exact = 0;
    long double one_less = 0;  // the cost if every sigma^2 were smaller by one
    for (size_t i = 0; i < tables.size(); ++i) {
      const auto s2 = static_cast<long double>(scale.sigma_squared[i]);
      const long double nano = 0.5e9L * static_cast<long double>(tables[i].sensitivity_squared);
      ASSERT_GE(s2, 1);
      exact += nano / s2;
      one_less += s2 > 1 ? nano / (s2 - 1) : 1e30L;
    }
    EXPECT_LE(scale.nano_rho, budget);
    EXPECT_GE(static_cast<long double>(scale.nano_rho), exact - 1e-6L);
    EXPECT_LE(static_cast<long double>(scale.nano_rho), exact + 1 + 1e-6L);
    EXPECT_GT(one_less, static_cast<long double>(budget) - 1e-6L);
  }
}

// Mutation: a sensitivity of 1 for tables of several features.
TEST(Sensitivity, FollowsFromOneSlotATableAndOneYesADay) {
  EXPECT_EQ(ReachSensitivitySquared(1), 1u);
  for (const int features : {2, 3, 4}) EXPECT_EQ(ReachSensitivitySquared(features), 2u);
  EXPECT_EQ(HabitSensitivitySquared(1), 1u);
  EXPECT_EQ(HabitSensitivitySquared(28), 784u);
}

Ledger Spent(const std::vector<Day>& days, uint64_t nano_rho) {
  Ledger ledger;
  for (const Day day : days) ledger[{"person", day}] = nano_rho;
  return ledger;
}

TEST(CheckBudget, AllowsEveryCadenceForEver) {
  for (const auto& [cadence, period] :
       {std::pair(CADENCE_DAILY, 1), {CADENCE_WEEKLY, 7}, {CADENCE_FOUR_WEEKLY, 28}}) {
    Ledger ledger;
    for (int days = 0; days < 1200; days += period) {
      ASSERT_TRUE(CheckBudget(ledger, "person", kSunday + days, PublicationNanoRho(cadence)).ok());
      ledger[{"person", kSunday + days}] = PublicationNanoRho(cadence);
    }
  }
}

TEST(CheckBudget, RefusesOneMoreOffTheGrid) {
  Ledger ledger;
  for (int64_t week = 0; week < 200; ++week) ledger[{"person", kSunday + 7 * week}] = 46'428'571;
  for (int day = 500; day < 507; ++day) {
    EXPECT_EQ(CheckBudget(ledger, "person", kSunday + day, 46'428'571).code(),
              absl::StatusCode::kResourceExhausted);
  }
  // 56 x 46,428,571 leaves 24 billionths.
  EXPECT_TRUE(CheckBudget(ledger, "person", kSunday + 503, 24).ok());
  EXPECT_FALSE(CheckBudget(ledger, "person", kSunday + 503, 25).ok());
}

// Mutation: a span of 391 days, or a sum of past entries that leaves out the new one,
// lets through what is refused here.
TEST(CheckBudget, CountsEntriesBeforeAndAfterWithin392Days) {
  const uint64_t half = kYearlyNanoRho / 2;
  EXPECT_TRUE(CheckBudget({}, "person", kSunday, kYearlyNanoRho).ok());
  EXPECT_FALSE(CheckBudget({}, "person", kSunday, kYearlyNanoRho + 1).ok());
  for (const int64_t sign : {-1, 1}) {
    const Ledger near = Spent({kSunday + sign * 391}, half + 1);
    EXPECT_FALSE(CheckBudget(near, "person", kSunday, half).ok());
    EXPECT_TRUE(CheckBudget(near, "person", kSunday, half - 1).ok());
    const Ledger far = Spent({kSunday + sign * 392}, kYearlyNanoRho);
    EXPECT_TRUE(CheckBudget(far, "person", kSunday, kYearlyNanoRho).ok());
  }
  // One before and one after, too far apart to share a span.
  const Ledger both = Spent({kSunday - 200, kSunday + 200}, half);
  EXPECT_TRUE(CheckBudget(both, "person", kSunday, half).ok());
  const Ledger close = Spent({kSunday - 200, kSunday + 191}, half);
  EXPECT_FALSE(CheckBudget(close, "person", kSunday, half).ok());
}

TEST(CheckBudget, CountsAnEntryOfTheSameDay) {
  EXPECT_FALSE(
      CheckBudget(Spent({kSunday}, kYearlyNanoRho / 2 + 1), "person", kSunday, kYearlyNanoRho / 2)
          .ok());
}

TEST(CheckBudget, LeavesOtherKindsAlone) {
  const Ledger ledger = {{{"device", kSunday}, kYearlyNanoRho},
                         {{"personal", kSunday}, kYearlyNanoRho}};
  EXPECT_TRUE(CheckBudget(ledger, "person", kSunday, kYearlyNanoRho).ok());
}

TEST(CheckBudget, DoesNotWrapRound) {
  const uint64_t most = std::numeric_limits<uint64_t>::max();
  const Ledger ledger = Spent({kSunday - 1, kSunday, kSunday + 1}, most);
  EXPECT_EQ(CheckBudget(ledger, "person", kSunday, 1).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_FALSE(CheckBudget(Spent({kSunday - 1}, 1), "person", kSunday, most).ok());
}

TEST(CheckBudget, AgreesWithTryingEverySpan) {
  std::mt19937_64 random(12);
  int refused = 0;
  for (int round = 0; round < 400; ++round) {
    Ledger ledger;
    const uint64_t entries = random() % 60;
    for (uint64_t i = 0; i < entries; ++i) {
      ledger[{"person", kSunday + static_cast<int>(random() % 1200) - 600}] =
          random() % 300'000'000;
    }
    const uint64_t cost = random() % 300'000'000;
    uint64_t worst = 0;
    for (Day first = kSunday - 391; first <= kSunday; ++first) {
      uint64_t spent = 0;
      for (const auto& [key, nano_rho] : ledger) {
        if (first <= key.second && key.second < first + 392) spent += nano_rho;
      }
      worst = std::max(worst, spent);
    }
    const bool expected = worst + cost <= kYearlyNanoRho;
    refused += expected ? 0 : 1;
    EXPECT_EQ(CheckBudget(ledger, "person", kSunday, cost).ok(), expected);
  }
  EXPECT_GT(refused, 40);
  EXPECT_LT(refused, 360);
}

}  // namespace
}  // namespace tutti
