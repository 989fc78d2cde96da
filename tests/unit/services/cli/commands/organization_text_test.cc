#include "services/cli/commands/organization_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace tutti {
namespace {

using aggregate::v1::Organization;
using ::testing::HasSubstr;

constexpr int64_t kExpected = 1'796'083'220;  // 2026-12-01T00:00:20Z

Organization Active() {
  Organization organization;
  organization.set_name("organizations/acme");
  organization.set_headcount(300);
  organization.set_state(aggregate::v1::ORGANIZATION_STATE_ACTIVE);
  organization.set_first_day("2026-11-02");
  organization.set_effective_cadence(window::v1::CADENCE_FOUR_WEEKLY);
  return organization;
}

// With every fact on one line.
std::string Text(const Organization& organization, const std::string& asked = "") {
  return absl::StrReplaceAll(
      OrganizationText(organization, absl::FromUnixSeconds(kExpected - 1), asked),
      {{absl::StrCat("\n", std::string(16, ' ')), " "}});
}

TEST(OrganizationTextTest, SaysWhetherTheFirstDayWasMoved) {
  EXPECT_THAT(Text(Active()), HasSubstr("activity      is taken from 2026-11-02 on\n"));
  EXPECT_THAT(Text(Active(), "2026-11-02"), HasSubstr("from 2026-11-02 on\n"));
  EXPECT_THAT(Text(Active(), "2026-10-20"),
              HasSubstr("from 2026-11-02 on, not from 2026-10-20: the first window of a "
                        "four-weekly cadence begins then\n"));
}

TEST(OrganizationTextTest, SaysWhenTheFirstScoreIsToBeExpected) {
  Organization organization = Active();
  organization.mutable_first_score_expected()->set_seconds(kExpected);
  EXPECT_THAT(Text(organization), HasSubstr("to be expected from 2026-12-01 00:01 UTC on\n"));
  organization.mutable_first_score_expected()->set_seconds(kExpected - 10);
  EXPECT_THAT(Text(organization), HasSubstr("were to be expected from 2026-12-01 00:01 UTC on\n"));
  organization.clear_first_score_expected();
  EXPECT_THAT(Text(organization), HasSubstr("none: no category"));
  organization.set_first_score_headcount(420);
  EXPECT_THAT(Text(organization),
              HasSubstr("none with 300 people: there are some from 420 people on\n"));
  organization = Active();
  organization.set_state(aggregate::v1::ORGANIZATION_STATE_BACKFILLING);
  EXPECT_THAT(Text(organization), HasSubstr("when the back-fill is finished"));
  organization.set_state(aggregate::v1::ORGANIZATION_STATE_PAUSED);
  EXPECT_THAT(Text(organization), HasSubstr("none while it is paused\n"));
  EXPECT_THAT(Text(organization), HasSubstr("is not taken while it is paused\n"));
}

// Mutation: what is never shown stands among what is.
TEST(OrganizationTextTest, SaysFromWhichRecordOnACategoryIsShown) {
  Organization organization = Active();
  EXPECT_THAT(Text(organization), HasSubstr("shows         nothing\n"));
  for (const auto& [category, record] : std::vector<std::pair<std::string, int>>{
           {"communication", 4}, {"network", 0}, {"teamwork", 1}, {"meetings", 4}}) {
    auto& shown = *organization.add_first_shown();
    shown.set_category(category);
    shown.set_record(record);
  }
  organization.mutable_first_shown(0)->mutable_expected()->set_seconds(kExpected);
  organization.mutable_first_shown(3)->mutable_expected()->set_seconds(kExpected);
  organization.mutable_first_shown(1)->set_needed_people(433);
  auto& assistance = *organization.add_first_shown();
  assistance.set_category("ai_assistance");
  assistance.set_entitled_product("assistant");
  assistance.set_needed_people(62);
  EXPECT_THAT(Text(organization),
              HasSubstr("shows         teamwork from the first record on; communication, meetings "
                        "from record 4 on, about 2026-12-01; never at this size: network (from 433 "
                        "people on), ai_assistance (from 62 people entitled to assistant on)\n"));
}

// Mutation: a fact on one line, however long.
TEST(OrganizationTextTest, IsAtMost100ColumnsWide) {
  Organization organization = Active();
  for (int i = 0; i < 9; ++i) {
    auto& shown = *organization.add_first_shown();
    shown.set_category(absl::StrCat("a_category_", i));
    shown.set_needed_people(433);
    organization.add_fed_categories(shown.category());
  }
  const std::string text =
      OrganizationText(organization, absl::FromUnixSeconds(kExpected), "2026-10-20");
  for (const absl::string_view line : absl::StrSplit(text, '\n'))
    EXPECT_LE(line.size(), 100U) << line;
  EXPECT_THAT(text, HasSubstr("433 people on),\n                "));
}

// Mutation: a total is promised where a category in it is never shown.
TEST(OrganizationTextTest, PromisesATotalOnlyWhereItWillCome) {
  Organization organization = Active();
  EXPECT_THAT(Text(organization), HasSubstr("total         none: nothing is measured\n"));
  organization.mutable_first_total();
  EXPECT_THAT(Text(organization), HasSubstr("total         never at this size"));
  organization.mutable_first_total()->set_record(4);
  organization.mutable_first_total()->mutable_expected()->set_seconds(kExpected);
  EXPECT_THAT(Text(organization), HasSubstr("total         from record 4 on, about 2026-12-01\n"));
}

}  // namespace
}  // namespace tutti
