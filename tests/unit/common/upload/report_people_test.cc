// Who a report's rows are about and whose they are: the same questions, answered alike for every
// source. All of it is made up.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "common/upload/import_summary.h"
#include "tests/unit/common/upload/report_fixture.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class ReportPeople : public ReportImport {};

// Mutation: a row's name taken without asking who it is.
TEST_F(ReportPeople, LeavesGuestsAndMachineryOutOfUsageReportsAndOfLicences) {
  const std::string report =
      absl::StrCat(kMailHeader, MailRow("amy@acme.example", "2026-05-04"),
                   MailRow("bob_else.example#EXT#@acme.onmicrosoft.com", "2026-05-04"),
                   MailRow("Sync_HOST_0123456789ab@acme.onmicrosoft.com", "2026-05-04"),
                   MailRow("eve@else.example", "2026-05-04", "OFFICE+MICROSOFT 365 COPILOT"));
  TenantSummary summary = Imported(report);
  EXPECT_EQ(summary.people, 2);
  EXPECT_THAT(summary.licensed, UnorderedElementsAre(Pair("", 2), Pair("assistant", 1)));
  EXPECT_EQ(summary.Excluded(Exclusion::kGuest), 1);
  EXPECT_EQ(summary.Excluded(Exclusion::kNotAPerson), 1);
  options_.reading.accepted_domains = {"acme.example"};
  summary = Imported(report);
  EXPECT_EQ(summary.people, 1);
  EXPECT_THAT(summary.licensed, ElementsAre(Pair("", 1)));
  EXPECT_EQ(summary.Excluded(Exclusion::kForeignDomain), 1);
  EXPECT_EQ(summary.fates.Of(Fate::kLeftOut), 3);
}

TEST_F(ReportPeople, ReadsWhoIsLicensedFromTheActiveUsers) {
  const TenantSummary summary = Imported(
      "User Principal Name,Is Deleted,Has Exchange License,Has Teams License,"
      "Exchange Last Activity Date,Assigned Products\n"
      "amy@acme.example,False,True,False,2026-05-04,OFFICE\n"
      "bob@acme.example,False,False,True,,OFFICE+MICROSOFT 365 COPILOT\n"
      "cy@acme.example,False,False,False,,\n");
  EXPECT_THAT(summary.licensed, UnorderedElementsAre(Pair("", 2), Pair("assistant", 1)));
  EXPECT_THAT(activities_.texts, IsEmpty());
}

// Mutation: activities in Tutti's own form are never asked whose they are.
TEST_F(ReportPeople, AsksOfActivitiesTooWhoseTheyAre) {
  options_.reading.accepted_domains = {"acme.example"};
  const auto line = [](const std::string& subject, const std::string& type) {
    return absl::StrCat(R"({"subject":")", subject, R"(","type":")", type,
                        R"(","occurredAt":"2026-05-04T09:00:00Z"})", "\n");
  };
  const TenantSummary summary = Imported(
      absl::StrCat(line("amy@acme.example", "mail.sent"), line("employee-17", "mail.sent"),
                   line("bob_else.example#EXT#@acme.example", "mail.sent"),
                   line("eve@else.example", "mail.sent"), line("<1@else.example>", "message.sent"),
                   line("sync_host_0123456789ab@acme.example", "mail.sent")));
  EXPECT_THAT(summary.activities, ElementsAre(Pair("mail.sent", 2), Pair("message.sent", 1)));
  EXPECT_EQ(summary.Excluded(Exclusion::kGuest), 1);
  EXPECT_EQ(summary.Excluded(Exclusion::kForeignDomain), 1);
  EXPECT_EQ(summary.Excluded(Exclusion::kNotAPerson), 1);
}

