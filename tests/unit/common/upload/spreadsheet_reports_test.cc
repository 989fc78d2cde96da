// Reports after a spreadsheet or another tool had them: numbers, flags, days and names as these
// write them, and rows that they broke. All of it is made up.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/unit/common/upload/report_fixture.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class SpreadsheetReports : public ReportImport {};

// Mutations: a count that cannot be read is none, or one; so is the version of an application.
TEST_F(SpreadsheetReports, TellsCountsThatItCannotReadFromNone) {
  const std::string head =
      "User Principal Name;Last Activity Date;Send Count;Read Count;Active File Count;Viewed Or "
      "Edited File Count;Report Period\n";
  const TenantSummary summary =
      Imported(absl::StrCat(head, "amy@acme.example;2026-05-04;1,5E+03;#VALUE!;;0;1\n",
                            "ben@acme.example;2026-05-04;\"5 mails\";0,0;;;1\n",
                            "cy@acme.example;2026-05-04;50 %;-;;many;1\n",
                            "dee@acme.example;2026-05-04;#N/A;0;;null;1\n"));
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example mail.sent outlook -",
                                             "cy@acme.example mail.sent outlook -"));
  EXPECT_EQ(summary.Excluded(Exclusion::kUnreadableNumber), 3);
  EXPECT_EQ(summary.Excluded(Exclusion::kNothingDone), 1);
  EXPECT_EQ(summary.fates.Of(Fate::kLeftOut), 2);
  const TenantSummary apps = Imported(
      R"({"value":[{"reportRefreshDate":"2026-05-05","userPrincipalName":"amy@acme.example",)"
      R"("lastActivityDate":"2026-05-04","outlookForWindows":["16.0.1"],"outlookForMobile":["iOS 17"],)"
      R"("mailForMac":[],"otherForMobile":["none"],"reportPeriod":"1"}]})");
  EXPECT_THAT(activities_.texts, UnorderedElementsAre("amy@acme.example app.used outlook desktop",
                                                      "amy@acme.example app.used outlook mobile"));
  EXPECT_EQ(apps.Excluded(Exclusion::kUnreadableNumber), 0);
}

// Mutations: an object in the place of a list, or what PowerShell cut off, is nothing; a row of CSV
// that became JSON is none.
TEST_F(SpreadsheetReports, ReadsWhatPowerShellMakesOfARow) {
  const std::string row =
      R"("reportRefreshDate":"2026-05-05","userPrincipalName":"amy@acme.example",)"
      R"("lastActivityDate":"2026-05-04",)";
  for (const char* details :
       {R"("details":[{"reportPeriod":1,"wordWeb":true}])",
        R"("details":{"reportPeriod":1,"wordWeb":true})",
        R"("details":{"value":[{"reportPeriod":1,"wordWeb":true}],"Count":1})",
        R"("details":"@{reportPeriod=1; wordWeb=True; excelWeb=False}")",
        R"("details":["@{reportPeriod=1} @{wordWeb=True}"])",
        R"("AdditionalProperties":{"wordWeb":"True","reportPeriod":{"value":1}})"}) {
    Imported(absl::StrCat("[{", row, details, "}]"));
    EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example app.used word web")) << details;
  }
  const TenantSummary licensed = Imported(
      absl::StrCat("[{", row, R"("assignedProducts":{"value":["E5","MICROSOFT 365 COPILOT"],)",
                   R"("Count":2},"sendCount":0,"reportPeriod":"1"}])"));
  EXPECT_THAT(licensed.licensed, ElementsAre(Pair("", 1), Pair("assistant", 1)));
  const TenantSummary words =
      Imported(R"([{"Report Refresh Date":"2026-05-05","User Principal Name":"amy@acme.example",)"
               R"("Last Activity Date":"2026-05-04","Send Count":"3","Report Period":"1"}])");
  EXPECT_EQ(words.activities.at("mail.sent"), 1);
}

// Mutation: flags of English alone: somebody who has left is licensed, and active.
TEST_F(SpreadsheetReports, ReadsFlagsOfEveryLanguageOfEurope) {
  for (const auto& [yes, no] : std::vector<std::pair<std::string, std::string>>{
           {"PRAWDA", "FA\u0141SZ"}, {"PRAVDA", "NEPRAVDA"}, {"SANT", "FALSKT"}, {"Tak", "Nie"}}) {
    const TenantSummary summary = Imported(absl::StrCat(
        "User Principal Name;Is Deleted;Last Activity Date;Used Web;Report Period\n",
        "amy@acme.example;", no, ";04.05.2026;", yes, ";1\n", "ben@acme.example;", yes,
        ";04.05.2026;", yes, ";1\n", "cy@acme.example;", no, ";04.05.2026;", no, ";1\n"));
    EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example app.used teams web")) << yes;
    EXPECT_EQ(summary.Excluded(Exclusion::kDeleted), 1) << yes;
    EXPECT_THAT(summary.licensed, ElementsAre(Pair("", 2))) << yes;
  }
}

