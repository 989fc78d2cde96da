#include "common/privacy/zcdp.h"

#include <cmath>

#include "common/privacy/budget.h"
#include "gtest/gtest.h"
#include "tests/privacy/audit/noise_fit.h"
#include "tests/support/discrete_gaussian_delta.h"

namespace tutti {
namespace {

TEST(ZcdpEpsilon, GivesTheKnownValues) {
  EXPECT_NEAR(ZcdpEpsilon(0.125, 1e-6), 2.419, 0.0005);
  EXPECT_NEAR(ZcdpEpsilon(0.02, 1e-6), 0.900, 0.0005);
  EXPECT_NEAR(ZcdpEpsilon(0.005, 1e-6), 0.430, 0.0005);
  EXPECT_NEAR(ZcdpEpsilon(13 * 0.02, 1e-6), 3.62, 0.005);
  EXPECT_NEAR(ZcdpEpsilon(52 * 0.02, 1e-6), 7.95, 0.005);
  EXPECT_NEAR(ZcdpEpsilon(365 * 0.02, 1e-6), 26.2, 0.05);
  EXPECT_NEAR(ZcdpEpsilon(2.6, 1e-6), 13.7, 0.05);
  EXPECT_NEAR(ZcdpEpsilon(0.02436, 1e-6), 1.0, 0.0005);
}

TEST(ZcdpEpsilon, GrowsWithRhoAndFallsWithDelta) {
  double last = 0;
  for (double rho = 1e-5; rho < 20; rho *= 1.3) {
    const double epsilon = ZcdpEpsilon(rho, kStatementDelta);
    EXPECT_GT(epsilon, last) << rho;
    EXPECT_GT(epsilon, ZcdpEpsilon(rho, 1e-5)) << rho;
    // Bun and Steinke's simple bound is never better.
    EXPECT_LT(epsilon, rho + 2 * std::sqrt(rho * -std::log(kStatementDelta))) << rho;
    last = epsilon;
  }
  EXPECT_EQ(ZcdpEpsilon(0, kStatementDelta), 0);
}

TEST(ZcdpDelta, InvertsEpsilon) {
  for (const double rho : {0.0001, 0.00663, 0.0464, 0.1857, 2.6, 18.2}) {
    for (const double delta : {1e-9, 1e-6, 1e-3}) {
      EXPECT_NEAR(ZcdpDelta(rho, ZcdpEpsilon(rho, delta)) / delta, 1, 1e-6) << rho;
    }
  }
}

TEST(DiscreteGaussianDelta, IsTheDifferenceOfTwoTails) {
  const auto tail = [](uint64_t sigma_squared, double above) {
    double sum = 0;
    for (int64_t y = 400; static_cast<double>(y) > above; --y) {
      sum += NoiseProbability(sigma_squared, y);
    }
    return sum;
  };
  for (const uint64_t sigma_squared : {1u, 4u, 38u, 130u}) {
    for (const double epsilon : {0.0, 0.1, 0.5}) {
      const double s2 = static_cast<double>(sigma_squared);
      const double expected = tail(sigma_squared, epsilon * s2 - 0.5) -
                              std::exp(epsilon) * tail(sigma_squared, epsilon * s2 + 0.5);
      EXPECT_NEAR(DiscreteGaussianDelta(sigma_squared, epsilon), expected, 1e-12);
    }
  }
}

TEST(DiscreteGaussianDelta, IsNeverAboveWhatItsCostImplies) {
  for (const uint64_t sigma_squared : {1u, 4u, 38u, 130u, 15'833u, 1'000'000u}) {
    const double rho = 1 / (2 * static_cast<double>(sigma_squared));
    for (const double share : {0.2, 0.5, 0.8, 1.0}) {
      const double epsilon = share * ZcdpEpsilon(rho, kStatementDelta);
      const double exact = DiscreteGaussianDelta(sigma_squared, epsilon);
      EXPECT_GT(exact, 0);
      EXPECT_LE(exact, ZcdpDelta(rho, epsilon)) << sigma_squared << " " << epsilon;
    }
  }
}

TEST(ZcdpEpsilon, PricesAYearOfPublications) {
  // Costs add: a year at any cadence comes to no more than the yearly cap.
  for (const auto& [cadence, periods] : {std::pair(window::v1::CADENCE_DAILY, 392.0),
                                         {window::v1::CADENCE_WEEKLY, 56.0},
                                         {window::v1::CADENCE_FOUR_WEEKLY, 14.0}}) {
    const double rho = static_cast<double>(PublicationNanoRho(cadence)) * 1e-9;
    EXPECT_LE(ZcdpEpsilon(periods * rho, kStatementDelta), ZcdpEpsilon(2.6, kStatementDelta));
    EXPECT_GT(ZcdpEpsilon(periods * rho, kStatementDelta), 13.69);
  }
}

}  // namespace
}  // namespace tutti
