#include "services/cli/report/figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "services/cli/report/absent_groups.h"
#include "services/cli/report/figure_formats.h"
#include "services/cli/report/figure_words.h"
#include "tests/unit/services/cli/report/report_fixture.h"

namespace tutti {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

score::v1::Score AScore() { return FromText<score::v1::Score>(kScore); }

// A line with those that go on with it, which are indented.
std::string TextLine(const std::string& text, const std::string& beginning) {
  std::string found;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!found.empty() && !absl::StartsWith(line, "      ")) break;
    if (!found.empty()) absl::StrAppend(&found, " ", absl::StripAsciiWhitespace(line));
    if (found.empty() && absl::StartsWith(line, "  " + beginning)) found = std::string(line);
  }
  return found;
}

// The fields of each record, by RFC 4180.
std::vector<std::vector<std::string>> ParseCsv(const std::string& text) {
  std::vector<std::vector<std::string>> records(1, std::vector<std::string>(1));
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    std::string& field = records.back().back();
    if (quoted && text.compare(i, 2, "\"\"") == 0) {
      field += '"';
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && text[i] == ',') {
      records.back().emplace_back();
    } else if (!quoted && text.compare(i, 2, "\r\n") == 0) {
      records.emplace_back(1);
      ++i;
    } else {
      field += text[i];
    }
  }
  records.pop_back();
  return records;
}

// The field of a column in the record of a figure.
std::string CsvField(const std::string& csv, const std::string& id, const std::string& column) {
  const auto records = ParseCsv(csv);
  for (const auto& record : records) {
    EXPECT_EQ(record.size(), records[0].size());
    if (record[4] != id) continue;
    for (size_t i = 0; i < record.size(); ++i) {
      if (records[0][i] == column) return record[i];
    }
  }
  return "no such figure or column";
}

TEST(FiguresTest, WritesFiguresWithMarginsAndBounds) {
  EXPECT_EQ(FormatEstimate(AScore().percent(), 1), "70.1 ± 4.2");
  // Mutations: a bound beside its margin; a bound that leaves its margin out.
  EXPECT_EQ(FormatEstimate(AScore().categories(0).points(), 1), "at least 93.0");
  score::v1::Estimate bounded;
  bounded.set_value(3);
  bounded.set_margin(2);
  bounded.set_bound(score::v1::BOUND_AT_MOST);
  EXPECT_EQ(FormatEstimate(bounded, 0), "at most 5");
}

