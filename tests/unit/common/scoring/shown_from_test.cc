#include "common/scoring/shown_from.h"

#include <map>
#include <string>

#include "common/scoring/planned_levels.h"
#include "common/scoring/planned_margins.h"
#include "gtest/gtest.h"
#include "tests/support/simulated_organization.h"

namespace tutti {
namespace {

using window::v1::CADENCE_AUTO;
using window::v1::CADENCE_DAILY;
using window::v1::CADENCE_FOUR_WEEKLY;
using window::v1::CADENCE_WEEKLY;

class ShownFromTest : public ::testing::Test {
 protected:
  std::unique_ptr<const Catalog> catalog_ = LoadShippedCatalog();
};

TEST_F(ShownFromTest, FindTheSmallestHeadcount) {
  const std::map<std::string, int64_t> of_other_kinds = {
      {"meeting_practice", 250}, {"endpoint", 334}, {"network", 433}, {"apps_health", 334}};
  for (const catalog::v1::Category& category : catalog_->proto().categories()) {
    const int64_t smallest =
        FindSmallestSizes(*catalog_, category, CategoryBy::kOneWindow, {}).here.people;
    const bool weekly = smallest >= 250;
    if (const auto found = of_other_kinds.find(category.id()); found != of_other_kinds.end()) {
      EXPECT_NEAR(static_cast<double>(smallest), static_cast<double>(found->second), 3)
          << category.id();
    } else {
      EXPECT_GT(smallest, 90) << category.id();
      EXPECT_LT(smallest, 130) << category.id();
    }
    const auto shown = [&](int64_t headcount) {
      return IsShown(*catalog_,
                     weekly ? PlannedTerms(*catalog_, headcount, CADENCE_WEEKLY, 7)
                            : PlannedTerms(*catalog_, headcount, CADENCE_FOUR_WEEKLY, 28),
                     category);
    };
    EXPECT_TRUE(shown(smallest));
    EXPECT_FALSE(shown(smallest - 1));
    const int64_t with_level =
        FindSmallestSizes(*catalog_, category, CategoryBy::kLevel, {}).here.people;
    EXPECT_LE(with_level, smallest);
    EXPECT_GE(with_level, 60) << category.id();
    if (smallest < 250) {
      EXPECT_LT(with_level, 70) << category.id();
    }
  }
}

// Mutation: the headcount before the smallest one.
TEST_F(ShownFromTest, FindTheSmallestHeadcountOfMeasuresAndTables) {
  const catalog::v1::Measure& measure = *catalog_->FindMeasure("chat_reach");
  const int64_t of_measure = FindSmallestSizes(*catalog_, measure, {}).here.people;
  EXPECT_GT(of_measure, 300);
  EXPECT_TRUE(IsShown(*catalog_, PlannedTerms(*catalog_, of_measure, CADENCE_WEEKLY, 7), measure));
  EXPECT_FALSE(
      IsShown(*catalog_, PlannedTerms(*catalog_, of_measure - 1, CADENCE_WEEKLY, 7), measure));
  const int table = catalog_->FindTable("channels");
  const int64_t of_table = FindSmallestSizes(*catalog_, table, {}).here.people;
  EXPECT_GT(of_table, 300);
  EXPECT_TRUE(IsTableShown(*catalog_, PlannedTerms(*catalog_, of_table, CADENCE_WEEKLY, 7), table));
  EXPECT_FALSE(
      IsTableShown(*catalog_, PlannedTerms(*catalog_, of_table - 1, CADENCE_WEEKLY, 7), table));
}

// What one cadence shows says nothing of what another does. Mutations: the search starts among the
// largest whatever the current cadence; it stays within one cadence.
TEST_F(ShownFromTest, StartAmongTheSizesOfTheCurrentCadence) {
  const catalog::v1::Category& network = *catalog_->FindCategory("network");
  const auto from = [&](const CadenceRule& rule) {
    return FindSmallestSizes(*catalog_, network, CategoryBy::kOneWindow, rule).here;
  };
  const ShownFrom weekly = from({CADENCE_AUTO, CADENCE_WEEKLY});
  EXPECT_EQ(weekly.cadence, CADENCE_WEEKLY);
  EXPECT_NEAR(static_cast<double>(weekly.people), 433, 3);
  // One of fewer people sees it at a slower cadence, until that ends.
  const ShownFrom slow = from({CADENCE_AUTO, CADENCE_FOUR_WEEKLY});
  EXPECT_EQ(slow.cadence, CADENCE_FOUR_WEEKLY);
  EXPECT_LT(slow.people, 275);
  EXPECT_TRUE(
      IsShown(*catalog_, PlannedTerms(*catalog_, slow.people, CADENCE_FOUR_WEEKLY, 28), network));
  EXPECT_FALSE(IsShown(*catalog_, PlannedTerms(*catalog_, slow.people - 1, CADENCE_FOUR_WEEKLY, 28),
                       network));
  EXPECT_EQ(from({CADENCE_FOUR_WEEKLY, CADENCE_FOUR_WEEKLY}).people, slow.people);
  // Mails as items are counted from weekly sizes on.
  const catalog::v1::Category& practice = *catalog_->FindCategory("meeting_practice");
  const ShownFrom larger = FindSmallestSizes(*catalog_, practice, CategoryBy::kOneWindow,
                                             {CADENCE_AUTO, CADENCE_FOUR_WEEKLY})
                               .here;
  EXPECT_GE(larger.people, 250);
}

// 600 people get weekly records, and so do 230 who were more: those need 234, but 109 get slower
// ones. Mutation: the search ends within the cadence of who asks.
TEST_F(ShownFromTest, SayTheSmallestOfAllToWhoeverSeesIt) {
  const catalog::v1::Category& category = *catalog_->FindCategory("communication");
  const SmallestSizes sizes = FindSmallestSizes(*catalog_, category, CategoryBy::kOneWindow,
                                                {CADENCE_AUTO, CADENCE_WEEKLY});
  const ShownFrom& told = sizes.For(600);
  EXPECT_EQ(told.cadence, CADENCE_FOUR_WEEKLY);
  EXPECT_TRUE(
      IsShown(*catalog_, PlannedTerms(*catalog_, told.people, CADENCE_FOUR_WEEKLY, 28), category));
  EXPECT_FALSE(IsShown(*catalog_, PlannedTerms(*catalog_, told.people - 1, CADENCE_FOUR_WEEKLY, 28),
                       category));
  const ShownFrom& lacked = sizes.For(230);
  EXPECT_EQ(lacked.cadence, CADENCE_WEEKLY);
  EXPECT_GT(lacked.people, 230);
  EXPECT_EQ(lacked.people, FindSmallestSizes(*catalog_, category, CategoryBy::kOneWindow,
                                             {CADENCE_AUTO, CADENCE_WEEKLY})
                               .here.people);
}

// Mutation: AUTO for everybody.
TEST_F(ShownFromTest, TakeARecordThatIsSlowerThanAutoForASlowerWish) {
  EXPECT_EQ(RuleOfRecord(1000, CADENCE_WEEKLY).requested, CADENCE_AUTO);
  EXPECT_EQ(RuleOfRecord(260, CADENCE_FOUR_WEEKLY).requested, CADENCE_AUTO) << "within 10%";
  EXPECT_EQ(RuleOfRecord(1000, CADENCE_FOUR_WEEKLY).requested, CADENCE_FOUR_WEEKLY);
  EXPECT_EQ(RuleOfRecord(1000, CADENCE_FOUR_WEEKLY).At(30'000), CADENCE_FOUR_WEEKLY);
  EXPECT_EQ(RuleOfRecord(30'000, CADENCE_WEEKLY).At(100), CADENCE_FOUR_WEEKLY);
}

// Mutations: everybody is compared; the cadence of a smaller organisation.
TEST_F(ShownFromTest, CountTheEntitledAtTheOwnSize) {
  const catalog::v1::Category& category = *catalog_->FindCategory("ai_assistance");
  EXPECT_EQ(EntitledProductOf(*catalog_, category), "assistant");
  EXPECT_EQ(EntitledProductOf(*catalog_, *catalog_->FindCategory("teamwork")), "");
  EXPECT_EQ(EntitledProductOf(*catalog_->FindMeasure("ai_assistance_reach")), "assistant");
  PublicTerms terms = PlannedTerms(*catalog_, 1000, CADENCE_WEEKLY, 7);
  const int64_t alone = SmallestEntitled(*catalog_, category, CategoryBy::kOneWindow, "assistant",
                                         terms, CADENCE_WEEKLY);
  EXPECT_GT(alone, 150) << "more than of a whole organisation, four-weekly";
  EXPECT_LT(alone, 400);
  const auto shown = [&](int64_t people) {
    terms.entitled["assistant"] = people;
    return IsShown(*catalog_, terms, category);
  };
  EXPECT_TRUE(shown(alone));
  EXPECT_FALSE(shown(alone - 1));
  EXPECT_LT(
      SmallestEntitled(*catalog_, category, CategoryBy::kLevel, "assistant", terms, CADENCE_WEEKLY),
      alone);
  EXPECT_EQ(
      SmallestEntitled(*catalog_, category, CategoryBy::kLevel, "assistant",
                       PlannedTerms(*catalog_, 30, CADENCE_FOUR_WEEKLY, 28), CADENCE_FOUR_WEEKLY),
      0);
}

}  // namespace
}  // namespace tutti
