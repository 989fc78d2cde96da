#include "services/cli/report/figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/cli/report/figure_formats.h"
#include "services/cli/report/figure_words.h"
#include "tests/unit/services/cli/report/figures_fixture.h"

namespace tutti {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(FiguresTest, TextShowsBarsChangesAndReasons) {
  const std::string text = RenderText(FiguresOf(AScore(), false), TextStyle());
  EXPECT_THAT(TextLine(text, "Adoption score"),
              AllOf(HasSubstr("140.2 ± 8.5 points of 200"), HasSubstr("70.1 ± 4.2 %"),
                    HasSubstr("+6.2 ± 3.2 percentage points, more than noise")));
  // 30 cells: 37.0 to 53.5 of 100 is the margin.
  EXPECT_THAT(TextLine(text, "Teamwork"), HasSubstr("███████████▒▒▒▒▒··············"));
  EXPECT_THAT(TextLine(text, "Communication"), HasSubstr("▒›"));
  EXPECT_THAT(TextLine(text, "Network"),
              AllOf(HasSubstr("withheld"), HasSubstr("above 15 points"), Not(HasSubstr("█"))));
  EXPECT_THAT(text, HasSubstr("never a person"));
  EXPECT_THAT(text, Not(HasSubstr("What would raise it")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(FiguresTest, TextGivesTheWordsOfMeasuresWhenAsked) {
  const std::string text = RenderText(FiguresOf(AScore(), true), TextStyle());
  EXPECT_THAT(text, AllOf(HasSubstr("The share of people."),
                          HasSubstr("Counts people who did, of everyone."),
                          HasSubstr("What would raise it: A site for every team.")));
}

TEST(FiguresTest, CsvHasOneRecordAFigureWithItsUnitInTheColumn) {
  const std::string csv = RenderCsv(FiguresOf(AScore(), true));
  ASSERT_EQ(ParseCsv(csv).size(), 1 + 1 + 3 + 1U);
  EXPECT_EQ(CsvField(csv, "total", "points"), "140.2500");
  EXPECT_EQ(CsvField(csv, "total", "possible_points"), "200");
  EXPECT_EQ(CsvField(csv, "total", "margin_percent"), "4.2500");
  EXPECT_EQ(CsvField(csv, "total", "change_points"), "12.5000");
  EXPECT_EQ(CsvField(csv, "total", "change_percent"), "6.2500");
  EXPECT_EQ(CsvField(csv, "communication", "change_percent"), "");
  EXPECT_EQ(CsvField(csv, "total", "change_beyond_noise"), "true");
  EXPECT_EQ(CsvField(csv, "communication", "bound"), "at least");
  EXPECT_EQ(CsvField(csv, "communication", "change_since_day"), "2026-10-25");
  EXPECT_EQ(CsvField(csv, "teamwork", "text"), "Measures teams, and \"spaces\".");
  EXPECT_EQ(CsvField(csv, "network", "state"), "withheld");
  EXPECT_EQ(CsvField(csv, "network", "points"), "");
  // Mutation: what is not there rests on a window, and is not changing.
  EXPECT_EQ(CsvField(csv, "network", "windows"), "");
  EXPECT_EQ(CsvField(csv, "network", "may_be_changing"), "");
  EXPECT_EQ(CsvField(csv, "network", "reason"),
            "With 600 people, its margin would be above 15 points.");
  EXPECT_EQ(CsvField(csv, "reach", "percent"), "51.5000");
  EXPECT_EQ(CsvField(csv, "reach", "denominator"), "everyone");
}

// Mutations: the figure of one window first; a level without its mark.
TEST(FiguresTest, ALevelLeadsAndTheWindowAloneStandsBeside) {
  const score::v1::Score score = AScoreWithLevels();
  const std::string text = RenderText(FiguresOf(score, false), TextStyle());
  EXPECT_THAT(TextLine(text, "Adoption score"),
              AllOf(HasSubstr("75.0 ± 2.0 %"), HasSubstr("this window alone 70.1 ± 4.2 %")));
  EXPECT_THAT(TextLine(text, score.categories(0).display_name()),
              AllOf(HasSubstr("61.5 ± 3.5"), HasSubstr("may be changing; this window alone")));
  EXPECT_THAT(text, AllOf(HasSubstr("17 windows"), HasSubstr("2026-08-02")));
  const std::string csv = RenderCsv(FiguresOf(score, false));
  EXPECT_EQ(CsvField(csv, "total", "points"), "150.0000");
  EXPECT_EQ(CsvField(csv, "total", "points_alone"), "140.2500");
  EXPECT_EQ(CsvField(csv, "total", "windows"), "17");
  EXPECT_EQ(CsvField(csv, "total", "holding_since_day"), "2026-08-02");
  EXPECT_EQ(CsvField(csv, "communication", "may_be_changing"), "true");
  EXPECT_EQ(CsvField(csv, "teamwork", "windows"), "1");
}

// Mutation: where a level has no change, that of the windows alone stands beside it unsaid.
TEST(FiguresTest, AChangeIsOfWhatItStandsBeside) {
  score::v1::Score score = AScoreWithLevels();
  EXPECT_THAT(TextLine(RenderText(FiguresOf(score, false), TextStyle()), "Adoption score"),
              Not(HasSubstr("+6.2")));
  score::v1::Change& change = *score.mutable_level()->mutable_change();
  change.set_since_end_day("2026-10-25");
  change.mutable_difference()->set_value(5);
  change.mutable_difference()->set_margin(8);
  const Figures figures = FiguresOf(score, false);
  EXPECT_THAT(TextLine(RenderText(figures, TextStyle()), "Adoption score"),
              HasSubstr("+2.5 ± 4.0 percentage points, within noise"));
  const std::string csv = RenderCsv(figures);
  EXPECT_EQ(CsvField(csv, "total", "change_points"), "5.0000");
  EXPECT_EQ(CsvField(csv, "total", "change_beyond_noise"), "false");
  EXPECT_EQ(CsvField(csv, "total", "change_points_alone"), "12.5000");
  EXPECT_EQ(CsvField(csv, "total", "change_percent_alone"), "6.2500");
  EXPECT_EQ(CsvField(csv, "total", "change_beyond_noise_alone"), "true");
  EXPECT_EQ(CsvField(csv, "total", "change_since_day_alone"), "2026-10-25");
  EXPECT_EQ(CsvField(csv, "network", "change_points_alone"), "");
}

// Mutations: a window alone beside a level that says the same; a mark that is lost with it.
TEST(FiguresTest, ALevelThatIsOfTheWindowAloneStandsByItself) {
  score::v1::Score score = AScoreWithLevels();
  score.mutable_level()->set_of_window_alone(true);
  score.mutable_categories(0)->mutable_level()->set_of_window_alone(true);
  const Figures figures = FiguresOf(score, false);
  const std::string text = RenderText(figures, TextStyle());
  EXPECT_THAT(text, Not(HasSubstr("this window alone 7")));
  EXPECT_THAT(TextLine(text, score.categories(0).display_name()),
              AllOf(HasSubstr("61.5 ± 3.5"), HasSubstr("may be changing")));
  EXPECT_THAT(RenderMarkdown(figures), Not(HasSubstr("this window alone 7")));
  const std::string csv = RenderCsv(figures);
  EXPECT_EQ(CsvField(csv, "total", "of_window_alone"), "true");
  EXPECT_EQ(CsvField(csv, "total", "points_alone"), "140.2500");
  EXPECT_EQ(CsvField(csv, "teamwork", "of_window_alone"), "false");
}

// Mutations: the points of 0 that a window alone does not have; a level that is not shown for its
// window is withheld.
TEST(FiguresTest, ALevelIsShownWhereTheWindowAloneIsWithheld) {
  score::v1::Score score = AScoreWithLevels();
  score.set_state(score::v1::FIGURE_STATE_WITHHELD);
  score.clear_points();
  score.clear_percent();
  auto& category = *score.mutable_categories(0);
  category.set_state(score::v1::FIGURE_STATE_WITHHELD);
  category.set_state_reason("Too few.");
  category.set_level_from_windows(5);
  category.clear_points();
  std::string text = RenderText(FiguresOf(score, false), TextStyle());
  EXPECT_THAT(TextLine(text, "Adoption score"),
              AllOf(HasSubstr("75.0 ± 2.0 %"), HasSubstr("this window alone withheld")));
  EXPECT_THAT(TextLine(text, category.display_name()),
              AllOf(HasSubstr("61.5 ± 3.5"), HasSubstr("this window alone withheld: Too few.")));
  const std::string csv = RenderCsv(FiguresOf(score, false));
  EXPECT_EQ(CsvField(csv, "total", "points"), "150.0000");
  EXPECT_EQ(CsvField(csv, "total", "points_alone"), "");
  EXPECT_EQ(CsvField(csv, "communication", "points"), "61.5000");
  EXPECT_EQ(CsvField(csv, "communication", "points_alone"), "");
  category.clear_level();
  text = RenderText(FiguresOf(score, false), TextStyle());
  EXPECT_THAT(text, HasSubstr("shown from record 5 of a series on"));
}

// Mutations: "withheld" for whatever state; no reason beside a window alone; a total that does not
// say what holds it back.
TEST(FiguresTest, SaysWhyAWindowAloneIsNotShown) {
  score::v1::Score score = AScoreWithLevels();
  score.set_state(score::v1::FIGURE_STATE_INCOMPLETE);
  auto& category = *score.mutable_categories(0);
  category.set_state(score::v1::FIGURE_STATE_INCOMPLETE);
  category.set_state_reason("Something was lost.");
  category.set_state_reason_code(score::v1::STATE_REASON_INCOMPLETE);
  const Figures figures = FiguresOf(score, false);
  const std::string text = Unwrapped(RenderText(figures, TextStyle()));
  EXPECT_THAT(text, HasSubstr("this window alone incomplete: a category in it is, too"));
  EXPECT_THAT(text, HasSubstr("this window alone incomplete: something was lost while it was"));
  EXPECT_THAT(RenderMarkdown(figures), HasSubstr("incomplete: something was lost while it was"));
  const std::string csv = RenderCsv(figures);
  EXPECT_EQ(CsvField(csv, "communication", "state"), "measured");
  EXPECT_EQ(CsvField(csv, "communication", "state_alone"), "incomplete");
  EXPECT_EQ(CsvField(csv, "communication", "reason_alone"), "Something was lost.");
  EXPECT_EQ(CsvField(csv, "teamwork", "state_alone"), "");
}

// Mutation: the notice of made-up activity below its banner, which says the same.
TEST(FiguresTest, SaysOnceThatActivityWasMadeUp) {
  score::v1::Score score = AScore();
  score.set_generated_data(true);
  score.set_notice(absl::StrCat("The activity was made up: nobody did any of this. ", kWhatItIs));
  const std::string text = Unwrapped(RenderText(FiguresOf(score, true), TextStyle()));
  EXPECT_EQ(Times(text, "nobody did any of this"), 1);
  EXPECT_THAT(text, AllOf(HasSubstr(kGenerated), HasSubstr(kWhatItIs)));
}

TEST(FiguresTest, HistoryRunsFromTheOldest) {
  score::v1::ListScoresResponse response;
  *response.add_scores() = AScore();
  *response.add_scores() = AScore();
  response.mutable_scores(1)->set_end_day("2026-11-15");
  response.mutable_scores(1)->set_state(score::v1::FIGURE_STATE_WITHHELD);
  const Figures short_figures = HistoryFigures(response, false);
  std::vector<std::string> names;
  for (const FigureRow& row : short_figures.sections[0].rows) names.push_back(row.name);
  EXPECT_THAT(names, ElementsAre("2026-11-15", "2026-11-22"));
  EXPECT_THAT(TextLine(RenderText(short_figures, TextStyle()), "2026-11-15"),
              HasSubstr("withheld"));
  EXPECT_EQ(HistoryFigures(response, true).sections[0].rows.size(), 2 * 4U);
}

// Mutations: a line for each; windows of different reasons together; in CSV, too.
TEST(FiguresTest, HistorySaysOnceWhyWindowsThatFollowEachOtherHaveNoTotal) {
  score::v1::ListScoresResponse response;
  for (const char* day : {"2026-11-22", "2026-11-15", "2026-11-08", "2026-11-01"}) {
    score::v1::Score& score = *response.add_scores();
    score = AScore();
    score.set_end_day(day);
    if (response.scores_size() == 1) continue;
    score.set_state(score::v1::FIGURE_STATE_WITHHELD);
    score.clear_change();
    score.add_missing_categories(response.scores_size() == 2 ? "teamwork" : "communication");
  }
  const Figures figures = HistoryFigures(response, false);
  std::vector<std::string> names;
  for (const FigureRow& row : figures.sections[0].rows) names.push_back(row.name);
  EXPECT_THAT(names, ElementsAre("2026-11-01 to 2026-11-08", "2026-11-15", "2026-11-22"));
  EXPECT_EQ(HistoryFigures(response, true).sections[0].rows.size(), 4 * 4U);
}

// Mutation: changes in points beside scores in percent.
TEST(FiguresTest, HistoryHasItsChangesInTheUnitOfItsScores) {
  score::v1::ListScoresResponse response;
  *response.add_scores() = AScore();
  const std::string text = RenderText(HistoryFigures(response, false), TextStyle());
  EXPECT_THAT(
      TextLine(text, "2026-11-22"),
      AllOf(HasSubstr("70.1 ± 4.2 %"), HasSubstr("+6.2 ± 3.2 percentage points, more than noise"),
            Not(HasSubstr("since"))));
  EXPECT_THAT(text, Not(HasSubstr("not simply the difference")));
  const std::string csv = RenderCsv(HistoryFigures(response, true));
  EXPECT_EQ(CsvField(csv, "total", "change_points"), "12.5000");
  EXPECT_EQ(CsvField(csv, "total", "change_percent"), "6.2500");
}

TEST(FiguresTest, RecommendationsNameTheMeasure) {
  const auto response = FromText<score::v1::ListRecommendationsResponse>(R"pb(
    recommendations {
      action: "give_space"
      title: "Give space"
      text: "Make a site."
      measure: "reach"
      value { value: 51.5 margin: 5.25 }
    }
  )pb");
  const std::string text = RenderText(FiguresOf(response, AScore()), TextStyle());
  EXPECT_THAT(TextLine(text, "Give space"), AllOf(HasSubstr("51.5 ± 5.2 %"), HasSubstr("Reach")));
  EXPECT_THAT(text, HasSubstr("The share is of everyone."));
  EXPECT_THAT(text, HasSubstr("Make a site."));
}

TEST(FiguresTest, BenchmarksStandBesideTheOwnFigures) {
  auto response = FromText<score::v1::GetBenchmarkResponse>(R"pb(
    cohort: "500 to 999 people"
    organizations: 15
    mean_percent: 61
    categories { category: "teamwork" mean_points: 52 }
  )pb");
  const std::string csv = RenderCsv(FiguresOf(response, AScore()));
  EXPECT_THAT(csv, HasSubstr(",52.0000,,100,"));
  EXPECT_THAT(RenderText(FiguresOf(response, AScore()), TextStyle()), HasSubstr("61 %"));
  // Peers have no levels. Mutation: what is said of a level stands beside the window alone.
  const std::string alone = RenderCsv(FiguresOf(response, AScoreWithLevels()));
  EXPECT_EQ(CsvField(alone, "total", "percent"), "70.1250");
  EXPECT_EQ(CsvField(alone, "total", "windows"), "1");
  EXPECT_EQ(CsvField(alone, "total", "holding_since_day"), "");
  // Mutation: a window alone that is not shown loses its reason beside its peers.
  score::v1::Score withheld = AScoreWithLevels();
  withheld.mutable_categories(1)->mutable_level()->mutable_points()->set_value(40);
  withheld.mutable_categories(1)->set_state(score::v1::FIGURE_STATE_WITHHELD);
  withheld.mutable_categories(1)->set_state_reason("Too few.");
  const std::string beside = RenderCsv(FiguresOf(response, withheld));
  EXPECT_EQ(CsvField(beside, "teamwork", "state"), "withheld");
  EXPECT_EQ(CsvField(beside, "teamwork", "reason"), "Too few.");
  EXPECT_EQ(CsvField(beside, "teamwork", "points"), "");
  response.clear_cohort();
  EXPECT_THAT(RenderText(FiguresOf(response, AScore()), TextStyle()),
              HasSubstr("fewer than 10 organisations"));
}

}  // namespace
}  // namespace tutti
