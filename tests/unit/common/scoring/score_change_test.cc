#include "common/scoring/score_change.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"

namespace tutti {
namespace {

ScoredPublication Scored(const char* end_day, double total, double sd, int possible = 600) {
  ScoredPublication out;
  out.score.set_end_day(end_day);
  out.score.set_possible_points(possible);
  Figure figure;
  figure.value = total;
  figure.errors[0] = {0, sd};
  out.total = figure;
  out.categories["teamwork"] = Scaled(figure, 1.0 / 6);
  out.score.add_categories()->set_category("teamwork");
  return out;
}

TEST(ChangeBase, IsExactlyFourWeeksEarlier) {
  const std::vector<Day> weekly = {Day(2026, 10, 18), Day(2026, 10, 25), Day(2026, 11, 22)};
  EXPECT_EQ(ChangeBase(weekly, Day(2026, 11, 22)), Day(2026, 10, 25));
  EXPECT_EQ(ChangeBase(weekly, Day(2026, 10, 25)), std::nullopt);
}

TEST(TrendBase, IsTheLastOneAtLeast180DaysEarlier) {
  const Day end(2026, 11, 22);
  EXPECT_EQ(TrendBase({end - 187, end - 183, end - 176}, end), end - 183);
  EXPECT_EQ(TrendBase({end - 180}, end), end - 180);
  EXPECT_EQ(TrendBase({end - 179}, end), std::nullopt);
  EXPECT_EQ(TrendBase({end - 209}, end), std::nullopt);
  EXPECT_EQ(TrendBase({}, end), std::nullopt);
}

TEST(AddChanges, SaysWhetherAChangeIsMoreThanNoise) {
  ScoredPublication later = Scored("2026-11-22", 320, 4);
  AddChanges(Scored("2026-10-25", 310, 3), later);
  EXPECT_EQ(later.score.change().since_end_day(), "2026-10-25");
  EXPECT_DOUBLE_EQ(later.score.change().difference().value(), 10);
  EXPECT_DOUBLE_EQ(later.score.change().difference().margin(), 1.96 * 5);
  EXPECT_TRUE(later.score.change().beyond_noise());
  EXPECT_TRUE(later.score.categories(0).has_change());
  AddChanges(Scored("2026-10-25", 311, 3), later);
  EXPECT_FALSE(later.score.change().beyond_noise());
}

// Mutation: what is open is left out of the margin of a change.
TEST(AddChanges, CountsWhatIsOpenAsNoise) {
  // It was 330 to 340 and is 320: it fell, by at least 10.
  ScoredPublication earlier = Scored("2026-10-25", 330, 1);
  earlier.total->open.above = 10;
  ScoredPublication later = Scored("2026-11-22", 320, 1);
  AddChanges(earlier, later);
  const score::v1::Estimate& difference = later.score.change().difference();
  EXPECT_EQ(difference.bound(), score::v1::BOUND_UNSPECIFIED);
  EXPECT_DOUBLE_EQ(difference.value(), -15);
  EXPECT_NEAR(difference.margin(), 5 + 1.96 * std::hypot(1, 1), 1e-9);
  EXPECT_TRUE(later.score.change().beyond_noise());
  // It was 310 to 320 and is 320: it may not have risen at all.
  earlier.total->value = 310;
  AddChanges(earlier, later);
  EXPECT_FALSE(later.score.change().beyond_noise());
}

TEST(AddChanges, ComparesTotalsOfTheSameCategoriesAlone) {
  ScoredPublication later = Scored("2026-11-22", 320, 1, 600);
  AddChanges(Scored("2026-10-25", 310, 1, 500), later);
  EXPECT_FALSE(later.score.has_change());
  EXPECT_TRUE(later.score.categories(0).has_change());
}

// Mutation: comparing the numbers of categories takes one source for another.
TEST(AddChanges, ComparesNoTotalsOfAsManyOtherCategories) {
  ScoredPublication earlier = Scored("2026-10-25", 310, 1);
  earlier.categories["network"] = *earlier.total;
  ScoredPublication later = Scored("2026-11-22", 320, 1);
  later.categories["endpoint"] = *later.total;
  AddChanges(earlier, later);
  EXPECT_FALSE(later.score.has_change());
  EXPECT_TRUE(later.score.categories(0).has_change());
}

// Mutation: what is open at both ends cancels out, and nothing "has not changed".
TEST(AddChanges, SaysNothingOfWhatIsUnknown) {
  Figure unknown;
  unknown.value = 50;
  unknown.open = {50, 50};
  for (const bool before : {true, false}) {
    ScoredPublication earlier = Scored("2026-10-25", 310, 1);
    ScoredPublication later = Scored("2026-11-22", 320, 1);
    (before ? earlier : later).categories["teamwork"] = unknown;
    AddChanges(earlier, later);
    AddTrend(earlier, later);
    EXPECT_FALSE(later.score.categories(0).has_change());
    EXPECT_FALSE(later.score.has_change());
    EXPECT_FALSE(later.score.has_trend_180_days());
  }
}

TEST(AddTrend, IsInPointsOfPercent) {
  ScoredPublication later = Scored("2026-11-22", 330, 6);
  AddTrend(Scored("2026-05-24", 300, 6), later);
  EXPECT_DOUBLE_EQ(later.score.trend_180_days().difference().value(), 5);
  EXPECT_NEAR(later.score.trend_180_days().difference().margin(), 1.96 * std::hypot(1, 1), 1e-9);
}

}  // namespace
}  // namespace tutti
