// Microsoft's report of when each licensee last used the assistant. All of it is made up.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "common/upload/import_outcome.h"
#include "common/upload/import_summary.h"
#include "tests/unit/common/upload/report_fixture.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

class AssistantReport : public ReportImport {};

constexpr char kCopilot[] =
    "Report Refresh Date,User Principal Name,Last Activity Date,"
    "Microsoft Teams Copilot Last Activity Date,Word Copilot Last Activity Date,"
    "Copilot Chat Last Activity Date,Report Period\n"
    "2026-06-20,amy@acme.example,2026-05-05,2026-05-05,2026-05-04,,7\n"
    "2026-06-20,bob@acme.example,,,,,7\n"
    "2026-06-20,cy@acme.example,2026-05-04,,,,7\n"
    "2026-06-20,dee@acme.example,0001-01-01,,0001-01-01,,7\n";

// Mutation: its licensees become the headcount.
TEST_F(AssistantReport, ReadsWhenTheAssistantWasUsedAndTakesNoHeadcountFromIt) {
  const TenantSummary summary = Imported(kCopilot);
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example assistant.used teams -",
                                             "amy@acme.example assistant.used word - +in_document",
                                             "cy@acme.example assistant.used other -"));
  EXPECT_EQ(activities_.seconds[0] - activities_.seconds[1], 86400);
  EXPECT_EQ(rejected_, 0);
  EXPECT_EQ(summary.Excluded(Exclusion::kNothingDone), 2) << "year 1 is never";
  EXPECT_THAT(summary.licensed, ElementsAre(Pair("assistant", 4)));
  EXPECT_THAT(summary.feeds, ElementsAre("ai_assistance"));
  const absl::Status refused = CheckHeadcount(summary, 0);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("getOffice365ActiveUserDetail"));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("--entitlement assistant=4"));
  // Rows of those who have it alone, cut out of another report.
  EXPECT_FALSE(
      CheckHeadcount(Imported(absl::StrCat(kMailHeader, MailRow("amy@acme.example", "2026-05-04",
                                                                "MICROSOFT 365 COPILOT"))),
                     0)
          .ok());
  const absl::StatusOr<ImportSummary> both =
      Run({kCopilot, absl::StrCat(kMailHeader, MailRow("amy@acme.example", "2026-05-04"))});
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_TRUE(CheckHeadcount(both->tenants.at(0), 0).ok());
}

// Columns of the report's second version. Mutations: a column that is not asked for; an agent
// taken for an application.
TEST_F(AssistantReport, ReadsTheAssistantsOwnAppAndAgents) {
  const TenantSummary summary = Imported(
      "Report Refresh Date,User Principal Name,Last Activity Date,Copilot Chat Last Activity Date,"
      "Outlook Copilot Last Activity Date,Report Period,Prompts submitted for all apps,"
      "Copilot Chat (work) Last Activity Date,Copilot Chat (web) Last Activity Date,"
      "Microsoft 365 Copilot Last Activity Date,Edge Last Activity Date,"
      "Copilot Agent Last Activity Date\n"
      "2026-06-20,amy@acme.example,2026-05-05,2026-05-05,,7,9,2026-05-05,2026-05-04,,,\n"
      "2026-06-20,bob@acme.example,2026-05-05,,2026-05-05,7,9,,,,,2026-05-04\n"
      "2026-06-20,cy@acme.example,2026-05-05,,,7,9,,,2026-05-05,2026-05-04,\n");
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example assistant.used assistant -",
                                             "amy@acme.example assistant.used assistant -",
                                             "amy@acme.example assistant.used assistant -",
                                             "bob@acme.example assistant.used outlook - +in_mail",
                                             "bob@acme.example assistant.used other - +with_agent",
                                             "cy@acme.example assistant.used assistant -",
                                             "cy@acme.example assistant.used assistant -"));
  EXPECT_THAT(summary.licensed, ElementsAre(Pair("assistant", 3)));
  // As Graph's JSON, and as the admin center's page exports it.
  Imported(R"({"value":[{"reportRefreshDate":"2026-06-20","userPrincipalName":"amy@acme.example",)"
           R"("lastActivityDate":"2026-05-05","copilotAgentLastActivityDate":"2026-05-05",)"
           R"("edgeLastActivityDate":"","copilotChatLastActivityDate":"2026-05-05"}]})");
  EXPECT_THAT(activities_.texts,
              ElementsAre("amy@acme.example assistant.used assistant -",
                          "amy@acme.example assistant.used other - +with_agent"));
  Imported(
      "User Principal Name,Last Activity Date (UTC),Last activity date of Teams Copilot (UTC),"
      "Last activity date of Copilot Chat (work) (UTC)\n"
      "amy@acme.example,2026-05-05,2026-05-05,2026-05-04\n");
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example assistant.used teams -",
                                             "amy@acme.example assistant.used assistant -"));
}

