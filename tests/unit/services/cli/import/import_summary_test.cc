#include "services/cli/import/import_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <set>

#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ImportSummary MakeSummary() {
  ImportSummary summary;
  summary.inputs = 1;
  summary.rows = 103;
  summary.rejected[static_cast<size_t>(RejectionReason::kEmptyAuditData)] = 3;
  summary.warnings = {"a \"warning\""};
  TenantSummary tenant;
  tenant.tenant = "t";
  tenant.records = 100;
  tenant.activities["mail.sent"] = 7;
  tenant.Exclude(Exclusion::kGuest);
  tenant.Saw(1777885200);
  for (int i = 0; i < 25; ++i) {
    for (int count = 0; count <= i; ++count) tenant.Ignore(absl::StrCat("Operation", i));
  }
  summary.tenants.push_back(tenant);
  return summary;
}

TEST(SummaryText, ShowsTheCommonestOperationsAndTheRest) {
  const std::string text = SummaryText(MakeSummary());
  EXPECT_THAT(text, HasSubstr("empty AuditData"));
  EXPECT_THAT(text, HasSubstr("warning: a \"warning\"\n"));
  EXPECT_THAT(text, HasSubstr("from 2026-05-04T09:00:00Z to 2026-05-04T09:00:00Z"));
  EXPECT_THAT(text, HasSubstr("Operation24"));
  EXPECT_THAT(text, HasSubstr("Operation5 "));
  EXPECT_THAT(text, Not(HasSubstr("Operation4 ")));
  // 1 + 2 + 3 + 4 + 5 records of five operations.
  EXPECT_THAT(text, ::testing::ContainsRegex("\\(5 others\\) +15\n"));
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
  EXPECT_EQ(int64_t{tenant["ignored_operations"]["(5 others)"]}, 15);
}

TEST(TenantSummary, KeepsNamesThatAreNoOperationsOut) {
  TenantSummary tenant;
  tenant.Ignore("amy@example.com");
  tenant.Ignore("https://example.com/plan.docx");
  tenant.Ignore("");
  tenant.Ignore(" Update user. ");
  tenant.Ignore(std::string(65, 'x'));
  EXPECT_THAT(tenant.ignored_operations,
              ::testing::ElementsAre(std::make_pair("(none)", 1), std::make_pair("(other)", 3),
                                     std::make_pair("Update user.", 1)));
}

TEST(TenantSummary, KeepsAThousandNamesAtMost) {
  TenantSummary tenant;
  for (int i = 0; i < 1500; ++i) tenant.Ignore(absl::StrCat("Operation", i));
  EXPECT_LE(tenant.ignored_operations.size(), 1001u);
  EXPECT_EQ(tenant.ignored_operations["(other)"], 500);
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
