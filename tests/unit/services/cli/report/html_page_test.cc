#include "services/cli/report/html_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "services/cli/report/figure_words.h"
#include "tests/unit/services/cli/report/page_fixture.h"

namespace tutti {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
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

TEST(HtmlPageTest, ShowsFiguresWithMarginsAndReasons) {
  const std::string page = RenderPage(AContent());
  EXPECT_THAT(page, HasSubstr("<data value=\"70.1250\">70.1&nbsp;±&nbsp;4.2&nbsp;%</data>"));
  EXPECT_THAT(
      page,
      HasSubstr("<strong><bdi>Network</bdi>: withheld</strong>. <span class=\"fine\">With 600"));
  EXPECT_THAT(page, HasSubstr("<data value=\"93.0000\">at&nbsp;least&nbsp;93.0 of 100</data>"));
  EXPECT_THAT(page, HasSubstr("+6.2&nbsp;±&nbsp;3.2 percentage points, more than noise"));
  EXPECT_THAT(page, HasSubstr("-1.0&nbsp;±&nbsp;3.0 points, within noise"));
  EXPECT_THAT(page, HasSubstr("<time>2026-11-23</time> 21:30 UTC"));
  EXPECT_THAT(page, Not(HasSubstr("GENERATED DATA")));
}

TEST(HtmlPageTest, SaysThatGeneratedDataIsGenerated) {
  PageContent content = AContent();
  content.score.set_generated_data(true);
  // Mutation: the notice of made-up activity below the banner, which says the same.
  content.score.set_notice("The activity was made up: nobody did any of this.");
  const std::string page = RenderPage(content);
  EXPECT_THAT(page,
              AllOf(HasSubstr("GENERATED DATA: nobody did any of this."), HasSubstr(kWhatItIs)));
  EXPECT_EQ(Times(page, "nobody did any of this"), 1);
}

// Mutations: a day of an answer, or in a sentence of one, as plain text.
TEST(HtmlPageTest, BreaksNoDayOverLines) {
  PageContent content = AContentWithLevels();
  content.score.mutable_level()->set_holding_since_end_day("2026-08-02");
  content.score.mutable_categories(2)->set_state_reason("Lost on 2026-11-03 and 2026-11-04.");
  content.benchmark.emplace().set_cohort("Others");
  content.benchmark->set_end_day("2026-11-01");
  content.statement.add_declared("Since 2026-10-02, everything.");
  std::string page = RenderPage(content);
  EXPECT_THAT(page, HasSubstr("Lost on <time>2026-11-03</time> and <time>2026-11-04</time>."));
  page = page.substr(page.find("<body>"));
  for (const char* element : {"time", "title", "desc"}) {
    const std::string begin = absl::StrCat("<", element);
    const std::string end = absl::StrCat("</", element, ">");
    for (size_t at = page.find(begin); at != std::string::npos; at = page.find(begin, at)) {
      page.erase(at, page.find(end, at) - at + end.size());
    }
  }
  EXPECT_THAT(page, Not(ContainsRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}")));
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
  Poison(kHostile, content.words);
  Poison(kHostile, content.catalog);
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

TEST(HtmlPageTest, SaysThatThereIsNoTrendWhereNothingIsShown) {
  PageContent content = AContent();
  content.score.set_state(score::v1::FIGURE_STATE_WITHHELD);
  for (auto& category : *content.score.mutable_categories()) {
    category.set_state(score::v1::FIGURE_STATE_WITHHELD);
    category.set_state_reason("Too few.");
  }
  content.history = {content.score};
  const std::string page = RenderPage(content);
  EXPECT_THAT(page, HasSubstr("No figure is shown in this time"));
  EXPECT_THAT(page, AllOf(HasSubstr("3 categories withheld"), Not(HasSubstr("class=\"trend"))));
}

score::v1::MeasureValue AbsentMeasure(const std::string& id, score::v1::FigureState state,
                                      score::v1::StateReason code, const std::string& reason) {
  score::v1::MeasureValue measure;
  measure.set_measure(id);
  measure.set_display_name(absl::StrCat("Name of ", id));
  measure.set_state(state);
  measure.set_state_reason_code(code);
  measure.set_state_reason(reason);
  return measure;
}

// Mutations: a reason for each of them; a headcount that is reached; sources by their ids alone.
TEST(HtmlPageTest, SaysOnceWhyFiguresAreNotShown) {
  PageContent content = AContent();
  for (const char* id : {"a", "b", "c"}) {
    *content.score.add_measures() =
        AbsentMeasure(id, score::v1::FIGURE_STATE_WITHHELD, score::v1::STATE_REASON_MARGIN_TOO_WIDE,
                      "Its margin would be too wide.");
  }
  for (const char* id : {"d", "e"}) {
    *content.score.add_measures() =
        AbsentMeasure(id, score::v1::FIGURE_STATE_NOT_MEASURED, score::v1::STATE_REASON_NO_SOURCE,
                      "No connected source gives it. What can: usage.");
    score::v1::MeasureWords& words = *content.words.add_measures();
    words.set_measure(id);
    words.add_sources("usage");
  }
  catalog::v1::Source& source = *content.catalog.add_sources();
  source.set_id("usage");
  source.set_display_name("The usage report");
  std::string page = RenderPage(content);
  EXPECT_THAT(page, HasSubstr("<strong>3 measures withheld at this size</strong>. <span"));
  EXPECT_THAT(page, HasSubstr("<strong>2 measures not measured</strong>. No connected source gives "
                              "them: <bdi>The usage report (usage)</bdi> would."));
  // Mutation: a source that is asked for in vain.
  content.statement.add_figure_thresholds()->set_measure("d");
  content.statement.mutable_figure_thresholds(0)->set_headcount(700);
  content.statement.mutable_figure_thresholds(0)->set_people(600);
  EXPECT_THAT(RenderPage(content), HasSubstr("would; some shown from about 700 people."));
  // Mutation: a number of the entitled is compared with everybody's.
  content.statement.mutable_figure_thresholds(0)->set_headcount(111);
  content.statement.mutable_figure_thresholds(0)->set_people(90);
  content.statement.mutable_figure_thresholds(0)->set_entitled_product("assistant");
  EXPECT_THAT(RenderPage(content),
              HasSubstr("would; some shown from about 120 people entitled to assistant."));
  EXPECT_EQ(Times(page, "too wide."), 1);
  EXPECT_EQ(Times(page, "What can"), 0);
  const auto shown_from = [&](int64_t a, int64_t b, int64_t c) {
    content.statement.clear_figure_thresholds();
    for (const auto& [measure, headcount] :
         {std::pair("a", a), std::pair("b", b), std::pair("c", c)}) {
      score::v1::FigureThreshold& threshold = *content.statement.add_figure_thresholds();
      threshold.set_measure(measure);
      threshold.set_headcount(headcount);
      threshold.set_people(600);
    }
    return RenderPage(content);
  };
  EXPECT_THAT(shown_from(641, 642, 650),
              HasSubstr("at this size</strong>: shown from about 650 people."));
  EXPECT_THAT(shown_from(620, 641, 1230),
              HasSubstr(": shown from about 620 people, all of them from about 1300 people."));
  page = shown_from(500, 641, 1230);  // 600 people are there
  EXPECT_THAT(page, HasSubstr("at this size</strong>: some shown from about 650 people."));
  EXPECT_THAT(page, AllOf(HasSubstr("<bdi>Name of c</bdi> <span class=\"fine\">from 1230</span>"),
                          Not(HasSubstr("<span class=\"fine\">from 500</span>"))));
}

// Mutations: a reason for each kind of figures; kinds in one list.
TEST(HtmlPageTest, SaysAReasonOnceForMeasuresAndBreakdowns) {
  PageContent content = AContent();
  for (const char* id : {"a", "b"}) {
    *content.score.add_measures() =
        AbsentMeasure(id, score::v1::FIGURE_STATE_WITHHELD, score::v1::STATE_REASON_MARGIN_TOO_WIDE,
                      "Its margin would be too wide.");
  }
  score::v1::Table& table = content.tables.emplace_back();
  table.set_display_name("Calls");
  table.set_state(score::v1::FIGURE_STATE_WITHHELD);
  table.set_state_reason_code(score::v1::STATE_REASON_MARGIN_TOO_WIDE);
  table.set_state_reason("Its margin would be too wide.");
  const std::string page = RenderPage(content);
  EXPECT_THAT(page, AllOf(HasSubstr("<strong>2 measures and 1 breakdown withheld at this size"),
                          HasSubstr("1 breakdown</p>\n<ul>\n<li><bdi>Calls</bdi></li>")));
  EXPECT_EQ(Times(page, "too wide."), 1);
}

// Mutation: the same advice again and again.
TEST(HtmlPageTest, SaysOnceWhatWouldRaiseMeasures) {
  PageContent content = AContent();
  score::v1::MeasureValue& other = *content.score.add_measures();
  other = content.score.measures(0);
  other.set_measure("more");
  other.set_display_name("More");
  const std::string page = RenderPage(content);
  EXPECT_THAT(page, HasSubstr("<b><bdi>Reach</bdi>, <bdi>More</bdi>:</b> A site for every team."));
  EXPECT_EQ(Times(page, "A site for"), 1);
}

// Mutations: a share without what it is of, at a measure, in a breakdown or beside an action.
TEST(HtmlPageTest, SaysWhatEachShareIsOf) {
  PageContent content = AContent();
  EXPECT_THAT(RenderPage(content), AllOf(HasSubstr("<p class=\"fine\">Shares of everyone</p>"),
                                         HasSubstr("<p>Counts people who did.</p>")));
  score::v1::MeasureValue& other = *content.score.add_measures();
  other = content.score.measures(0);
  other.set_measure("licensed");
  other.set_denominator_words("everyone entitled");
  score::v1::Table& table = content.tables.emplace_back();
  table.set_state(score::v1::FIGURE_STATE_MEASURED);
  table.set_subjects("people");
  table.set_share_words("the headcount");
  table.add_rows()->set_kind(score::v1::ROW_KIND_ANY);
  content.tables.push_back(table);
  content.tables.back().set_share_words("people in this table");
  score::v1::Recommendation& item = *content.recommendations.add_recommendations();
  item.set_measure("licensed");
  const std::string page = RenderPage(content);
  EXPECT_THAT(page, AllOf(HasSubstr("<p>Counts people who did, of everyone.</p>"),
                          HasSubstr("<p>Counts people who did, of everyone entitled.</p>"),
                          Not(HasSubstr("Shares of everyone"))));
  EXPECT_THAT(page, AllOf(HasSubstr("Numbers are of people; shares are of the headcount</p>"),
                          HasSubstr("shares are of people in this table</p>"),
                          HasSubstr("</data> of everyone entitled</p>")));
}

// Mutations: "withheld" alone; for whatever state; a reason that is lost beside peers.
TEST(HtmlPageTest, SaysWhyAWindowAloneIsNotShown) {
  PageContent content = AContentWithLevels();
  score::v1::CategoryScore& category = *content.score.mutable_categories(1);
  category.set_state(score::v1::FIGURE_STATE_WITHHELD);
  category.set_state_reason_code(score::v1::STATE_REASON_MARGIN_TOO_WIDE);
  content.score.set_state(score::v1::FIGURE_STATE_INCOMPLETE);
  content.score.add_missing_categories("teamwork");
  content.compared = content.score;
  content.benchmark.emplace().set_cohort("Others");
  content.benchmark->add_categories()->set_category("teamwork");
  const std::string page = RenderPage(content);
  EXPECT_THAT(page,
              HasSubstr("<dt>This window alone</dt><dd>withheld: too uncertain at this size"));
  EXPECT_THAT(page, HasSubstr("<dt>This window alone</dt><dd>incomplete: It needs every category "
                              "that is measured; not shown: Teamwork."));
  // Mutation: peers beside the reason that there is no level either.
  EXPECT_THAT(page, HasSubstr("Adoption score</th><td>incomplete: It needs every category that is "
                              "measured; not shown: Teamwork.</td>"));
  EXPECT_THAT(page, HasSubstr("Teamwork</th><td>withheld: too uncertain at this size</td>"));
}

// Mutations: a level beside itself; a mark of a window that contradicts what it is.
TEST(HtmlPageTest, SaysOfALevelOfTheWindowAloneNoMoreThanItIs) {
  PageContent content = AContentWithLevels();
  content.score.mutable_level()->set_may_be_changing(true);
  EXPECT_THAT(
      RenderPage(content),
      AllOf(HasSubstr("<dt>This window alone</dt>"),
            HasSubstr("<dt>May be changing</dt><dd>This window does not fit those before")));
  content.score.mutable_level()->set_of_window_alone(true);
  content.score.mutable_categories(1)->mutable_level()->set_of_window_alone(true);
  EXPECT_THAT(RenderPage(content), AllOf(Not(HasSubstr("<dt>This window alone</dt>")),
                                         HasSubstr("<dt>May be changing</dt>")));
}

// The table has every dot of the charts. Mutations: a category without its windows alone; one
// twice.
TEST(HtmlPageTest, HasWhatAWindowAloneSaysOfACategoryInTheTable) {
  PageContent content = AContentWithLevels();
  const std::string alone = "<br><span class=\"fine\">alone <data value=\"45.2500\">";
  EXPECT_EQ(Times(RenderPage(content), alone), 5);
  score::v1::CategoryScore& category = *content.history[0].mutable_categories(1);
  category.set_state(score::v1::FIGURE_STATE_WITHHELD);
  EXPECT_THAT(RenderPage(content), HasSubstr("alone withheld</span>"));
  category.set_state(score::v1::FIGURE_STATE_MEASURED);
  category.mutable_level()->set_of_window_alone(true);
  EXPECT_EQ(Times(RenderPage(content), alone), 4);
}

// Mutation: the distance of an action that is for figures that are too high.
TEST(HtmlPageTest, ExplainsTheOrderOfRecommendations) {
  PageContent content = AContent();
  score::v1::Recommendation& item = *content.recommendations.add_recommendations();
  item.set_action("give_space");
  item.set_title("Give space");
  item.set_measure("reach");
  *item.mutable_value() = AnEstimate(51.5, 5.25);
  std::string page = RenderPage(content);
  EXPECT_THAT(page,
              AllOf(HasSubstr("Most room to improve: <a href=\"#category-teamwork\"><bdi>Teamwork"),
                    HasSubstr("First comes what is furthest"), Not(HasSubstr("points below"))));
  catalog::v1::RecommendedAction& action = *content.catalog.add_actions();
  action.set_id("give_space");
  action.set_below_permille(600);
  EXPECT_THAT(RenderPage(content), HasSubstr(">8 percentage points below 60&nbsp;%<"));
  // Mutation: the distance of the estimate beside a bound.
  content.recommendations.mutable_recommendations(0)->mutable_value()->set_bound(
      score::v1::BOUND_AT_MOST);
  EXPECT_THAT(RenderPage(content), HasSubstr(">At least 3 percentage points below 60&nbsp;%<"));
  content.recommendations.mutable_recommendations(0)->mutable_value()->clear_bound();
  action.set_above_permille(400);
  EXPECT_THAT(RenderPage(content), HasSubstr(">12 percentage points above 40&nbsp;%<"));
}

// Mutation: the claim first, which is for people who know epsilon.
TEST(HtmlPageTest, BeginsTheStatementForEverybody) {
  PageContent content = AContent();
  content.statement.set_in_short("No figure shows one person.");
  content.statement.set_claim("It is rho-zCDP.");
  const std::string page = RenderPage(content);
  ASSERT_THAT(page, AllOf(HasSubstr("No figure shows"), HasSubstr("rho-zCDP")));
  EXPECT_LT(page.find("No figure shows"), page.find("rho-zCDP"));
}

}  // namespace
}  // namespace tutti
