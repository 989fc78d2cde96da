#include "common/scoring/figure.h"

#include <cmath>

#include "gtest/gtest.h"

namespace tutti {
namespace {

Figure Plain(double value, int table, double sd) {
  Figure figure;
  figure.value = value;
  figure.errors[table] = {0, sd};
  return figure;
}

TEST(Figure, AddsIndependentTablesInSquares) {
  Figure sum;
  Add(Plain(10, 1, 3), sum);
  Add(Plain(20, 2, 4), sum);
  EXPECT_DOUBLE_EQ(sum.value, 30);
  EXPECT_DOUBLE_EQ(MarginOf(sum), 1.96 * 5);
}

TEST(Figure, AddsErrorsOfOneTableAsIfTheyAgreed) {
  Figure sum;
  Add(Plain(10, 1, 3), sum);
  Add(Plain(20, 1, 4), sum);
  EXPECT_DOUBLE_EQ(MarginOf(sum), 1.96 * 7);
}

TEST(Figure, TakesErrorsOfTwoPublicationsAsIndependent) {
  const Figure difference = Difference(Plain(10, 1, 3), Plain(4, 1, 4));
  EXPECT_DOUBLE_EQ(difference.value, 6);
  EXPECT_DOUBLE_EQ(MarginOf(difference), 1.96 * 5);
}

TEST(Figure, SaysABoundWhenTheOpenSideGoesOnToTheEnd) {
  Figure figure = Plain(95, 1, 1);
  figure.open.above = 5;
  score::v1::Estimate estimate = ToEstimate(figure, 100);
  EXPECT_EQ(estimate.bound(), score::v1::BOUND_AT_LEAST);
  EXPECT_DOUBLE_EQ(estimate.value(), 95);
  EXPECT_DOUBLE_EQ(estimate.margin(), 1.96);
  figure.value = 5;
  figure.open = {0, 5};
  estimate = ToEstimate(figure, 100);
  EXPECT_EQ(estimate.bound(), score::v1::BOUND_AT_MOST);
  EXPECT_DOUBLE_EQ(estimate.value(), 5);
}

// A sum of which a part is in a tail is known to both sides. Mutations: a bound all the same; the
// open side left out of the margin, or the value left where it was clamped.
TEST(Figure, SaysAnIntervalWhenTheOpenSideEndsBefore) {
  Figure figure = Plain(50, 1, 1);
  figure.open = {0, 5};
  score::v1::Estimate estimate = ToEstimate(figure, 100);
  EXPECT_EQ(estimate.bound(), score::v1::BOUND_UNSPECIFIED);
  EXPECT_NEAR(estimate.value() - estimate.margin(), 50 - 5 - 1.96, 1e-9);
  EXPECT_NEAR(estimate.value() + estimate.margin(), 50 + 1.96, 1e-9);
  figure.open = {3, 0};
  estimate = ToEstimate(figure, 100);
  EXPECT_EQ(estimate.bound(), score::v1::BOUND_UNSPECIFIED);
  EXPECT_NEAR(estimate.value() - estimate.margin(), 50 - 1.96, 1e-9);
  EXPECT_NEAR(estimate.value() + estimate.margin(), 50 + 3 + 1.96, 1e-9);
}

TEST(Figure, PutsBothOpenSidesIntoTheMargin) {
  Figure figure = Plain(95, 1, 1);
  figure.open = {5, 3};
  const score::v1::Estimate estimate = ToEstimate(figure, 100);
  EXPECT_EQ(estimate.bound(), score::v1::BOUND_UNSPECIFIED);
  EXPECT_DOUBLE_EQ(estimate.value(), 96);
  EXPECT_DOUBLE_EQ(estimate.margin(), 1.96 + 4);
}

TEST(Figure, TurnsWhatIsOpenOfTheEarlierRoundInADifference) {
  Figure clamped = Plain(95, 1, 1);
  clamped.open.above = 5;
  const double noise = 1.96 * std::hypot(1, 1);
  const score::v1::Estimate rise = ToPlainEstimate(Difference(clamped, Plain(90, 1, 1)));
  EXPECT_NEAR(rise.value() - rise.margin(), 5 - noise, 1e-9);
  EXPECT_NEAR(rise.value() + rise.margin(), 10 + noise, 1e-9);
  const score::v1::Estimate fall = ToPlainEstimate(Difference(Plain(90, 1, 1), clamped));
  EXPECT_NEAR(fall.value() - fall.margin(), -10 - noise, 1e-9);
  EXPECT_NEAR(fall.value() + fall.margin(), -5 + noise, 1e-9);
  // In the same tail twice: no change, and nothing open.
  const score::v1::Estimate same = ToPlainEstimate(Difference(clamped, clamped));
  EXPECT_DOUBLE_EQ(same.value(), 0);
  EXPECT_NEAR(same.margin(), noise, 1e-12);
}

TEST(Figure, KeepsTheDirectionOfABiasInADifference) {
  Figure later = Plain(10, 1, 0);
  later.bias.above = 2;
  Figure earlier = Plain(8, 1, 0);
  earlier.bias.above = 1.5;
  // Both are low by something, so the difference is off by 2 at most, not 3.5.
  EXPECT_DOUBLE_EQ(MarginOf(Difference(later, earlier)), 2);
}

TEST(Figure, ScalesEverything) {
  Figure figure = Plain(10, 1, 1);
  figure.bias.above = 0.5;
  const Figure scaled = Scaled(figure, 100);
  EXPECT_DOUBLE_EQ(scaled.value, 1000);
  EXPECT_NEAR(MarginOf(scaled), 100 * MarginOf(figure), 1e-9);
}

// Mutation: a bound that stays on its side.
TEST(Figure, TurnsWhatIsOpenRoundInTheRest) {
  Figure share = Plain(0.95, 1, 0.02);
  share.open.above = 0.05;
  share.bias.below = 0.01;
  const Figure rest = Rest(share);
  EXPECT_NEAR(rest.value, 0.05, 1e-12);
  EXPECT_EQ(ToEstimate(share, 1).bound(), score::v1::BOUND_AT_LEAST);
  EXPECT_EQ(ToEstimate(rest, 1).bound(), score::v1::BOUND_AT_MOST);
  EXPECT_DOUBLE_EQ(rest.bias.above, 0.01);
  EXPECT_DOUBLE_EQ(StatisticalMargin(rest), StatisticalMargin(share));
}

// The truth lies at one end of what is systematic, and there the interval holds 95%.
// Mutation: 1.96 standard deviations beyond the bias hold 97.5%.
TEST(Figure, ReachesAsFarBeyondABiasAsCoverageNeeds) {
  // Solutions of Phi(z) - Phi(-z - 2 bias) = 0.95, by bisection elsewhere.
  for (const auto& [bias, z] : {std::pair{0.01, 1.950061979},
                                {0.1, 1.869725516},
                                {0.5, 1.681477442},
                                {1.0, 1.646145548},
                                {5.0, 1.644853627}}) {
    Figure figure = Plain(10, 1, 2);
    figure.bias = {2 * bias, 2 * bias};
    EXPECT_NEAR(MarginOf(figure), 2 * (bias + z), 1e-8) << bias;
  }
}

}  // namespace
}  // namespace tutti