TEST(FiguresTest, SaysWhetherAChangeIsMoreThanNoise) {
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

TEST(FiguresTest, TextIsColouredOnlyWhenTold) {
  TextStyle style;
  style.color = true;
  EXPECT_THAT(RenderText(FiguresOf(AScore(), false), style), HasSubstr("\x1b[1m"));
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
  EXPECT_EQ(CsvField(csv, "network", "reason"),
            "With 600 people, its margin would be above 15 points.");
  EXPECT_EQ(CsvField(csv, "reach", "percent"), "51.5000");
  EXPECT_EQ(CsvField(csv, "reach", "denominator"), "everyone");
}

// A score whose total and first category have levels.
score::v1::Score AScoreWithLevels() {
  score::v1::Score score = AScore();
  score::v1::Level& total = *score.mutable_level();
  total.mutable_points()->set_value(150);
  total.mutable_points()->set_margin(4);
  total.mutable_percent()->set_value(75);
  total.mutable_percent()->set_margin(2);
  total.set_windows(17);
  total.set_holding_since_end_day("2026-08-02");
  score::v1::Level& category = *score.mutable_categories(0)->mutable_level();
  category.mutable_points()->set_value(61.5);
  category.mutable_points()->set_margin(3.5);
  category.set_may_be_changing(true);
  category.set_windows(17);
  return score;
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

// Joins lines that were broken to fit.
std::string Unwrapped(const std::string& text) {
  return absl::StrJoin(absl::StrSplit(text, absl::ByAnyChar(" \n"), absl::SkipEmpty()), " ");
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
  EXPECT_THAT(text, HasSubstr("this window alone incomplete: so is a category in it"));
  EXPECT_THAT(text, HasSubstr("this window alone incomplete: something was lost while it was"));
  EXPECT_THAT(RenderMarkdown(figures), HasSubstr("incomplete: something was lost while it was"));
  const std::string csv = RenderCsv(figures);
  EXPECT_EQ(CsvField(csv, "communication", "state"), "measured");
  EXPECT_EQ(CsvField(csv, "communication", "state_alone"), "incomplete");
  EXPECT_EQ(CsvField(csv, "communication", "reason_alone"), "Something was lost.");
  EXPECT_EQ(CsvField(csv, "teamwork", "state_alone"), "");
}

// What a total lacks is what the score says that it lacks. Mutations: categories that do not count
// in it; those that lack a level beside the window alone; the reason of one kind for the other.
TEST(FiguresTest, NamesTheCategoriesThatATotalLacks) {
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
TEST(FiguresTest, SaysWhichFiguresAreLevels) {
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

// Mutation: what is true of the newest score is said of all.
TEST(FiguresTest, SaysOfAHistoryWhichScoresAreLevels) {
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
TEST(FiguresTest, SaysSizesWithTheCadenceThatEachHas) {
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
TEST(FiguresTest, SaysThatALevelHoldsOnlyOfEarlierWindows) {
  score::v1::Score score = AScoreWithLevels();
  EXPECT_THAT(Unwrapped(RenderText(FiguresOf(score, false), TextStyle())),
              HasSubstr("has held its level since the 28 days to 2026-08-02"));
  score.mutable_level()->set_holding_since_end_day(score.end_day());
  EXPECT_THAT(RenderText(FiguresOf(score, false), TextStyle()), Not(HasSubstr("has held")));
}

// Mutations: the sentence left out; levels of categories whose total has none are not explained.
TEST(FiguresTest, SaysOfChangesOfLevelsWhatTheyCompare) {
  score::v1::Score score = AScoreWithLevels();
  score::v1::ListScoresResponse history;
  *history.add_scores() = score;
  EXPECT_THAT(Unwrapped(RenderText(HistoryFigures(history, false), TextStyle())),
              HasSubstr(kChangeOfLevels));
  score.clear_level();
  const std::string text = Unwrapped(RenderText(FiguresOf(score, false), TextStyle()));
  EXPECT_THAT(text, AllOf(HasSubstr(kChangeOfLevels), HasSubstr("what 17 windows of 28 days")));
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

// Mutations: a reason, a change or a name that makes its line as long as it likes.
TEST(FiguresTest, NoLineOfTextIsWiderThanATerminal) {
  score::v1::Score score = AScoreWithLevels();
  score.mutable_categories(1)->set_display_name(
      "A category whose name goes on and on, so that nothing else has a place beside it on a line");
  score.mutable_categories(2)->set_state_reason(
      "With 600 people its margin would be above 15 points, whatever they did, and much else.");
  score::v1::ListScoresResponse history;
  *history.add_scores() = score;
  for (const Figures& figures : {FiguresOf(score, true), HistoryFigures(history, false)}) {
    const std::string text = RenderText(figures, TextStyle());
    for (const absl::string_view line : absl::StrSplit(text, '\n')) {
      EXPECT_LE(Columns(std::string(line)), 100U) << line;
    }
  }
  const std::string text = Unwrapped(RenderText(FiguresOf(score, true), TextStyle()));
  EXPECT_THAT(text, AllOf(HasSubstr("and much else."), HasSubstr("45.2 ± 8.2"),
                          HasSubstr("this window alone 70.1 ± 4.2 %")));
}

// A name of somebody's choosing in every place that shows one.
score::v1::Score ScoreNamed(const std::string& name) {
  score::v1::Score score = AScore();
  score.set_notice(name);
  score.mutable_change()->set_since_end_day(name);
  score.mutable_categories(1)->set_category(name);
  score.mutable_categories(1)->set_display_name(name);
  score.mutable_categories(2)->set_state_reason(name);
  score::v1::MeasureValue& measure = *score.mutable_measures(0);
  measure.set_display_name(name);
  measure.set_sentence(name);
  measure.set_numerator_words(name);
  measure.set_denominator_words(name);
  measure.set_raise_words(name);
  return score;
}

// Mutation: any of the three that shows text as it came.
TEST(FiguresTest, NoFormatLetsATextActOnWhoReadsIt) {
  const Figures figures = FiguresOf(ScoreNamed("a\x1b[31mb\u009b2Jc\u202ed\x7f\r\ne\xff"), true);
  for (const std::string& shown :
       {RenderText(figures, TextStyle()), RenderMarkdown(figures), RenderCsv(figures)}) {
    for (const char* active : {"\x1b", "\u009b", "\u202e", "\x7f", "\xff"}) {
      EXPECT_THAT(shown, Not(HasSubstr(active)));
    }
    EXPECT_THAT(shown, HasSubstr("a\uFFFD"));
    for (const absl::string_view line : absl::StrSplit(shown, '\n')) {
      EXPECT_FALSE(absl::StartsWith(line, "e")) << "a text makes lines of its own";
    }
  }
}

TEST(FiguresTest, CsvHasNoTextThatASpreadsheetRuns) {
  for (const char* formula : {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", "－1",
                              "=HYPERLINK(\"http://x\",\"y\")"}) {
    const auto records = ParseCsv(RenderCsv(FiguresOf(ScoreNamed(formula), true)));
    for (size_t i = 1; i < records.size(); ++i) {
      for (size_t column = 0; column < records[0].size(); ++column) {
        const std::string& field = records[i][column];
        double number = 0;
        if (absl::SimpleAtod(field, &number) && absl::StrContains(records[0][column], "change_")) {
          continue;
        }
        const absl::string_view begins = absl::StripLeadingAsciiWhitespace(field);
        EXPECT_TRUE(begins.empty() ||
                    absl::string_view("=+-@\xEF").find(begins[0]) == absl::string_view::npos)
            << records[0][column] << ": " << field;
      }
    }
  }
  // A number below zero stays one.
  EXPECT_EQ(CsvField(RenderCsv(FiguresOf(AScore(), true)), "communication", "change_points"),
            "-1.0000");
  EXPECT_EQ(CsvField(RenderCsv(FiguresOf(ScoreNamed("-x"), true)), "'-x", "name"), "'-x");
}

TEST(FiguresTest, MarkdownMakesTablesAndEscapes) {
  score::v1::Score score = AScore();
  score.mutable_categories(1)->set_display_name("Team|work <b>");
  const std::string text = RenderMarkdown(FiguresOf(score, false));
  EXPECT_THAT(text, HasSubstr("| Team\\|work &lt;b> | 45.2 ± 8.2 |"));
  EXPECT_THAT(text, HasSubstr("| Network | withheld |  | With 600 people"));
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

// Mutations: reasons in the order of the figures; one group for two states with the same reason.
TEST(FiguresTest, GroupsWhatIsNotShownByStateAndReason) {
  using score::v1::FIGURE_STATE_NOT_MEASURED;
  using score::v1::FIGURE_STATE_WITHHELD;
  std::vector<FigureRow> rows;
  for (const auto& [name, state, reason] :
       {std::tuple("a", FIGURE_STATE_NOT_MEASURED, "x"),
        std::tuple("b", FIGURE_STATE_WITHHELD, "y"),
        std::tuple("c", score::v1::FIGURE_STATE_MEASURED, ""),
        std::tuple("d", FIGURE_STATE_WITHHELD, "x"), std::tuple("e", FIGURE_STATE_WITHHELD, "y")}) {
    FigureRow& row = rows.emplace_back();
    row.name = name;
    row.state = state;
    row.reason = reason;
  }
  std::vector<std::string> groups;
  for (const auto& group : GroupAbsent(rows)) {
    std::string& names = groups.emplace_back();
    for (const FigureRow* row : group) names += row->name;
  }
  EXPECT_THAT(groups, ElementsAre("be", "d", "a"));
}

// Mutations: tables in the order of the answer; a reason beside each; bars of their full length.
TEST(FiguresTest, TablesWithFiguresAreListedFirst) {
  score::v1::ListTablesResponse response;
  for (const char* id : {"modes", "places", "calls"}) {
    score::v1::Table& table = *response.add_tables();
    table.set_name(absl::StrCat("organizations/acme/scores/2026-11-22/tables/", id));
    table.set_display_name("A name that is as long as names of tables");
    table.set_subjects("people");
    table.set_share_words("everyone");
    table.set_state(score::v1::FIGURE_STATE_WITHHELD);
    table.set_state_reason("Too wide.");
  }
  score::v1::Table& shown = *response.mutable_tables(2);
  shown.set_state(score::v1::FIGURE_STATE_MEASURED);
  shown.clear_state_reason();
  shown.add_rows()->mutable_share()->set_value(58);
  const std::string text = RenderText(FiguresOf(response), TextStyle());
  ASSERT_THAT(text, AllOf(HasSubstr("calls: "), HasSubstr("modes: ")));
  EXPECT_LT(text.find("calls: "), text.find("modes: "));
  EXPECT_THAT(TextLine(text, "2 withheld"), HasSubstr("2 withheld. Too wide."));
  EXPECT_EQ(Times(text, "Too wide."), 1);
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    EXPECT_LE(Columns(std::string(line)), 100U) << line;
  }
  EXPECT_THAT(TextLine(text, "calls"), HasSubstr("█"));
  EXPECT_THAT(TextLine(text, "Of everyone"), Not(IsEmpty()));
  EXPECT_EQ(CsvField(RenderCsv(FiguresOf(response)), "calls", "denominator"), "everyone");
  EXPECT_EQ(ParseCsv(RenderCsv(FiguresOf(response)))[1][4], "modes");
}

TEST(FiguresTest, TablesHaveSharesAndNumbersOrAReason) {
  auto table = FromText<score::v1::Table>(R"pb(
    name: "organizations/acme/scores/2026-11-22/tables/modes"
    display_name: "Modes"
    subjects: "people"
    state: FIGURE_STATE_MEASURED
    share_words: "everyone"
    rows {
      features: "mail"
      kind: ROW_KIND_EXACTLY
      display_name: "Mail only"
      subjects { value: 60 margin: 26 }
      share { value: 10 margin: 4.4 }
    }
  )pb");
  const std::string csv = RenderCsv(FiguresOf(table));
  EXPECT_EQ(CsvField(csv, "exactly.mail", "subjects"), "60.0000");
  EXPECT_EQ(CsvField(csv, "exactly.mail", "percent"), "10.0000");
  EXPECT_EQ(CsvField(csv, "exactly.mail", "end_day"), "2026-11-22");
  EXPECT_THAT(RenderText(FiguresOf(table), TextStyle()), HasSubstr("60 ± 26 people"));
  EXPECT_EQ(CsvField(csv, "exactly.mail", "reason"), "");
  table.mutable_rows(0)->set_wide_margin(true);
  EXPECT_EQ(CsvField(RenderCsv(FiguresOf(table)), "exactly.mail", "reason"), kWideMargin);
  EXPECT_THAT(RenderText(FiguresOf(table), TextStyle()), HasSubstr("Uncertain"));
  EXPECT_THAT(RenderMarkdown(FiguresOf(table)), HasSubstr(kWideMargin));
  score::v1::ListTablesResponse all;
  *all.add_tables() = table;
  EXPECT_EQ(CsvField(RenderCsv(FiguresOf(all)), "modes", "reason"), kWideMargin);
  table.set_state(score::v1::FIGURE_STATE_NOT_MEASURED);
  table.set_state_reason("No source.");
  table.clear_rows();
  EXPECT_EQ(CsvField(RenderCsv(FiguresOf(table)), "modes", "reason"), "No source.");
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
