// How reports are written, and what becomes of each of their rows. All of it is made up.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/sources/m365_usage/usage_report.h"
#include "common/upload/import_outcome.h"
#include "common/upload/import_summary.h"
#include "tests/unit/common/upload/report_fixture.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class ReportRows : public ReportImport {};

// Mutation: a row counted for each of its cells that is refused; the whole report refused.
TEST_F(ReportRows, CountsARowOnceWhateverBecomesOfItsCells) {
  const TenantSummary summary = Imported(absl::StrCat(
      kMailHeader, MailRow("amy@acme.example", "2027-01-05"),
      MailRow("bob@acme.example", "2026-05-04"), MailRow("cy@acme.example", "yesterday"),
      MailRow("dee@acme.example", "2026-05-04T00:00:00Z"), MailRow("eve@acme.example", "")));
  EXPECT_EQ(rows_, 5);
  EXPECT_EQ(rejected_, 2);
  EXPECT_EQ(summary.records, 3);
  EXPECT_EQ(summary.fates.Of(Fate::kActivity), 2);
  EXPECT_EQ(summary.Excluded(Exclusion::kNothingDone), 1);
  EXPECT_THAT(summary.licensed, ElementsAre(Pair("", 5))) << "of people, not of days";
  EXPECT_THAT(
      activities_.texts,
      ElementsAre("bob@acme.example mail.sent outlook -", "bob@acme.example mail.read outlook -",
                  "dee@acme.example mail.sent outlook -", "dee@acme.example mail.read outlook -"));
  EXPECT_EQ(activities_.seconds[0], activities_.seconds[2]);
}

TEST_F(ReportRows, ReadsGraphsJsonAsItsCsv) {
  const std::string rows =
      R"({"reportRefreshDate":"2026-06-20","userPrincipalName":"Amy@acme.example",)"
      R"("displayName":"Amy","isDeleted":false,"lastActivityDate":"2026-05-04",)"
      R"("sendCount":2,"readCount":"1","assignedProducts":["OFFICE","MICROSOFT 365 COPILOT"],)"
      R"("reportPeriod":"1"},{"reportRefreshDate":"2026-06-20","userPrincipalName":)"
      R"("bob@acme.example","isDeleted":true,"lastActivityDate":null,"sendCount":0}]})";
  const TenantSummary summary = Imported(absl::StrCat(R"({"@odata.context":"x","value":[)", rows));
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example mail.sent outlook -",
                                             "amy@acme.example mail.read outlook -"));
  EXPECT_THAT(summary.licensed, UnorderedElementsAre(Pair("", 1), Pair("assistant", 1)));
  EXPECT_EQ(summary.Excluded(Exclusion::kDeleted), 1);
  // Durations and applications have names of their own there.
  Imported(R"({"value":[{"reportRefreshDate":"2026-06-20","userPrincipalName":"amy@acme.example",)"
           R"("lastActivityDate":"2026-05-04","videoDuration":"PT5M","screenShareDuration":"PT0S",)"
           R"("details":[{"reportPeriod":1,"wordWeb":true,"excelMac":false}]}]})");
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example meeting.attended teams - +video",
                                             "amy@acme.example app.used word web"));
}

// Mutation: a report's JSON read strictly loses a row for half a character in a name.
TEST_F(ReportRows, ReadsAReportAsItIsWritten) {
  EXPECT_EQ(ShippedSources().Detect("sep=;\r\nUser Principal Name;Send Count\r\n"),
            &UsageReports());
  Imported(R"({"value":[{"reportRefreshDate":"2026-06-20","userPrincipalName":"amy@acme.example",)"
           R"("displayName":"Amy \ud83d","lastActivityDate":"2026-05-04","sendCount":2.0,)"
           R"("readCount":NaN}]})");
  EXPECT_EQ(rejected_, 0);
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example mail.sent outlook -"));
}

// Mutations: words of English alone; a space of a spreadsheet's that is part of a name.
TEST_F(ReportRows, ReadsFlagsInTheLanguageOfASpreadsheet) {
  const std::string head =
      "User Principal Name;Is Deleted;\xc2\xa0Last Activity Date;Used Web\xc2\xa0;Used iOS;Report "
      "Period\r\n";
  for (const auto& [yes, no] : std::vector<std::pair<std::string, std::string>>{
           {"WAHR", "FALSCH"}, {"VRAI", "FAUX"}, {"VERDADERO", "FALSO"}, {"Ja", "Nein"}}) {
    const TenantSummary summary =
        Imported(absl::StrCat(head, "amy@acme.example;", no, ";04.05.2026;", yes, ";", no, ";1\r\n",
                              "bob@acme.example;", yes, ";04.05.2026;", yes, ";", yes, ";1\r\n"));
    EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example app.used teams web")) << yes;
    EXPECT_EQ(summary.Excluded(Exclusion::kDeleted), 1) << yes;
  }
}