// Mutation: an application's old day hides that the assistant was used since, somewhere that has no
// column.
TEST_F(AssistantReport, ReadsALastDayThatNoApplicationHas) {
  const std::string header =
      "Report Refresh Date,User Principal Name,Last Activity Date,Word Copilot Last Activity Date,"
      "Planner Copilot Last Activity Date\n";
  const TenantSummary summary = Imported(
      absl::StrCat(header, "2026-06-20,amy@acme.example,2026-05-06,2026-05-01,2026-05-04\n",
                   "2026-06-20,bob@acme.example,2026-05-06,2026-05-06,2026-05-04\n",
                   "2026-06-20,cy@acme.example,2026-05-01,2026-05-06,\n",
                   "2026-06-20,dee@acme.example,soon,2026-05-06,\n"));
  EXPECT_THAT(activities_.texts,
              ElementsAre("amy@acme.example assistant.used word - +in_document",
                          "amy@acme.example assistant.used other -",
                          "amy@acme.example assistant.used other -",
                          "bob@acme.example assistant.used word - +in_document",
                          "bob@acme.example assistant.used other -",
                          "cy@acme.example assistant.used word - +in_document",
                          "dee@acme.example assistant.used word - +in_document"));
  EXPECT_EQ(activities_.seconds[2] - activities_.seconds[1], 2 * 86400);
  EXPECT_EQ(summary.Excluded(Exclusion::kUnreadableDay), 1);
}

// Mutations: a cell that cannot be read is dropped when another can; a column that is not known is
// not read, or not told of, or its name shown.
TEST_F(AssistantReport, TellsOfCellsAndColumnsOfTheAssistantThatItCannotRead) {
  const std::string header =
      "Report Refresh Date,User Principal Name,Last Activity Date,Word Copilot Last Activity Date,"
      "Excel Copilot Last Activity Date,Planner Copilot Last Activity Date,"
      "Amy Jones Last Activity Date,Bob Jones Copilot Last Activity Date\n";
  const absl::StatusOr<ImportSummary> read = Run({absl::StrCat(
      header, "2026-06-20,amy@acme.example,2026-05-05,2026-05-05,soon,2026-05-04,,\n",
      "2026-06-20,bob@acme.example,,,soon,,,\n", "2026-06-20,cy@acme.example,,,,,2026-05-03,\n")});
  ASSERT_TRUE(read.ok()) << read.status();
  const TenantSummary& summary = read->tenants.at(0);
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example assistant.used word - +in_document",
                                             "amy@acme.example assistant.used other -",
                                             "cy@acme.example assistant.used other -"));
  EXPECT_EQ(summary.Excluded(Exclusion::kUnreadableDay), 1);
  EXPECT_EQ(read->rejected[static_cast<size_t>(RejectionReason::kMalformedTime)], 1);
  EXPECT_THAT(summary.unknown_apps, ElementsAre(Pair("Amy Jones", 1), Pair("Planner", 1)));
  for (const std::string& told : {SummaryText(*read), SummaryJson(*read)}) {
    EXPECT_THAT(told,
                HasSubstr("has 3 columns of the assistant in applications that are not known"));
    EXPECT_THAT(told, Not(HasSubstr("Jones")));
    EXPECT_THAT(told, Not(HasSubstr("Last Activity Date")));
  }
  EXPECT_THAT(SummaryText(*read, ShownNames::kAll), HasSubstr("Amy Jones"));
  EXPECT_THAT(SummaryJson(*read), HasSubstr(R"j("unknown_apps":{"(other)":1,"Planner":1})j"));
  // Known applications under other names.
  const absl::StatusOr<ImportSummary> renamed =
      Run({"User Principal Name,Last Activity Date,Word Copilot last activity date (UTC),"
           "Last activity date of Excel\namy@acme.example,,2026-05-05,2026-05-04\n"});
  ASSERT_TRUE(renamed.ok()) << renamed.status();
  EXPECT_THAT(renamed->warnings, IsEmpty());
  EXPECT_THAT(activities_.texts,
              ElementsAre("amy@acme.example assistant.used word - +in_document",
                          "amy@acme.example assistant.used excel - +in_document"));
  // The same as JSON.
  const absl::StatusOr<ImportSummary> json =
      Run({R"({"value":[{"reportRefreshDate":"2026-06-20","userPrincipalName":"amy@acme.example",)"
           R"("lastActivityDate":"","wordCopilotLastActivityDate":"soon",)"
           R"("plannerCopilotLastActivityDate":"2026-05-04"}]})"});
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example assistant.used other -"));
  EXPECT_EQ(json->tenants.at(0).Excluded(Exclusion::kUnreadableDay), 1);
  EXPECT_THAT(SummaryJson(*json), HasSubstr(R"("unknown_apps":{"Planner":1})"));
}

// Mutation: each column that anybody names is kept, and read of every row.
TEST_F(AssistantReport, KeepsAHundredColumnsThatItDoesNotKnow) {
  std::string header = "User Principal Name,Last Activity Date,Word Copilot Last Activity Date";
  std::string json =
      R"({"value":[{"reportRefreshDate":"2026-06-20","userPrincipalName":"amy@acme.example")"
      R"(,"wordCopilotLastActivityDate":"")";
  for (int i = 0; i < 101; ++i) {
    absl::StrAppend(&header, ",App", i, " Copilot Last Activity Date");
    absl::StrAppend(&json, ",\"app", i, "CopilotLastActivityDate\":\"2026-05-04\"");
  }
  const std::string long_name(200, 'x');
  absl::StrAppend(&json, ",\"", long_name, "CopilotLastActivityDate\":\"2026-05-04\"}]}");
  std::string row = "\namy@acme.example,,";
  for (int i = 0; i < 101; ++i) row += ",2026-05-04";
  for (const std::string& text : {header + row, json}) {
    const absl::StatusOr<ImportSummary> summary = Run({text});
    ASSERT_TRUE(summary.ok()) << summary.status();
    EXPECT_EQ(activities_.texts.size(), 100u);
    EXPECT_THAT(summary->warnings,
                ElementsAre(HasSubstr("has 100 columns of the assistant in applications"),
                            HasSubstr("has more columns of applications than are read")));
  }
}

}  // namespace
}  // namespace tutti
