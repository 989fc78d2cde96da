// Attacks the noise from outside: is it what it says it is, and does it hide one
// person as well as its cost says? Each audit runs again over a broken mechanism,
// which it must catch. TUTTI_LONG=1 makes the sound runs longer.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include "common/privacy/budget.h"
#include "common/privacy/noise.h"
#include "common/privacy/zcdp.h"
#include "gtest/gtest.h"
#include "tests/doubles/broken_noise.h"
#include "tests/privacy/audit/longer.h"
#include "tests/privacy/audit/noise_fit.h"
#include "tests/privacy/audit/two_worlds.h"
#include "tests/support/discrete_gaussian_delta.h"

namespace tutti {
namespace {

double Draw(NoiseSource& noise, uint64_t sigma_squared) {
  const absl::StatusOr<int64_t> draw = noise.Draw(sigma_squared);
  EXPECT_TRUE(draw.ok()) << draw.status();
  return static_cast<double>(draw.value_or(0));
}

// A count that one person changes by `change`.
std::function<double(bool)> Count(NoiseSource& noise, uint64_t sigma_squared, double change = 1) {
  return [&noise, sigma_squared, change](bool present) {
    return (present ? change : 0) + Draw(noise, sigma_squared);
  };
}

// A table of two features. A person who is there takes `slots` slots from "none"
// and gives them to "both"; the attacker takes the difference of the two cells,
// the best that is to be had.
std::function<double(bool)> Table(NoiseSource& noise, uint64_t sigma_squared, int slots = 1) {
  return [&noise, sigma_squared, slots](bool present) {
    std::vector<double> cells = {1000, 20, 30, 40};
    if (present) {
      cells[0] -= slots;
      cells[3] += slots;
    }
    for (double& cell : cells) cell += Draw(noise, sigma_squared);
    return cells[3] - cells[0];
  };
}

TEST(NoiseAudit, FindsTheKernelsNoiseExact) {
  // From 38 on there are so many cells that a false alarm is rarer than 1e-5.
  for (const uint64_t sigma_squared : {38u, 130u, 2'261u, 15'833u}) {
    KernelNoise noise;
    const auto histogram =
        CollectNoise(noise, sigma_squared, Longer(int64_t{200'000}, int64_t{1'000'000}));
    ASSERT_TRUE(histogram.ok());
    const NoiseFit fit = FitNoise(*histogram, sigma_squared);
    EXPECT_TRUE(fit.ok()) << sigma_squared << ": " << fit.chi_square << " at " << fit.degrees;
    EXPECT_LT(std::abs(SignScore(*histogram)), 6);
    EXPECT_LT(std::abs(ParityScore(*histogram, sigma_squared)), 6);

    HalvedNoise halved(noise);
    AveragedNoise averaged(noise);
    for (NoiseSource* broken :
         {static_cast<NoiseSource*>(&halved), static_cast<NoiseSource*>(&averaged)}) {
      const auto wrong = CollectNoise(*broken, sigma_squared, 200'000);
      ASSERT_TRUE(wrong.ok());
      EXPECT_FALSE(FitNoise(*wrong, sigma_squared).ok()) << sigma_squared;
    }
  }
}

TEST(NoiseAudit, FollowsTheExactDeltaCurve) {
  constexpr uint64_t kSigmaSquared = 4;
  const int64_t draws = Longer(1'000'000, 20'000'000);
  // Six standard errors of a difference of two frequencies, and the upward bias
  // of some twenty cells.
  const double tolerance = 10 / std::sqrt(static_cast<double>(draws));
  KernelNoise noise;
  HalvedNoise broken(noise);
  const auto histogram = CollectNoise(noise, kSigmaSquared, draws);
  const auto wrong = CollectNoise(broken, kSigmaSquared, draws);
  ASSERT_TRUE(histogram.ok() && wrong.ok());
  for (const double epsilon : {0.0, 0.25, 0.5, 1.0}) {
    const double exact = DiscreteGaussianDelta(kSigmaSquared, epsilon);
    EXPECT_NEAR(PlugInDelta(*histogram, epsilon), exact, tolerance) << epsilon;
    EXPECT_GT(PlugInDelta(*wrong, epsilon), exact + tolerance) << epsilon;
  }
}

TEST(NoiseAudit, HidesAPersonInACount) {
  constexpr uint64_t kSigmaSquared = 25;
  constexpr double kClaim = 0.2;  // Delta / sigma
  KernelNoise noise;
  const TwoWorldsAudit audit =
      AuditTwoWorlds(Count(noise, kSigmaSquared), Longer(400'000, 100'000'000));
  EXPECT_LE(audit.mu_lower_bound, kClaim);
  EXPECT_GT(audit.mu_lower_bound, 0.85 * kClaim) << "the attack is too weak to prove anything";

  HalvedNoise halved(noise);
  AveragedNoise averaged(noise);
  EXPECT_GT(AuditTwoWorlds(Count(halved, kSigmaSquared), 400'000).mu_lower_bound, kClaim);
  EXPECT_GT(AuditTwoWorlds(Count(averaged, kSigmaSquared), 400'000).mu_lower_bound, kClaim);
  EXPECT_GT(AuditTwoWorlds(Count(noise, kSigmaSquared, 2), 20'000).mu_lower_bound, kClaim);
}

TEST(NoiseAudit, HidesAPersonInATable) {
  constexpr uint64_t kSigmaSquared = 50;
  constexpr double kClaim = 0.2;  // sqrt(2) / sigma
  KernelNoise noise;
  const TwoWorldsAudit audit =
      AuditTwoWorlds(Table(noise, kSigmaSquared), Longer(400'000, 10'000'000));
  EXPECT_LE(audit.mu_lower_bound, kClaim);
  EXPECT_GT(audit.mu_lower_bound, 0.85 * kClaim) << "the attack is too weak to prove anything";

  HalvedNoise halved(noise);
  AveragedNoise averaged(noise);
  EXPECT_GT(AuditTwoWorlds(Table(halved, kSigmaSquared), 200'000).mu_lower_bound, kClaim);
  EXPECT_GT(AuditTwoWorlds(Table(averaged, kSigmaSquared), 200'000).mu_lower_bound, kClaim);
  EXPECT_GT(AuditTwoWorlds(Table(noise, kSigmaSquared, 2), 20'000).mu_lower_bound, kClaim);
}

// A weekly record of a person kind.
constexpr int kStepDays = 7;
std::vector<NoisyTable> WeeklyTables() {
  std::vector<NoisyTable> tables;
  for (const int features : {3, 1, 1, 3, 1, 1}) {
    tables.push_back({catalog::v1::TABLE_ROLE_PRIMARY, features > 1 ? 4u : 1u,
                      ReachSensitivitySquared(features)});
  }
  for (int habit = 0; habit < 6; ++habit) {
    tables.push_back({catalog::v1::TABLE_ROLE_HABIT, 1, HabitSensitivitySquared(kStepDays)});
  }
  for (const int features : {3, 2, 3, 2, 2, 2, 3, 3, 2, 3, 3, 4}) {
    tables.push_back({catalog::v1::TABLE_ROLE_SUPPORTING, 1, ReachSensitivitySquared(features)});
  }
  return tables;
}

// The best linear statistic over a whole record: what a person changes in each
// table, weighed by the noise there. Cells that a person leaves alone say
// nothing.
std::function<double(bool)> Record(NoiseSource& noise, std::vector<NoisyTable> tables,
                                   std::vector<uint64_t> sigma_squared) {
  return
      [&noise, tables = std::move(tables), sigma_squared = std::move(sigma_squared)](bool present) {
        double statistic = 0;
        for (size_t i = 0; i < tables.size(); ++i) {
          const bool two_cells = tables[i].sensitivity_squared == 2;
          const double change =
              two_cells ? 1 : std::sqrt(static_cast<double>(tables[i].sensitivity_squared));
          double seen = (present ? change : 0) + Draw(noise, sigma_squared[i]);
          if (two_cells) seen += (present ? change : 0) - Draw(noise, sigma_squared[i]);
          statistic += change * seen / static_cast<double>(sigma_squared[i]);
        }
        return statistic;
      };
}

TEST(NoiseAudit, HidesAPersonInAWholeRecord) {
  catalog::v1::BudgetSplit split;
  split.set_primary_permille(500);
  split.set_habit_permille(200);
  split.set_supporting_permille(300);
  const std::vector<NoisyTable> tables = WeeklyTables();
  const uint64_t budget = PublicationNanoRho(window::v1::CADENCE_WEEKLY);
  const NoiseScale scale = ScaleNoise(budget, split, tables);
  const double claim = std::sqrt(2e-9 * static_cast<double>(scale.nano_rho));
  KernelNoise noise;
  const TwoWorldsAudit audit =
      AuditTwoWorlds(Record(noise, tables, scale.sigma_squared), Longer(60'000, 2'000'000));
  EXPECT_LE(audit.mu_lower_bound, claim);
  EXPECT_GT(audit.mu_lower_bound, 0.75 * claim) << "the attack is too weak to prove anything";

  HalvedNoise halved(noise);
  EXPECT_GT(AuditTwoWorlds(Record(halved, tables, scale.sigma_squared), 60'000).mu_lower_bound,
            claim);
  // Habits planned as if a person did a thing on one day of the step at most.
  std::vector<NoisyTable> forgotten = tables;
  for (NoisyTable& table : forgotten) {
    if (table.role == catalog::v1::TABLE_ROLE_HABIT) table.sensitivity_squared = 1;
  }
  const NoiseScale too_small = ScaleNoise(budget, split, forgotten);
  EXPECT_GT(AuditTwoWorlds(Record(noise, tables, too_small.sigma_squared), 5'000).mu_lower_bound,
            claim);
}

TEST(ClopperPearsonUpper, CoversAtItsError) {
  // From the closed forms at 0 and n - 1 hits, and the median of a symmetric one.
  EXPECT_NEAR(ClopperPearsonUpper(0, 100, 0.05), 1 - std::pow(0.05, 0.01), 1e-12);
  EXPECT_NEAR(ClopperPearsonUpper(99, 100, 0.05), std::pow(0.95, 0.01), 1e-12);
  EXPECT_NEAR(ClopperPearsonUpper(5, 11, 0.5), 0.5, 1e-12);
  EXPECT_EQ(ClopperPearsonUpper(7, 7, 0.01), 1);
  // P[Binomial(20, p) <= 6] = 0.025 at p = 0.5428, a figure of the printed tables.
  EXPECT_NEAR(ClopperPearsonUpper(6, 20, 0.025), 0.5428, 5e-5);
}

TEST(NormalQuantile, InvertsTheNormalDistribution) {
  EXPECT_NEAR(NormalQuantile(0.975), 1.959964, 1e-6);
  EXPECT_NEAR(NormalQuantile(0.5), 0, 1e-12);
  EXPECT_NEAR(NormalQuantile(1e-6), -4.753424, 1e-6);
}

}  // namespace
}  // namespace tutti
