// Which reports say how many people an organisation has. All of it is made up.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/upload/import_outcome.h"
#include "tests/unit/common/upload/report_fixture.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

class Headcount : public ReportImport {
 protected:
  // A report of twenty people. `more` are columns, as they are written in each row.
  TenantSummary Listed(const std::string& header, const std::string& more) {
    std::string report = absl::StrCat("User Principal Name,Last Activity Date,", header, "\n");
    for (int i = 0; i < 20; ++i) {
      absl::StrAppend(&report, "p", i, "@acme.example,2026-05-04,", more, "\n");
    }
    return Imported(report);
  }
  static std::string Refusal(const TenantSummary& summary, int64_t on_record = 0) {
    const absl::Status status = CheckHeadcount(summary, on_record);
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    return std::string(status.message());
  }
};

// Mutations: the licensees of any product are the organisation's; a report of any service lists
// everybody.
TEST_F(Headcount, ComesFromReportsThatListEverybodyAlone) {
  for (const auto& [header, more] : std::vector<std::pair<std::string, std::string>>{
           {"Send Count,Read Count,Assigned Products", "1,1,MICROSOFT 365 E3+VISIO PLAN 2"},
           {"Private Chat Message Count,Assigned Products", "1,OFFICE 365 F3"},
           {"Has Exchange License,Exchange Last Activity Date,Assigned Products", "True,,E5"},
           // The products are hidden, or there is no such column.
           {"Send Count,Assigned Products", "1,"},
           {"Send Count", "1"}}) {
    const TenantSummary summary = Listed(header, more);
    EXPECT_THAT(summary.licensed, ElementsAre(Pair("", 20))) << header;
    EXPECT_EQ(CheckHeadcount(summary, 0), absl::OkStatus()) << header;
  }
  for (const auto& [header, more] : std::vector<std::pair<std::string, std::string>>{
           {"Send Count,Read Count,Assigned Products", "1,1,VISIO PLAN 2"},
           {"Private Chat Message Count,Assigned Products", "1,MICROSOFT TEAMS ROOMS PRO"},
           {"Has Exchange License,Exchange Last Activity Date,Assigned Products",
            "True,,POWER BI PRO"},
           {"Send Count,Assigned Products", "1,SOMETHING NEW"},
           {"Posted Count,Read Count,Liked Count,Assigned Products", "1,1,1,MICROSOFT 365 E3"},
           {"Viewed Or Edited File Count,Visited Page Count,Assigned Products", "1,1,E3"},
           {"Used Web,Used Windows", "Yes,No"}}) {
    const std::string refusal = Refusal(Listed(header, more));
    EXPECT_THAT(refusal, HasSubstr("licensees of one product or service alone")) << header;
    EXPECT_THAT(refusal, HasSubstr("getOffice365ActiveUserDetail")) << header;
    EXPECT_THAT(refusal, HasSubstr("--headcount N")) << header;
  }
}

// Mutation: a room, or who has Visio and nothing else, is one of the organisation's people.
TEST_F(Headcount, LeavesOutWhoHasNothingButAdditions) {
  const TenantSummary summary = Imported(
      absl::StrCat(kMailHeader, MailRow("amy@acme.example", "2026-05-04", "MICROSOFT 365 E3"),
                   MailRow("bob@acme.example", "2026-05-04", "EXCHANGE ONLINE (PLAN 1)"),
                   MailRow("cy@acme.example", "2026-05-04", ""),
                   MailRow("room@acme.example", "2026-05-04", "MICROSOFT TEAMS ROOMS PRO"),
                   MailRow("dee@acme.example", "2026-05-04", "VISIO PLAN 2")));
  EXPECT_THAT(summary.licensed, ElementsAre(Pair("", 3)));
  EXPECT_EQ(CheckHeadcount(summary, 0), absl::OkStatus());
}