// Mutation: names are compared as they are written, or by the letters of English.
TEST_F(ReportPeople, CountsSomebodyOnceWhateverTheCase) {
  const TenantSummary summary = Imported(absl::StrCat(
      kMailHeader, MailRow("Amy@Acme.example", "2026-05-04"),
      MailRow("amy@ACME.example", "2026-05-05"), MailRow("J\xc3\x9cRG@acme.example", "2026-05-04"),
      MailRow("j\xc3\xbcrg@acme.example", "2026-05-05"),
      MailRow("J\xc3\xbcRG@acme.example", "2026-05-05")));
  EXPECT_EQ(summary.people, 2);
  EXPECT_THAT(summary.licensed, ElementsAre(Pair("", 2)));
  EXPECT_EQ(summary.duplicates, 1);
  options_.reading.accepted_domains = {
      "b\xc3\xbc"
      "cher.example"};
  EXPECT_EQ(Imported(absl::StrCat(kMailHeader, MailRow("amy@B\xc3\x9c"
                                                       "CHER.example",
                                                       "2026-05-04")))
                .people,
            1);
  options_.reading.accepted_domains.clear();
  // Members of JSON, too.
  Imported(R"({"value":[{"ReportRefreshDate":"2026-06-20","UserPrincipalName":"amy@acme.example",)"
           R"("LastActivityDate":"2026-05-04","SendCount":2}]})");
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example mail.sent outlook -"));
}

// Mutation: the licences are told beside what is fed alone.
TEST_F(ReportPeople, TellsLicencesOfAReportThatFeedsNothing) {
  const absl::StatusOr<ImportSummary> summary =
      Run({"User Principal Name,Last Activity Date,Assigned Products,Report Period\n"
           "amy@acme.example,2026-05-04,OFFICE,7\n"});
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_THAT(SummaryJson(*summary), HasSubstr(R"("feeds":[],"licensed":{"":1})"));
}

// Mutations: a claim is nobody's name; what a claim says of an application is a person's.
TEST_F(ReportPeople, FindsPeopleBehindSharePointsClaims) {
  const auto accessed = [](int number, const std::string& user) {
    return absl::StrCat(RecordStart(number, kTenantA, user, "SharePoint", "FileAccessed"),
                        R"(,"ItemType":"File","SourceFileExtension":"docx"})", "\n");
  };
  const TenantSummary summary = Imported(absl::StrCat(
      accessed(1, "i:0#.f|membership|Amy@acme.example"), accessed(2, "amy@acme.example"),
      accessed(3, R"(i:0#.w|acme\\ben)"), accessed(4, "i:0i.t|00000003|app@sharepoint"),
      accessed(5, "i:0#.f|membership|x_y.example#EXT#@acme.example")));
  EXPECT_EQ(summary.people, 2);
  EXPECT_EQ(summary.Excluded(Exclusion::kNotAPerson), 1);
  EXPECT_EQ(summary.Excluded(Exclusion::kGuest), 1);
  EXPECT_THAT(activities_.texts[0], HasSubstr("amy@acme.example file.read"));
}

// Mutation: an import of whose people nobody is of the domain ends as one in which nothing was
// done.
TEST_F(ReportPeople, SaysWhenNobodyIsOfTheDomain) {
  options_.reading.accepted_domains = {"acme.exmaple"};
  const absl::Status status =
      Run({absl::StrCat(kMailHeader, MailRow("amy@acme.example", "2026-05-04"),
                        MailRow("eve@else.example", "2026-05-04"))})
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("nobody in the input is of 1 domain that was given: all 2 that were left "
                        "out for it are of 2 others"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("else")));
  // Something was sent, so it was not called wrongly.
  EXPECT_TRUE(Run({R"({"subject":"eve@else.example","type":"mail.sent",)"
                   R"("occurredAt":"2026-05-04T09:00:00Z"}{"subject":"employee-17",)"
                   R"("type":"mail.sent","occurredAt":"2026-05-04T09:00:00Z"})"})
                  .ok());
  options_.reading.accepted_domains = {"acme.example", "acme.exmaple"};
  EXPECT_TRUE(Run({absl::StrCat(kMailHeader, MailRow("amy@acme.example", "2026-05-04"))}).ok());
}

}  // namespace
}  // namespace tutti