// Mutation: only two digits of a month are a day.
TEST_F(SpreadsheetReports, ReadsDaysWithTheYearFirst) {
  for (const char* day : {"2026/5/4", "2026-5-4 0:00", "2026. 05. 04.", "2026.05.04"}) {
    const TenantSummary summary = Imported(
        absl::StrCat(kMailHeader, "2026/6/20,amy@acme.example,False,", day, ",2,0,OFFICE,1\n",
                     "2026/6/20,ben@acme.example,False,1900/1/0,2,0,", "OFFICE,1\n"));
    EXPECT_THAT(activities_.seconds, ElementsAre(1777896000)) << day;
    EXPECT_EQ(summary.Excluded(Exclusion::kNothingDone), 1) << day;
    EXPECT_EQ(rejected_, 0) << day;
  }
}

// Mutations: a stop after the year, or a space after a stop, makes it no day; year 1 with two
// digits is 2001.
TEST_F(SpreadsheetReports, ReadsDaysWithStops) {
  for (const char* day : {"04.05.2026.", "4. 5. 2026", "4. 5. 2026. 0:00", "04.05.26"}) {
    const TenantSummary summary = Imported(
        absl::StrCat(kMailHeader, "20. 6. 2026,amy@acme.example,False,", day, ",2,0,OFFICE,1\n",
                     "20.06.26,ben@acme.example,False,01.01.01,2,0,", "OFFICE,1\n"));
    EXPECT_THAT(activities_.seconds, ElementsAre(1777896000)) << day;
    EXPECT_EQ(summary.Excluded(Exclusion::kNothingDone), 1) << day;
    EXPECT_EQ(rejected_, 0) << day;
  }
}

// Rows that a spreadsheet made of cells which were emptied. Mutation: each is a row without a name.
TEST_F(SpreadsheetReports, TakesRowsOfSeparatorsForNone) {
  const TenantSummary summary = Imported(absl::StrCat(
      ",,,\n", kMailHeader, MailRow("amy@acme.example", "2026-05-04"), ",,,,,,,\n , ,\n,,,,,,,"));
  EXPECT_EQ(summary.records, 1);
  EXPECT_EQ(rows_, 1);
}

// Mutation: a line in quotes is one cell.
TEST_F(SpreadsheetReports, ReadsLinesThatAreQuotedWhole) {
  const std::string log =
      "\"2026-05-04,amy@acme.example,\"\"{\"\"\"\"Id\"\"\"\":\"\"\"\"r-1\"\"\"\","
      "\"\"\"\"OrganizationId"
      "\"\"\"\":\"\"\"\"aaaaaaaa-0000-4000-8000-000000000001\"\"\"\",\"\"\"\"CreationTime\"\"\"\":"
      "\"\"\"\"2026-05-04T09:00:00\"\"\"\",\"\"\"\"UserType\"\"\"\":0,\"\"\"\"UserId\"\"\"\":"
      "\"\"\"\"amy@acme.example\"\"\"\",\"\"\"\"Workload\"\"\"\":\"\"\"\"Yammer\"\"\"\","
      "\"\"\"\"Operation\"\"\"\":\"\"\"\"MessageCreation\"\"\"\"}\"\"\"\n";
  for (const char* header :
       {"CreationDate,UserIds,AuditData\n", "\"CreationDate,UserIds,AuditData\"\n",
        "\"CreationDate,\"\"UserIds\"\",\"\"AuditData\"\"\"\n"}) {
    Imported(header + log);
    EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example community.posted community -"))
        << header;
  }
  // A name with a comma is one cell.
  Imported(absl::StrCat(kMailHeader, MailRow("amy@acme.example", "2026-05-04", "\"A, B\"")));
  EXPECT_EQ(rejected_, 0);
}

// Mutation: a row that is rejected after it has begun stays among the distinct ones.
TEST_F(SpreadsheetReports, CountsARejectedRowInOnePlace) {
  const TenantSummary summary = Imported(absl::StrCat(
      kMailHeader, MailRow("amy@acme.example", "2026-05-04"),
      MailRow("ben@acme.example", "some day"), MailRow("cy@acme.example", "2026-06-21")));
  EXPECT_EQ(rows_, 3);
  EXPECT_EQ(rejected_, 2);
  EXPECT_EQ(summary.records, 1);
  EXPECT_EQ(summary.distinct, 1);
}