// One report that lists everybody is enough, whatever stands beside it.
TEST_F(Headcount, IsOfAllInputsTogether) {
  const std::string yammer =
      "User Principal Name,Last Activity Date,Posted Count,Read Count,Liked Count\n"
      "amy@acme.example,2026-05-04,1,1,1\n";
  const std::string mail = absl::StrCat(kMailHeader, MailRow("amy@acme.example", "2026-05-04"),
                                        MailRow("bob@acme.example", "2026-05-04"));
  for (const auto& inputs : std::vector<std::vector<std::string>>{{yammer, mail}, {mail, yammer}}) {
    const absl::StatusOr<ImportSummary> both = Run(inputs);
    ASSERT_TRUE(both.ok()) << both.status();
    EXPECT_THAT(both->tenants.at(0).licensed, ElementsAre(Pair("", 2)));
    EXPECT_EQ(CheckHeadcount(both->tenants.at(0), 0), absl::OkStatus());
    EXPECT_THAT(SummaryText(*both), HasSubstr("licensed people (--headcount)"));
    EXPECT_THAT(SummaryJson(*both), HasSubstr(R"("licensed":{"":2},"lists_everybody":true)"));
  }
  const absl::StatusOr<ImportSummary> part = Run({yammer});
  ASSERT_TRUE(part.ok()) << part.status();
  EXPECT_THAT(SummaryText(*part), HasSubstr("licensed people, not of all products"));
  EXPECT_THAT(SummaryText(*part), Not(HasSubstr("(--headcount)")));
}

// Mutation: shared mailboxes, rooms and people who have left, whom other reports list, are in the
// headcount because some report lists everybody.
TEST_F(Headcount, IsOfListsOfEverybodyAlone) {
  const std::string mail = absl::StrCat(kMailHeader, MailRow("amy@acme.example", "2026-05-04"),
                                        MailRow("bob@acme.example", "2026-05-04"));
  const std::string next = absl::StrCat(kMailHeader, MailRow("cy@acme.example", "2026-05-05"));
  const std::string mailboxes =
      "User Principal Name,Is Deleted,Last Activity Date,Item Count\n"
      "amy@acme.example,False,2026-05-04,7\n"
      "info@acme.example,False,2026-05-04,7\n"
      "room1@acme.example,False,,7\n";
  const std::string drives =
      "Site URL,Owner Principal Name,Is Deleted,Last Activity Date,Active File Count\n"
      "https://acme,left@acme.example,False,2026-05-04,7\n";
  for (const auto& inputs : std::vector<std::vector<std::string>>{{mail, mailboxes, next, drives},
                                                                  {drives, mailboxes, next, mail},
                                                                  {mail, drives, next}}) {
    const absl::StatusOr<ImportSummary> all = Run(inputs);
    ASSERT_TRUE(all.ok()) << all.status();
    EXPECT_THAT(all->tenants.at(0).licensed, ElementsAre(Pair("", 3)));
    EXPECT_EQ(all->tenants.at(0).listing, Listing::kEverybody);
  }
  const absl::StatusOr<ImportSummary> parts = Run({drives, mailboxes});
  ASSERT_TRUE(parts.ok()) << parts.status();
  EXPECT_THAT(parts->tenants.at(0).licensed, ElementsAre(Pair("", 4)));
  EXPECT_EQ(parts->tenants.at(0).listing, Listing::kPart);
}

// Mutation: a report that was cut to a department makes a headcount of 200 become 20.
TEST_F(Headcount, DoesNotFallBelowHalfUnseen) {
  const TenantSummary summary = Listed("Send Count", "1");
  for (const int64_t on_record : {0, 1, 20, 40}) {
    EXPECT_EQ(CheckHeadcount(summary, on_record), absl::OkStatus()) << on_record;
  }
  for (const int64_t on_record : {41, 200}) {
    EXPECT_THAT(Refusal(summary, on_record),
                HasSubstr(absl::StrCat("lists 20 people, fewer than half of the headcount on "
                                       "record, which is ",
                                       on_record)));
  }
  EXPECT_EQ(CheckHeadcount(TenantSummary(), 200), absl::OkStatus()) << "it lists nobody";
}

}  // namespace
}  // namespace tutti
