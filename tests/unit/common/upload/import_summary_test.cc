#include "common/upload/import_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "common/sources/registry.h"

namespace tutti {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kOperations[25] = {
    "FileDeleted",    "FileMoved",     "FileRenamed",    "FileRestored", "FileRecycled",
    "FolderCreated",  "FolderDeleted", "FolderModified", "FolderMoved",  "FolderRenamed",
    "ListCreated",    "ListDeleted",   "ListUpdated",    "ListViewed",   "ListRestored",
    "SecureLinkUsed", "PageViewed",    "PageCreated",    "PageDeleted",  "PageModified",
    "MemberAdded",    "MemberRemoved", "ChannelAdded",   "UserLoggedIn", "HardDelete"};

ImportSummary MakeSummary() {
  ImportSummary summary;
  summary.inputs = 1;
  summary.rows = 103;
  summary.rejected[static_cast<size_t>(RejectionReason::kEmptyAuditData)] = 3;
  summary.warnings = {"a \"warning\""};
  summary.known_types = {"mail.read", "mail.sent"};
  summary.source = ShippedSources().Find("m365-audit");
  TenantSummary tenant;
  tenant.tenant = "t";
  tenant.records = 100;
  tenant.activities["mail.sent"] = 7;
  tenant.Exclude(Exclusion::kGuest);
  tenant.Saw(1777885200);
  for (int i = 0; i < 25; ++i) {
    for (int count = 0; count <= i; ++count) tenant.Ignore(kOperations[i]);
  }
  for (int count = 0; count < 9; ++count) tenant.Ignore("amy.jones");
  summary.tenants.push_back(tenant);
  return summary;
}

TEST(SummaryText, ShowsTheCommonestOperationsAndTheRest) {
  const std::string text = SummaryText(MakeSummary());
  EXPECT_THAT(text, HasSubstr("empty AuditData"));
  EXPECT_THAT(text, HasSubstr("warning: a \"warning\"\n"));
  EXPECT_THAT(text, HasSubstr("from 2026-05-04T09:00:00Z to 2026-05-04T09:00:00Z"));
  EXPECT_THAT(text, HasSubstr(kOperations[24]));
  EXPECT_THAT(text, HasSubstr(kOperations[6]));
  EXPECT_THAT(text, HasSubstr("(other)"));
  EXPECT_THAT(text, Not(HasSubstr(kOperations[5])));
  // 1 + 2 + 3 + 4 + 5 + 6 records of six operations.
  EXPECT_THAT(text, ::testing::ContainsRegex("\\(6 others\\) +21\n"));
}

// Mutation: what has the form of an operation's name is shown.
TEST(Summary, NamesOnlyWhatIsKnownUnlessAllIsAskedFor) {
  ImportSummary summary = MakeSummary();
  TenantSummary& tenant = summary.tenants[0];
  tenant.ignored_operations.clear();
  tenant.Ignore("Amy Jones");
  tenant.Ignore("amy.jones");
  tenant.Ignore("amy@example.com");
  tenant.Ignore(" harddelete. ");
  tenant.Ignore("");
  tenant.Count("bob.jones");
  for (const std::string& told : {SummaryText(summary), SummaryJson(summary)}) {
    EXPECT_THAT(told, Not(::testing::ContainsRegex("[Jj]ones|example"))) << told;
    EXPECT_THAT(told, HasSubstr("HardDelete"));
  }
  EXPECT_THAT(SummaryJson(summary),
              HasSubstr(R"j("ignored_operations":{"(other)":3,"(none)":1,"HardDelete":1})j"));
  EXPECT_THAT(SummaryJson(summary), HasSubstr(R"j("activities":{"(other)":1,"mail.sent":7})j"));
  // Nobody's names are known.
  summary.source = nullptr;
  EXPECT_THAT(SummaryJson(summary),
              HasSubstr(R"j("ignored_operations":{"(other)":4,"(none)":1})j"));
  for (const std::string& told :
       {SummaryText(summary, ShownNames::kAll), SummaryJson(summary, ShownNames::kAll)}) {
    for (const char* name : {"Amy Jones", "amy.jones", "amy@example.com", "bob.jones"}) {
      EXPECT_THAT(told, HasSubstr(name));
    }
  }
}

TEST(SummaryText, ShowsEveryOperationToWhoAsks) {
  const std::string text = SummaryText(MakeSummary(), ShownNames::kAll);
  for (const char* operation : kOperations) EXPECT_THAT(text, HasSubstr(operation));
  EXPECT_THAT(text, Not(HasSubstr("others)")));
}

TEST(SummaryJson, IsJsonWithTheSameCounts) {
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  ASSERT_EQ(parser.parse(SummaryJson(MakeSummary())).get(json), simdjson::SUCCESS);
  EXPECT_EQ(int64_t{json["rows"]}, 103);
  EXPECT_EQ(int64_t{json["rejected"]["empty AuditData"]}, 3);
  const simdjson::dom::element tenant = json["tenants"].at(0);
  EXPECT_EQ(int64_t{tenant["activities"]["mail.sent"]}, 7);
  EXPECT_EQ(int64_t{tenant["excluded"]["guest"]}, 1);
  EXPECT_EQ(int64_t{tenant["ignored_operations"]["(6 others)"]}, 21);
}

// Scripts read it, and so do people with `jq` alone. Mutations: members in the order of their
// names; no end of the line; a text that ends the JSON.
TEST(SummaryJson, IsOneLineWithItsMembersInOrder) {
  ImportSummary summary;
  summary.inputs = 1;
  summary.warnings = {"a \"warning\"\\\n\xff"};
  summary.tenants.emplace_back().tenant = "t";
  EXPECT_EQ(SummaryJson(summary),
            R"j({"inputs":1,"rows":0,"other_tenants":0,"rejected":{},"warnings":)j"
            R"j(["a \"warning\"\\\n)j"
            "\xef\xbf\xbd"
            R"j("],"tenants":[{"tenant":"t","organization":"","records":0,)j"
            R"j("duplicates":0,"distinct":0,"fates":{"with an activity":0,"left out":0,)j"
            R"j("without a meaning here":0},"people":0,"subjects":{},"feeds":[],"licensed":{},)j"
            R"j("lists_everybody":false,"activities":{},"apps":{},"traits":{},"unknown_apps":{},)j"
            R"j("excluded":{},"ignored_operations":{},"upload":{"batches":0,"retries":0,)j"
            R"j("accepted":0,"partly_late":0,"ignored_values":0,"refused":{}}}]})j"
            "\n");
}

TEST(TenantSummary, KeepsAThousandNamesAtMost) {
  TenantSummary tenant;
  for (int i = 0; i < 1500; ++i) tenant.Ignore(absl::StrCat("Operation", i));
  EXPECT_LE(tenant.ignored_operations.size(), 1001u);
  EXPECT_EQ(tenant.ignored_operations["(other)"], 500);
  tenant.Ignore(std::string(201, 'x'));
  EXPECT_EQ(tenant.ignored_operations["(other)"], 501) << "nor a long one";
}

TEST(Names, AreAllDifferent) {
  std::set<absl::string_view> names;
  for (size_t i = 0; i < kExclusionCount; ++i)
    names.insert(ExclusionName(static_cast<Exclusion>(i)));
  EXPECT_EQ(names.size(), kExclusionCount);
  EXPECT_EQ(names.count("unknown"), 0u);
  std::set<absl::string_view> reasons;
  for (int i = 0; i < kRejectionReasonCount; ++i) {
    reasons.insert(RejectionReasonName(static_cast<RejectionReason>(i)));
  }
  EXPECT_EQ(reasons.size(), static_cast<size_t>(kRejectionReasonCount));
  EXPECT_EQ(reasons.count("unknown"), 0u);
}

}  // namespace
}  // namespace tutti
