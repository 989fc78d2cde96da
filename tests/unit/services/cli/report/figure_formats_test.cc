#include "services/cli/report/figure_formats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "services/cli/report/figures.h"
#include "services/cli/report/text_layout.h"
#include "tests/unit/services/cli/report/figures_fixture.h"

namespace tutti {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

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

// Mutations: a reason, a change or a name that makes its line as long as it likes.
TEST(FigureFormatsTest, NoLineOfTextIsWiderThanATerminal) {
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

// Mutation: any of the three that shows text as it came.
TEST(FigureFormatsTest, NoFormatLetsATextActOnWhoReadsIt) {
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

TEST(FigureFormatsTest, CsvHasNoTextThatASpreadsheetRuns) {
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

TEST(FigureFormatsTest, MarkdownMakesTablesAndEscapes) {
  score::v1::Score score = AScore();
  score.mutable_categories(1)->set_display_name("Team|work <b>");
  const std::string text = RenderMarkdown(FiguresOf(score, false));
  EXPECT_THAT(text, HasSubstr("| Team\\|work &lt;b> | 45.2 ± 8.2 |"));
  EXPECT_THAT(text, HasSubstr("| Network | withheld |  | With 600 people"));
}

TEST(FigureFormatsTest, TextIsColouredOnlyWhenTold) {
  TextStyle style;
  style.color = true;
  EXPECT_THAT(RenderText(FiguresOf(AScore(), false), style), HasSubstr("\x1b[1m"));
}

}  // namespace
}  // namespace tutti
