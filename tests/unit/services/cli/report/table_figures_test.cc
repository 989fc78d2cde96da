#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "services/cli/report/absent_groups.h"
#include "services/cli/report/figure_formats.h"
#include "services/cli/report/figure_words.h"
#include "services/cli/report/figures.h"
#include "services/cli/report/text_layout.h"
#include "tests/unit/services/cli/report/figures_fixture.h"

namespace tutti {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Mutations: reasons in the order of the figures; one group for two states with the same reason.
TEST(TableFiguresTest, GroupsWhatIsNotShownByStateAndReason) {
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
TEST(TableFiguresTest, TablesWithFiguresAreListedFirst) {
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

TEST(TableFiguresTest, TablesHaveSharesAndNumbersOrAReason) {
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

}  // namespace
}  // namespace tutti