// Mutation: what is behind a comma in a name is read as what comes after it.
TEST_F(SpreadsheetReports, RejectsRowsThatACommaHasShifted) {
  const auto summary = Run(
      {"Report Refresh Date,User Principal Name,Display Name,Last Activity Date,Send Count,Report "
       "Period\n2026-05-05,amy@acme.example,Smith, Amy,2026-05-04,5,1\n"
       "2026-05-05,ben@acme.example,Ben,2026-05-04,5,1,\n"});
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_THAT(activities_.texts, ElementsAre("ben@acme.example mail.sent outlook -"));
  EXPECT_EQ(summary->rejected[static_cast<size_t>(RejectionReason::kTooManyFields)], 1);
  EXPECT_EQ(summary->rows, 2);
}

// Mutation: somebody with a space of a spreadsheet's is somebody else, and of no domain.
TEST_F(SpreadsheetReports, KnowsSomebodyWithSpacesAround) {
  options_.reading.accepted_domains = {"acme.example"};
  const TenantSummary summary =
      Imported(absl::StrCat(kMailHeader, MailRow("amy@acme.example", "2026-05-04"),
                            MailRow("\u00a0Amy@Acme.example\u00a0", "2026-05-05"),
                            MailRow("\ufeffamy@acme.example\u200b", "2026-05-06"),
                            MailRow("\u00a0sync_host_0123456789ab@acme.example", "2026-05-06")));
  EXPECT_EQ(summary.people, 1);
  EXPECT_THAT(summary.licensed, ElementsAre(Pair("", 1)));
  EXPECT_EQ(summary.Excluded(Exclusion::kForeignDomain), 0);
  EXPECT_EQ(summary.Excluded(Exclusion::kNotAPerson), 1);
}

// Mutations: whatever is called Copilot is the assistant; a product's underscores are not spaces.
TEST_F(SpreadsheetReports, TellsTheAssistantFromOtherCopilots) {
  const std::pair<const char*, std::map<std::string, int64_t>> cases[] = {
      {"MICROSOFT 365 E3", {{"", 1}}},
      {"MICROSOFT 365 E3+MICROSOFT 365 COPILOT", {{"", 1}, {"assistant", 1}}},
      {"Microsoft_365_Copilot", {{"assistant", 1}}},
      {"COPILOT FOR MICROSOFT 365+OFFICE 365 E1", {{"", 1}, {"assistant", 1}}},
      {"MICROSOFT 365 E3+MICROSOFT COPILOT STUDIO VIRAL TRIAL", {{"", 1}}},
      {"GITHUB COPILOT", {}},
      {"SECURITY COPILOT+OFFICE 365 E3", {{"", 1}}},
      {"", {{"", 1}}},
  };
  for (const auto& [products, licensed] : cases) {
    const TenantSummary summary =
        Imported(absl::StrCat(kMailHeader, MailRow("amy@acme.example", "2026-05-04", products)));
    EXPECT_EQ(summary.licensed, licensed) << products;
  }
}

// Mutations: a comma is the only thing that may be read otherwise; a version of a flag, a time or a
// channel that another tool wrote is none.
TEST_F(SpreadsheetReports, ReadsTelemetryAsItIsWritten) {
  const TenantSummary summary = Imported(
      "deviceId;date;coreBootTimeInMs;latencyMs;packetLossPercent;downloadMbps\n"
      "d1;2026/5/4;65\u00a0000;40;1,5 %;50\n"
      "d2;2026. 05. 04.;1.234,5;40;0.5%;50\n"
      "d3;04.05.2026;fast;40 ms;0;50\n");
  EXPECT_THAT(
      activities_.texts,
      ElementsAre("d1 device.started - - +slow_start", "d1 device.network_measured - - +poor_calls",
                  "d2 device.started - -", "d2 device.network_measured - -"));
  EXPECT_EQ(summary.Excluded(Exclusion::kNoMeasurement), 1);
  Imported(R"([{"deviceId":"d1","startTime":{"value":"/Date(1777885200000)/","DateTime":"x"},)"
           R"("updateChannel":"Current ","isSupported":"PRAWDA"}])");
  EXPECT_THAT(activities_.texts,
              ElementsAre("d1 device.apps_reported - - +recommended_channel +supported_version"));
}

}  // namespace
}  // namespace tutti
