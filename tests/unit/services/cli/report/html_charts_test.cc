#include "services/cli/report/html_charts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "tests/unit/services/cli/report/page_fixture.h"

namespace tutti {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// The coordinates of every path of a class, each path as a list of x, y, x, y.
std::vector<std::vector<double>> PathsOf(const std::string& svg, const std::string& style_class) {
  std::vector<std::vector<double>> paths;
  const std::string begin = absl::StrCat("<path class=\"", style_class, "\" d=\"");
  for (size_t at = svg.find(begin); at != std::string::npos; at = svg.find(begin, at + 1)) {
    std::string d = svg.substr(at + begin.size());
    d = absl::StrReplaceAll(d.substr(0, d.find('"')), {{"h0", ""}});
    std::vector<double>& numbers = paths.emplace_back();
    for (const absl::string_view word :
         absl::StrSplit(d, absl::ByAnyChar("MLZ "), absl::SkipEmpty())) {
      EXPECT_TRUE(absl::SimpleAtod(word, &numbers.emplace_back())) << d;
    }
  }
  return paths;
}

// Five windows of a week: the first without a level, the fourth contradicts it.
std::vector<TrendPoint> ATrend() {
  std::vector<TrendPoint> points;
  for (int i = 0; i < 5; ++i) {
    TrendPoint& point = points.emplace_back();
    point.day = Day(2026, 10, 25) + int64_t{7} * i;
    point.alone = AnEstimate(50 + 4 * i, 8);
    if (i > 0) point.level = AnEstimate(50 + i, 3);
  }
  points[3].may_be_changing = true;
  return points;
}

// Mutations: the line through the windows alone; a band as wide as the margin of one window;
// a mark beside its window, or at none.
TEST(HtmlChartsTest, DrawsDotsForWindowsAndALineWithABandForTheLevel) {
  const std::string svg = TrendFigure({"t", "T", "D"}, ATrend(), "");
  EXPECT_THAT(PathsOf(svg, "line"), ElementsAre(ElementsAre(25, 49, 50, 48, 75, 47, 100, 46)));
  EXPECT_THAT(PathsOf(svg, "band"),
              ElementsAre(ElementsAre(25, 46, 50, 45, 75, 44, 100, 43,  // level + margin
                                      100, 49, 75, 50, 50, 51, 25, 52)));
  EXPECT_THAT(PathsOf(svg, "dots"),
              ElementsAre(ElementsAre(0, 50, 25, 46, 50, 42, 75, 38, 100, 34)));
  EXPECT_THAT(PathsOf(svg, "whisker"),
              ElementsAre(ElementsAre(0, 58, 0, 42, 25, 54, 25, 38, 50, 50, 50, 34, 75, 46, 75, 30,
                                      100, 42, 100, 26)));
  EXPECT_THAT(PathsOf(svg, "ring"), ElementsAre(ElementsAre(75, 38)));
  EXPECT_THAT(PathsOf(svg, "jump"), ElementsAre(ElementsAre(75, 0, 75, 100)));
}

// Mutation: a line across a window that has no figure.
TEST(HtmlChartsTest, LeavesGapsWhereAFigureIsNotShown) {
  std::vector<TrendPoint> points = ATrend();
  points[2].alone.reset();
  points[2].level.reset();
  const std::string svg = TrendFigure({"t", "T", "D"}, points, "");
  EXPECT_THAT(PathsOf(svg, "line"), ElementsAre(ElementsAre(25, 49), ElementsAre(75, 47, 100, 46)));
  EXPECT_THAT(PathsOf(svg, "lone-band"), ElementsAre(ElementsAre(25, 52, 25, 46)));
  EXPECT_EQ(PathsOf(svg, "dots")[0].size(), 2 * 4U);
}

// Mutation: marks explained that no chart has.
TEST(HtmlChartsTest, ExplainsTheMarksThatItDraws) {
  std::vector<TrendPoint> points = ATrend();
  EXPECT_THAT(TrendLegend({{}, points}),
              AllOf(HasSubstr("Line: the level"), HasSubstr("Dot: one window"),
                    HasSubstr("Ring: may be changing"), Not(HasSubstr("from the third"))));
  points[3].may_be_changing = false;
  EXPECT_THAT(TrendLegend({points}), Not(HasSubstr("Ring")));
  for (TrendPoint& point : points) point.level.reset();
  EXPECT_THAT(TrendLegend({points}),
              AllOf(Not(HasSubstr("Line:")), HasSubstr("from the third window on")));
}

// Mutation: windows that are said to say together what each says alone.
TEST(HtmlChartsTest, ExplainsALineThatIsOfEachWindowAlone) {
  std::vector<TrendPoint> points = ATrend();
  EXPECT_THAT(TrendLegend({points}), AllOf(HasSubstr("What a window and those before it say"),
                                           HasSubstr("the line follows within some windows")));
  points[3].of_window_alone = true;
  EXPECT_THAT(TrendLegend({points}),
              HasSubstr("or the window alone where those before it are not"));
  for (TrendPoint& point : points) point.of_window_alone = true;
  EXPECT_THAT(TrendLegend({points}), AllOf(HasSubstr("Here it is what each window says alone"),
                                           Not(HasSubstr("say together")),
                                           HasSubstr("This window does not fit those before it."),
                                           Not(HasSubstr("the line follows"))));
}

// What the legend draws beside its words on rings.
std::string RingSwatch(const std::string& legend) {
  const size_t words = legend.find("<b>Ring");
  const size_t begin = legend.rfind("<svg", words);
  return begin == std::string::npos ? "" : legend.substr(begin, words - begin);
}

// Mutations: a mark left out where the window alone is withheld; dots explained that are not drawn.
TEST(HtmlChartsTest, MarksTheLevelWhereEveryWindowAloneIsWithheld) {
  std::vector<TrendPoint> points = ATrend();
  // One ring around a dot: the legend has one, too.
  EXPECT_THAT(RingSwatch(TrendLegend({points})),
              AllOf(HasSubstr("class=\"dots\""), Not(HasSubstr("class=\"line\""))));
  for (TrendPoint& point : points) point.alone.reset();
  const std::string svg = TrendFigure({"t", "T", "D"}, points, "");
  EXPECT_THAT(PathsOf(svg, "dots"), IsEmpty());
  EXPECT_THAT(PathsOf(svg, "ring"), ElementsAre(ElementsAre(75, 47)));
  EXPECT_THAT(PathsOf(svg, "jump"), ElementsAre(ElementsAre(75, 0, 75, 100)));
  const std::string legend = TrendLegend({points});
  EXPECT_THAT(legend, HasSubstr("Ring: may be changing"));
  EXPECT_THAT(legend, Not(HasSubstr("Dot:")));
  // Mutation: a ring around a dot in the legend, where all rings are on lines.
  EXPECT_THAT(RingSwatch(legend),
              AllOf(HasSubstr("class=\"line\""), Not(HasSubstr("class=\"dots\""))));
}

// Mutations: an axis of its own for a chart, or for a report; a window left out of the line.
TEST(HtmlChartsTest, DrawsEveryChartOnOneAxis) {
  const std::string page = RenderPage(AContentWithLevels());
  const auto lines = PathsOf(page, "line");
  ASSERT_EQ(lines.size(), 1 + 1 + 1U) << "the total's, the legend's and teamwork's";
  const auto y = [](double value) { return 100 - value; };
  ASSERT_EQ(lines[0].size(), 2 * 5U);
  EXPECT_NEAR(lines[0][1], y(70), 0.01);
  EXPECT_NEAR(lines[0][9], y(74), 0.01);
  EXPECT_NEAR(lines[2][1], y(40), 0.01);
  const auto bands = PathsOf(page, "band");
  EXPECT_NEAR(bands[0][1], y(72), 0.01);
  EXPECT_NEAR(bands[0].back(), y(68), 0.01);
  EXPECT_THAT(PathsOf(page, "jump")[0], ElementsAre(75, 0, 75, 100));
  EXPECT_THAT(page, HasSubstr("may be changing on 2026-11-15"));
}

TEST(HtmlChartsTest, DrawsTheMarginAsAWhiskerAndTheOpenSideDashed) {
  score::v1::Estimate estimate;
  estimate.set_value(40);
  estimate.set_margin(10);
  const std::string bar = BarSvg(estimate, 80, std::nullopt);
  EXPECT_THAT(bar, HasSubstr("width=\"50\""));
  EXPECT_THAT(bar, HasSubstr("M37.50 5.00L62.50 5.00"));
  EXPECT_THAT(bar, Not(HasSubstr("class=\"open\"")));
  estimate.set_bound(score::v1::BOUND_AT_LEAST);
  // Mutations: a bar up to the estimate; one that shows what may not be there.
  EXPECT_THAT(BarSvg(estimate, 80, std::nullopt),
              AllOf(HasSubstr("class=\"open\" d=\"M37.50 5.00L100.00 5.00"),
                    HasSubstr("class=\"value\" width=\"37.5\"")));
  estimate.set_bound(score::v1::BOUND_AT_MOST);
  EXPECT_THAT(BarSvg(estimate, 80, std::nullopt),
              AllOf(HasSubstr("class=\"open\" d=\"M62.50 5.00L0.00 5.00"),
                    HasSubstr("class=\"value\" width=\"0\"")));
}

}  // namespace
}  // namespace tutti