// Mutation: a row that cannot be split is not counted, or those after it are lost.
TEST_F(ReportRows, LosesOneRowToAQuoteThatIsNotClosed) {
  std::string report = kMailHeader;
  for (int i = 0; i < 500; ++i) {
    absl::StrAppend(
        &report, MailRow(absl::StrCat(i == 7 ? "\"" : "", "p", i, "@acme.example"), "2026-05-04"));
  }
  for (const std::string& text :
       {report, absl::StrCat("deviceId,date,coreBootTimeInMs\n\"a,2026-05-04,"
                             "1\nb,2026-05-04,1\nc,2026-05-04,1\n")}) {
    const absl::StatusOr<ImportSummary> summary = Run({text});
    ASSERT_TRUE(summary.ok()) << summary.status();
    EXPECT_EQ(summary->rejected[static_cast<size_t>(RejectionReason::kBrokenQuote)], 1);
    EXPECT_EQ(summary->tenants.at(0).distinct, summary->rows - 1);
    EXPECT_THAT(SummaryText(*summary),
                HasSubstr(absl::StrCat("not where a field ends, on line ", text == report ? 9 : 2,
                                       ": each costs its row")));
  }
}

// Mutations: a row that comes again counts as a record of its own; a person's row in the report of
// another day is one that comes again.
TEST_F(ReportRows, TellsWhatComesAgainInEverySource) {
  const std::string mail = MailRow("amy@acme.example", "2026-05-04");
  const std::string other = "2026-06-21,amy@acme.example,False,2026-05-04,2,1,OFFICE,1\n";
  const std::string activity =
      "{\"subject\":\"amy@acme.example\",\"type\":\"mail.sent\","
      "\"occurredAt\":\"2026-05-04T09:00:00Z\"}\n";
  const std::string later =
      "{\"subject\":\"amy@acme.example\",\"type\":\"mail.sent\","
      "\"occurredAt\":\"2026-05-04T09:00:00.5Z\"}\n";
  const std::string device = "laptop,2026-05-04,1\n";
  const auto unqualified = [](const char* time) {
    return absl::StrCat(R"({"kind":"admin#reports#activity","id":{"time":"2026-05-04T)", time,
                        R"(Z","applicationName":"chat"},)", GoogleUser("amy@acme.example"),
                        R"(,"events":)", ChatPost(""), "}\n");
  };
  for (const std::string& text :
       {absl::StrCat(kMailHeader, mail, mail, other), absl::StrCat(activity, activity, later),
        absl::StrCat(unqualified("09:00:00"), unqualified("09:00:00"), unqualified("09:00:01")),
        absl::StrCat("deviceId,date,coreBootTimeInMs\n", device, device,
                     "laptop,2026-05-04,2\n")}) {
    const TenantSummary summary = Imported(text);
    EXPECT_EQ(rows_, 3) << text;
    EXPECT_EQ(summary.duplicates, 1) << text;
    EXPECT_EQ(summary.fates.Of(Fate::kActivity), 2) << text;
  }
}

// Mutation: a table that nobody knows is told how an audit log is exported, and no more.
TEST_F(ReportRows, SaysOfATableThatNobodyKnowsWhatIsKnown) {
  const absl::Status status = Run({"Employee,Hired\nAmy Jones,2020\n"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  for (const char* said : {"AuditData", "User Principal Name", "deviceId", "first line"}) {
    EXPECT_THAT(std::string(status.message()), HasSubstr(said));
  }
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("Hired")));
  const absl::StatusOr<ImportSummary> json = Run({"{\"name\":\"Amy Jones\"}\n"});
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_THAT(SummaryText(*json), HasSubstr("begins as nothing that is known"));
  // What holds nothing is nobody's, and no error.
  const absl::StatusOr<ImportSummary> empty = Run({"", " \r\n", "#TYPE x\n"});
  ASSERT_TRUE(empty.ok()) << empty.status();
  EXPECT_EQ(empty->rows, 0);
  EXPECT_THAT(std::string(NothingSent(*empty).message()), HasSubstr("the input has no record"));
}

// Mutation: a rehearsal asks nothing of what ingest refuses.
TEST_F(ReportRows, RehearsesWhatIngestWouldRefuse) {
  const auto line = [](const std::string& subject, const std::string& rest) {
    return absl::StrCat(R"({"subject":")", subject, R"(","occurredAt":"2026-05-04T09:00:00Z",)",
                        rest, "}\n");
  };
  std::string traits;
  for (int i = 0; i < 17; ++i) absl::StrAppend(&traits, i > 0 ? "," : "", "\"t", i, "\"");
  const TenantSummary summary = Imported(absl::StrCat(
      line("amy@acme.example", R"("type":"mail.sent","app":"pigeon","traits":["no.such"])"),
      line("amy@acme.example", R"("type":"no.such")"),
      line(std::string(513, 'x'), R"("type":"mail.sent")"),
      line("a\\u0001b", R"("type":"mail.sent")"),
      line("amy@acme.example", absl::StrCat(R"("type":"mail.sent","traits":[)", traits, "]"))));
  EXPECT_THAT(summary.upload.refused,
              ElementsAre(Pair("REASON_SUBJECT_MALFORMED", 1), Pair("REASON_SUBJECT_TOO_LONG", 1),
                          Pair("REASON_TOO_MANY_TRAITS", 1), Pair("REASON_TYPE_UNKNOWN", 1)));
  EXPECT_EQ(summary.upload.ignored_values, 2);
}

}  // namespace
}  // namespace tutti
