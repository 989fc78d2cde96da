#include "services/cli/report/html_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "services/cli/report/figure_words.h"
#include "services/cli/report/html_charts.h"
#include "services/cli/report/html_text.h"
#include "tests/unit/services/cli/report/report_fixture.h"

namespace tutti {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kHostile[] =
    "\"'><script>alert(1)</script><img src=x onerror=y>&amp;\x1b[2J\u009b\u202e";

// Sets every text of a message, and those of messages in it, to `text`; adds one entry
// to each empty list.
void Poison(const std::string& text, google::protobuf::Message& message) {
  const google::protobuf::Descriptor& descriptor = *message.GetDescriptor();
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const google::protobuf::FieldDescriptor* const field = descriptor.field(i);
    using Kind = google::protobuf::FieldDescriptor;
    if (field->cpp_type() == Kind::CPPTYPE_STRING) {
      if (field->is_repeated()) {
        reflection.ClearField(&message, field);
        reflection.AddString(&message, field, text);
      } else {
        reflection.SetString(&message, field, text);
      }
    } else if (field->cpp_type() == Kind::CPPTYPE_MESSAGE) {
      if (!field->is_repeated()) {
        Poison(text, *reflection.MutableMessage(&message, field));
        continue;
      }
      if (reflection.FieldSize(message, field) == 0) reflection.AddMessage(&message, field);
      for (int j = 0; j < reflection.FieldSize(message, field); ++j) {
        Poison(text, *reflection.MutableRepeatedMessage(&message, field, j));
      }
    }
  }
}

PageContent AContent() {
  PageContent content;
  content.display_name = "Acme";
  content.score = FromText<score::v1::Score>(kScore);
  content.history = {content.score, content.score};
  content.history[1].set_end_day("2026-11-15");
  content.generated_at = "2026-11-23 21:30 UTC";
  content.version = "1";
  return content;
}

TEST(HtmlPageTest, ShowsFiguresWithMarginsAndReasons) {
  const std::string page = RenderPage(AContent());
  EXPECT_THAT(page, HasSubstr("<data value=\"70.1250\">70.1&nbsp;±&nbsp;4.2&nbsp;%</data>"));
  EXPECT_THAT(page, HasSubstr("<strong>withheld</strong>: With 600 people"));
  EXPECT_THAT(page, HasSubstr("at least 95.0&nbsp;±&nbsp;2.0 of 100"));
  EXPECT_THAT(page, HasSubstr("+12.5 ± 6.5 points, more than noise"));
  EXPECT_THAT(page, HasSubstr("2026-11-23 21:30 UTC"));
  EXPECT_THAT(page, Not(HasSubstr("GENERATED DATA")));
}

TEST(HtmlPageTest, SaysThatGeneratedDataIsGenerated) {
  PageContent content = AContent();
  content.score.set_generated_data(true);
  EXPECT_THAT(RenderPage(content), HasSubstr("GENERATED DATA: nobody did any of this."));
}

TEST(HtmlPageTest, HasNoScriptAndForbidsAllLoading) {
  const std::string page = RenderPage(AContent());
  EXPECT_THAT(page, HasSubstr("default-src 'none'; style-src 'sha256-"));
  EXPECT_THAT(page, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("http:")),
                          Not(HasSubstr("https:")), Not(HasSubstr(" style=\""))));
}

TEST(HtmlPageTest, EscapesEveryTextOfEveryAnswer) {
  PageContent content = AContent();
  content.display_name = kHostile;
  Poison(kHostile, content.score);
  content.history = {content.score};
  Poison(kHostile, content.recommendations);
  Poison(kHostile, content.statement);
  content.benchmark.emplace();
  Poison(kHostile, *content.benchmark);
  Poison(kHostile, content.compared);
  for (const auto state : {score::v1::FIGURE_STATE_MEASURED, score::v1::FIGURE_STATE_WITHHELD}) {
    score::v1::Table& table = content.tables.emplace_back();
    table.set_state(state);
    Poison(kHostile, table);
    *table.add_rows() = table.rows(0);
    table.mutable_rows(0)->set_kind(score::v1::ROW_KIND_ANY);
    table.mutable_rows(1)->set_kind(score::v1::ROW_KIND_EXACTLY);
  }
  const std::string page = RenderPage(content);
  EXPECT_THAT(page, HasSubstr("&quot;&#39;&gt;&lt;script&gt;"));
  EXPECT_THAT(page,
              AllOf(Not(HasSubstr("<script")), Not(HasSubstr("<img")), Not(HasSubstr("\"'>"))));
  EXPECT_THAT(page,
              AllOf(Not(HasSubstr("\x1b")), Not(HasSubstr("\u009b")), Not(HasSubstr("\u202e"))));
}

// Mutation: a row that is less certain than promised looks like the others.
TEST(HtmlPageTest, MarksRowsThatAreLessCertainThanPromised) {
  PageContent content = AContent();
  score::v1::Table& table = content.tables.emplace_back();
  table.set_state(score::v1::FIGURE_STATE_MEASURED);
  table.add_rows()->set_kind(score::v1::ROW_KIND_ANY);
  EXPECT_THAT(RenderPage(content), Not(HasSubstr(kWideMargin)));
  table.mutable_rows(0)->set_wide_margin(true);
  EXPECT_THAT(RenderPage(content), HasSubstr(kWideMargin));
}

TEST(HtmlPageTest, LeavesGapsWhereAFigureIsNotShown) {
  score::v1::Estimate estimate;
  estimate.set_value(50);
  estimate.set_margin(5);
  const ChartWords words{"t", "T", "D"};
  std::vector<TrendPoint> points = {{Day(2026, 11, 1), estimate},
                                    {Day(2026, 11, 8), estimate},
                                    {Day(2026, 11, 15), estimate},
                                    {Day(2026, 11, 22), estimate}};
  const auto lines = [&] {
    const std::string svg = TrendFigure(words, points, {0, 100});
    size_t count = 0;
    for (size_t at = svg.find("class=\"line\""); at != std::string::npos;
         at = svg.find("class=\"line\"", at + 1)) {
      ++count;
    }
    return count;
  };
  EXPECT_EQ(lines(), 1U);
  points.insert(points.begin() + 2, TrendPoint{Day(2026, 11, 10), std::nullopt});
  EXPECT_EQ(lines(), 2U);
}

TEST(HtmlPageTest, DrawsTheMarginAsAWhiskerAndTheOpenSideDashed) {
  score::v1::Estimate estimate;
  estimate.set_value(40);
  estimate.set_margin(10);
  const std::string bar = BarSvg(estimate, 80, std::nullopt);
  EXPECT_THAT(bar, HasSubstr("width=\"50\""));
  EXPECT_THAT(bar, HasSubstr("M37.50 5.00L62.50 5.00"));
  EXPECT_THAT(bar, Not(HasSubstr("class=\"open\"")));
  estimate.set_bound(score::v1::BOUND_AT_LEAST);
  EXPECT_THAT(BarSvg(estimate, 80, std::nullopt), HasSubstr("class=\"open\" d=\"M62.50"));
}

TEST(HtmlPageTest, ChoosesARangeThatShowsAllMargins) {
  score::v1::Estimate estimate;
  estimate.set_value(68);
  estimate.set_margin(1);
  const TrendRange range = RangeOf({{Day(2026, 11, 1), estimate}});
  EXPECT_EQ(range.low, 60);
  EXPECT_EQ(range.high, 80);
}

}  // namespace
}  // namespace tutti
