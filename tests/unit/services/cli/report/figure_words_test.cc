#include "services/cli/report/figure_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "services/cli/report/figure_formats.h"
#include "services/cli/report/figures.h"
#include "services/cli/report/text_layout.h"
#include "tests/unit/services/cli/report/figures_fixture.h"

namespace tutti {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(FigureWordsTest, WritesFiguresWithMarginsAndBounds) {
  EXPECT_EQ(FormatEstimate(AScore().percent(), 1), "70.1 ± 4.2");
  // Mutations: a bound beside its margin; a bound that leaves its margin out.
  EXPECT_EQ(FormatEstimate(AScore().categories(0).points(), 1), "at least 93.0");
  score::v1::Estimate bounded;
  bounded.set_value(3);
  bounded.set_margin(2);
  bounded.set_bound(score::v1::BOUND_AT_MOST);
  EXPECT_EQ(FormatEstimate(bounded, 0), "at most 5");
}

TEST(FigureWordsTest, SaysWhetherAChangeIsMoreThanNoise) {
  score::v1::Score score = AScore();
  EXPECT_EQ(FormatChange(score.change(), "points"), "+12.5 ± 6.5 points, more than noise");
  EXPECT_EQ(FormatChange(score.categories(0).change(), ""), "-1.0 ± 3.0, within noise");
  EXPECT_EQ(FormatChange(score.categories(1).change(), ""), "");
  // Mutation: a fall that rounds to nothing is written as one.
  score.mutable_change()->mutable_difference()->set_value(-0.04);
  EXPECT_EQ(FormatChange(score.change(), ""), "+0.0 ± 6.5, more than noise");
  score.mutable_change()->mutable_difference()->set_value(-0.06);
  EXPECT_EQ(FormatChange(score.change(), ""), "-0.1 ± 6.5, more than noise");
  score::v1::Estimate estimate;
  estimate.set_value(-0.3);
  estimate.set_margin(2);
  EXPECT_EQ(FormatEstimate(estimate, 0), "0 ± 2");
}

// Mutations: a line that ends before or after the sign, or before "%".
TEST(FigureWordsTest, StandWithTheirMarginsOnOneLine) {
  for (size_t columns = 1; columns < 30; ++columns) {
    for (const std::string& line : Fold("the level is 78.2 ± 3.1 % of all", columns)) {
      EXPECT_EQ(absl::StrContains(line, "78.2"), absl::StrContains(line, "78.2 ± 3.1 %"))
          << columns;
    }
  }
}

// What a total lacks is what the score says that it lacks. Mutations: categories that do not count
// in it; those that lack a level beside the window alone; the reason of one kind for the other.
TEST(FigureWordsTest, NamesTheCategoriesThatATotalLacks) {
  const std::string needs = "It needs every category that is measured; ";
  score::v1::Score score = AScoreWithLevels();
  score.set_state(score::v1::FIGURE_STATE_INCOMPLETE);
  auto& communication = *score.mutable_categories(0);
  communication.set_state(score::v1::FIGURE_STATE_INCOMPLETE);
  score.add_missing_categories("communication");
  // The network is withheld, and does not count: it stands in for another.
  const auto reason = [&](const char* column) {
    return CsvField(RenderCsv(FiguresOf(score, false)), "total", column);
  };
  EXPECT_EQ(reason("reason_alone"), needs + "not shown: Communication.");
  EXPECT_EQ(AloneTotalReason(score), needs + "not shown: Communication.");

  // One has a level and no points, the other points and no level: neither total is whole.
  score.clear_level();
  score.add_level_missing_categories("teamwork");
  EXPECT_EQ(reason("reason"),
            needs +
                "this window alone lacks Communication, and levels with earlier windows lack "
                "Teamwork.");
  EXPECT_EQ(AloneTotalReason(score), needs + "not shown: Communication.");
  // One more that has neither is missing in both.
  score.add_missing_categories("network");
  score.add_level_missing_categories("network");
  EXPECT_EQ(reason("reason"),
            needs +
                "this window alone lacks Communication, Network, and levels with earlier "
                "windows lack Teamwork, Network.");
  // Teamwork has a level: only what has neither keeps back a total.
  score.clear_level_missing_categories();
  score.add_level_missing_categories("network");
  EXPECT_EQ(reason("reason"), needs + "not shown: Network.");
  score.mutable_categories(2)->set_level_from_end_day("2027-01-17");
  EXPECT_EQ(
      reason("reason"),
      needs + "not shown: Network. With earlier windows it is shown from about 2027-01-17 on.");
  // Mutation: a total is promised that one category never lets be.
  score.add_level_missing_categories("teamwork");
  score.add_missing_categories("teamwork");
  EXPECT_THAT(reason("reason"), EndsWith("not shown: Teamwork, Network."));
  score.mutable_missing_categories()->RemoveLast();
  // All have levels, but too few windows have them all.
  score.clear_level_missing_categories();
  EXPECT_EQ(reason("reason"),
            needs +
                "this window alone lacks Communication, Network, and the windows that have "
                "them all are too few for a level.");
  score.set_state(score::v1::FIGURE_STATE_NOT_MEASURED);
  EXPECT_THAT(reason("reason"), HasSubstr("No category is measured"));
}

// Mutations: "The score" where it is not shown; "its categories" where one has no level; the
// windows of one level for those of all.
TEST(FigureWordsTest, SaysWhichFiguresAreLevels) {
  score::v1::Score score = AScoreWithLevels();
  EXPECT_THAT(LevelNote(score),
              AllOf(StartsWith("The figures that have “this window alone” beside them are levels"),
                    HasSubstr("what 17 windows of 28 days say")))
      << "teamwork has none";
  score::v1::Level& teamwork = *score.mutable_categories(1)->mutable_level();
  teamwork = score.categories(0).level();
  EXPECT_THAT(LevelNote(score), StartsWith("The score and its categories are levels: what 17 "));
  teamwork.set_windows(4);
  EXPECT_THAT(LevelNote(score), HasSubstr("what up to 17 windows of 28 days say"));
  score.clear_level();
  score.set_state(score::v1::FIGURE_STATE_WITHHELD);
  EXPECT_THAT(LevelNote(score),
              AllOf(StartsWith("The categories are levels"), Not(HasSubstr("has held"))));
  EXPECT_EQ(LevelNote(AScore()), "");
}

// Mutations: windows that say together what one says alone; a window alone that stands nowhere.
TEST(FigureWordsTest, SaysWhereLevelsAreOfTheWindowAlone) {
  score::v1::Score score = AScoreWithLevels();
  score.mutable_level()->set_of_window_alone(true);
  EXPECT_THAT(LevelNote(score),
              AllOf(StartsWith("The figures that have “this window alone” beside them are levels"),
                    HasSubstr("So are other figures, for earlier windows are not expected to")));
  score.mutable_categories(0)->mutable_level()->set_of_window_alone(true);
  EXPECT_THAT(LevelNote(score),
              AllOf(StartsWith("Every figure is of this window alone, for earlier windows are not"),
                    HasSubstr("Changes and marks are of levels: what 17 windows of 28 days say"),
                    HasSubstr("has held")));
  score::v1::ListScoresResponse history;
  *history.add_scores() = score;
  EXPECT_THAT(HistoryLevelNote(history), StartsWith("Every figure is of one window alone, for"));
  *history.add_scores() = AScoreWithLevels();
  EXPECT_THAT(HistoryLevelNote(history),
              AllOf(StartsWith("Where “this window alone” stands beside a figure"),
                    HasSubstr("Other figures are of one window alone, for earlier windows are")));
}

// Mutation: what is true of the newest score is said of all.
TEST(FigureWordsTest, SaysOfAHistoryWhichScoresAreLevels) {
  score::v1::ListScoresResponse history;
  *history.add_scores() = AScore();
  EXPECT_EQ(HistoryLevelNote(history), "");
  *history.add_scores() = AScoreWithLevels();
  EXPECT_THAT(HistoryLevelNote(history),
              AllOf(StartsWith("Where “this window alone” stands beside a figure"),
                    HasSubstr("17 windows"), Not(HasSubstr("has held"))));
  EXPECT_THAT(Unwrapped(RenderText(HistoryFigures(history, false), TextStyle())),
              HasSubstr(HistoryLevelNote(history)));
}

// Mutations: both sizes with one cadence where they have two; no size where one is.
TEST(FigureWordsTest, SaysSizesWithTheCadenceThatEachHas) {
  score::v1::CategoryThreshold threshold;
  threshold.set_headcount_with_level(63);
  threshold.set_cadence_with_level(window::v1::CADENCE_FOUR_WEEKLY);
  threshold.set_headcount(106);
  threshold.set_cadence(window::v1::CADENCE_FOUR_WEEKLY);
  threshold.set_state(score::v1::FIGURE_STATE_MEASURED);
  threshold.set_from_record(8);
  const std::string here = "; here from record 8 on";
  EXPECT_EQ(
      ThresholdWords(threshold),
      "63 people with earlier windows, 106 in one window alone, published four-weekly" + here);
  threshold.set_headcount(234);
  threshold.set_cadence(window::v1::CADENCE_WEEKLY);
  EXPECT_EQ(ThresholdWords(threshold),
            "63 people with earlier windows, published four-weekly at that size; 234 in one window "
            "alone, published weekly" +
                here);
  threshold.set_entitled_product("assistant");
  threshold.set_headcount(0);
  EXPECT_EQ(ThresholdWords(threshold),
            "63 people entitled to assistant with earlier windows, published four-weekly; at no "
            "size in one window alone" +
                here);
  threshold.set_headcount_with_level(0);
  EXPECT_EQ(ThresholdWords(threshold), "at no size" + here);
}

// Mutation: what held since the window itself is said to have held.
TEST(FigureWordsTest, SaysThatALevelHoldsOnlyOfEarlierWindows) {
  score::v1::Score score = AScoreWithLevels();
  EXPECT_THAT(Unwrapped(RenderText(FiguresOf(score, false), TextStyle())),
              HasSubstr("has held its level since the 28 days to 2026-08-02"));
  score.mutable_level()->set_holding_since_end_day(score.end_day());
  EXPECT_THAT(RenderText(FiguresOf(score, false), TextStyle()), Not(HasSubstr("has held")));
}

// Mutations: the sentence left out; levels of categories whose total has none are not explained.
TEST(FigureWordsTest, SaysOfChangesOfLevelsWhatTheyCompare) {
  score::v1::Score score = AScoreWithLevels();
  score::v1::ListScoresResponse history;
  *history.add_scores() = score;
  EXPECT_THAT(Unwrapped(RenderText(HistoryFigures(history, false), TextStyle())),
              HasSubstr(kChangeOfLevels));
  score.clear_level();
  const std::string text = Unwrapped(RenderText(FiguresOf(score, false), TextStyle()));
  EXPECT_THAT(text, AllOf(HasSubstr(kChangeOfLevels), HasSubstr("what 17 windows of 28 days")));
}

}  // namespace
}  // namespace tutti
