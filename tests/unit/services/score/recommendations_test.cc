#include "services/score/recommendations.h"

#include "gtest/gtest.h"
#include "tests/support/simulated_organization.h"

namespace tutti {
namespace {

class RecommendationsTest : public ::testing::Test {
 protected:
  void Add(const char* measure, double value, double margin) {
    score::v1::MeasureValue& out = *score_.add_measures();
    out.set_measure(measure);
    out.set_state(score::v1::FIGURE_STATE_MEASURED);
    out.mutable_value()->set_value(value);
    out.mutable_value()->set_margin(margin);
  }

  std::unique_ptr<const Catalog> catalog_ = LoadShippedCatalog();
  score::v1::Score score_;
};

TEST_F(RecommendationsTest, RecommendsWhatIsLowEvenAtTheEdgeOfItsMargin) {
  Add("communication_reach", 46, 5);  // threshold 50: may be 51
  Add("teamwork_reach", 40, 5);
  const auto found = RecommendActions(*catalog_, score_);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].action(), "give_teams_a_space");
  EXPECT_EQ(found[0].measure(), "teamwork_reach");
  EXPECT_DOUBLE_EQ(found[0].value().value(), 40);
}

TEST_F(RecommendationsTest, RecommendsWhatIsTooHighEvenAtTheEdgeOfItsMargin) {
  Add("slow_start_share", 34, 5);  // threshold 30: may be 29
  Add("app_crash_share", 26, 5);   // threshold 20
  const auto found = RecommendActions(*catalog_, score_);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].action(), "mend_crashing_apps");
}

TEST_F(RecommendationsTest, PutsTheMostRoomFirst) {
  Add("communication_reach", 40, 1);
  Add("teamwork_reach", 20, 1);
  const auto found = RecommendActions(*catalog_, score_);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].measure(), "teamwork_reach");
}

// Mutation: a bound is taken for the number in its middle, which nobody is shown.
TEST_F(RecommendationsTest, TakesABoundForWhatItSays) {
  Add("communication_reach", 40, 1);
  Add("teamwork_reach", 26, 15);  // at most 41, of 50
  score_.mutable_measures(1)->mutable_value()->set_bound(score::v1::BOUND_AT_MOST);
  const auto found = RecommendActions(*catalog_, score_);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].measure(), "communication_reach");
}

TEST_F(RecommendationsTest, SaysNothingAboutWhatIsNotShown) {
  Add("teamwork_reach", 20, 1);
  score_.mutable_measures(0)->set_state(score::v1::FIGURE_STATE_WITHHELD);
  EXPECT_TRUE(RecommendActions(*catalog_, score_).empty());
}

}  // namespace
}  // namespace tutti
