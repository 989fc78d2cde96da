#include "common/scoring/planned_margins.h"

#include <vector>

#include "common/scoring/category_points.h"
#include "common/scoring/planned_levels.h"
#include "gtest/gtest.h"
#include "tests/support/simulated_organization.h"

namespace tutti {
namespace {

using window::v1::CADENCE_DAILY;
using window::v1::CADENCE_FOUR_WEEKLY;
using window::v1::CADENCE_WEEKLY;

class PlannedMarginsTest : public ::testing::Test {
 protected:
  double MarginOfCategory(const char* id, int64_t headcount, window::v1::Cadence cadence,
                          int step_days) const {
    const PublicTerms terms = PlannedTerms(*catalog_, headcount, cadence, step_days);
    return MarginOf(
        PlannedPoints(*catalog_, MeasureFormulas(*catalog_, terms), *catalog_->FindCategory(id)));
  }

  std::unique_ptr<const Catalog> catalog_ = LoadShippedCatalog();
};

TEST_F(PlannedMarginsTest, ShrinkWithTheHeadcount) {
  // Worked out by hand for 1,000 weekly: sigma^2 = 130 of the table gives 16.1 x 1.09 people at
  // a load of 1/8, 70 points per 1,000; sigma = 126 of a habit gives 18 people a
  // day, 70 points per 1,000: 1.96 x hypot(1.23, 1.28), and the bias.
  EXPECT_NEAR(MarginOfCategory("communication", 120, CADENCE_FOUR_WEEKLY, 28), 13, 1);
  EXPECT_NEAR(MarginOfCategory("communication", 250, CADENCE_WEEKLY, 7), 14.2, 0.3);
  EXPECT_NEAR(MarginOfCategory("communication", 1000, CADENCE_WEEKLY, 7), 3.65, 0.15);
  EXPECT_NEAR(MarginOfCategory("communication", 5000, CADENCE_WEEKLY, 7), 0.8, 0.1);
  EXPECT_NEAR(MarginOfCategory("communication", 20000, CADENCE_DAILY, 1), 1.2, 0.4);
}

TEST_F(PlannedMarginsTest, MakeTablesOfThreeFeaturesAndOfOneEqual) {
  EXPECT_NEAR(MarginOfCategory("communication", 1000, CADENCE_WEEKLY, 7),
              MarginOfCategory("teamwork", 1000, CADENCE_WEEKLY, 7), 0.2);
}

// Mutations: what one window alone shows decides; anything is drawn.
TEST_F(PlannedMarginsTest, DrawWhatWillBeShown) {
  EXPECT_FALSE(IsDrawn(*catalog_, {"activities"}, 9, CADENCE_FOUR_WEEKLY, 28));
  EXPECT_FALSE(IsDrawn(*catalog_, {"activities"}, 58, CADENCE_FOUR_WEEKLY, 28));
  EXPECT_TRUE(IsDrawn(*catalog_, {"activities"}, 64, CADENCE_FOUR_WEEKLY, 28));
  EXPECT_TRUE(IsDrawn(*catalog_, {"activities"}, 120, CADENCE_FOUR_WEEKLY, 28));
}

TEST_F(PlannedMarginsTest, CountOnlyWhatASourceFeeds) {
  EXPECT_TRUE(IsDrawn(*catalog_, {"item_records"}, 250, CADENCE_WEEKLY, 7))
      << "it feeds measures alone";
  EXPECT_FALSE(IsDrawn(*catalog_, {"item_records"}, 200, CADENCE_FOUR_WEEKLY, 28));
  EXPECT_TRUE(IsDrawn(*catalog_, {}, 250, CADENCE_WEEKLY, 7));
  EXPECT_TRUE(IsDrawn(*catalog_, {"meeting_records"}, 250, CADENCE_WEEKLY, 7));
  EXPECT_TRUE(IsDrawn(*catalog_, {"device_telemetry"}, 250, CADENCE_WEEKLY, 7));
  EXPECT_TRUE(IsDrawn(*catalog_, {"device_telemetry"}, 100, CADENCE_FOUR_WEEKLY, 28));
  EXPECT_FALSE(IsDrawn(*catalog_, {"device_telemetry"}, 90, CADENCE_FOUR_WEEKLY, 28));
}

// Mutation: levels from the third record on.
TEST_F(PlannedMarginsTest, SayFromWhichRecordOnALevelIsShown) {
  const catalog::v1::Category& category = *catalog_->FindCategory("communication");
  const auto from = [&](int64_t headcount) {
    return RecordsUntilShown(*catalog_, PlannedTerms(*catalog_, headcount, CADENCE_FOUR_WEEKLY, 28),
                             CADENCE_FOUR_WEEKLY, category);
  };
  EXPECT_EQ(from(120), 1);
  EXPECT_EQ(from(40), 0);
  int last = 1;
  for (int64_t headcount = 120; from(headcount) != 0; --headcount) {
    EXPECT_GE(from(headcount), last) << headcount;
    last = from(headcount);
    const double alone = MarginOfCategory("communication", headcount, CADENCE_FOUR_WEEKLY, 28);
    EXPECT_LE(alone, kWidestMarginWithLevel);
    EXPECT_EQ(last == 1, alone <= kWidestMarginShown) << headcount;
  }
  EXPECT_GT(last, 3);
}

// Weekly levels come to less than half of what one window may be off by. Mutation: no limit of
// that.
TEST_F(PlannedMarginsTest, ShowNoLevelWhereOneWindowSaysNextToNothing) {
  PublicTerms terms = PlannedTerms(*catalog_, 400, CADENCE_WEEKLY, 7);
  const catalog::v1::Category& category = *catalog_->FindCategory("ai_assistance");
  int close = 0;
  for (int64_t entitled = 60; entitled <= 300; entitled += 2) {
    terms.entitled["assistant"] = entitled;
    const double alone =
        MarginOf(*PlannedCategory(*catalog_, MeasureFormulas(*catalog_, terms), category));
    const int from = RecordsUntilShown(*catalog_, terms, CADENCE_WEEKLY, category);
    EXPECT_EQ(from == 0, alone > kWidestMarginWithLevel) << entitled;
    EXPECT_EQ(from == 1, alone <= kWidestMarginShown) << entitled;
    if (alone > kWidestMarginWithLevel && alone < 33) ++close;
  }
  EXPECT_GT(close, 0);
}

// What decides whether it is shown and what says from when on are one. Mutation: the last record
// alone.
TEST_F(PlannedMarginsTest, ShowALevelFromTheRecordOnThatWasSaid) {
  const catalog::v1::Category& category = *catalog_->FindCategory("communication");
  const PublicTerms terms = PlannedTerms(*catalog_, 64, CADENCE_FOUR_WEEKLY, 28);
  const int from = RecordsUntilShown(*catalog_, terms, CADENCE_FOUR_WEEKLY, category);
  ASSERT_GT(from, 1);
  const LevelModel model = LevelModelFor(28);
  const Figure alone = *PlannedCategory(*catalog_, MeasureFormulas(*catalog_, terms), category);
  std::vector<PlannedObservation> records;
  for (int record = 1; record <= from + 2; ++record) {
    records.push_back({1, VariancesOf(alone).noise});
    EXPECT_EQ(IsLevelShown(model, records, alone), record >= from) << record;
  }
  // Half a year ago is little to go by.
  records.back().steps = 26;
  EXPECT_FALSE(IsLevelShown(model, records, alone));
}

TEST_F(PlannedMarginsTest, GrowNowhereWithinACadence) {
  // What the search for the smallest headcount relies on.
  for (const char* id : {"communication", "teamwork"}) {
    double last = 1e9;
    for (int64_t headcount = 10; headcount < 20'000'000; headcount += 1 + headcount / 50) {
      const double margin = MarginOfCategory(id, headcount, CADENCE_FOUR_WEEKLY, 28);
      EXPECT_LE(margin, std::max(last * 1.0001, kWidestMarginShown)) << headcount;
      last = margin;
    }
  }
}

TEST_F(PlannedMarginsTest, ShowSupportingFiguresOfLargerOrganisations) {
  const catalog::v1::Measure& measure = *catalog_->FindMeasure("chat_reach");
  EXPECT_FALSE(IsShown(*catalog_, PlannedTerms(*catalog_, 300, CADENCE_WEEKLY, 7), measure));
  EXPECT_TRUE(IsShown(*catalog_, PlannedTerms(*catalog_, 1000, CADENCE_WEEKLY, 7), measure));
  const int table = catalog_->FindTable("channels");
  EXPECT_FALSE(IsTableShown(*catalog_, PlannedTerms(*catalog_, 300, CADENCE_WEEKLY, 7), table));
  EXPECT_TRUE(IsTableShown(*catalog_, PlannedTerms(*catalog_, 1000, CADENCE_WEEKLY, 7), table));
}

TEST_F(PlannedMarginsTest, WithholdWhatFewAreEntitledTo) {
  PublicTerms terms = PlannedTerms(*catalog_, 1000, CADENCE_WEEKLY, 7);
  const catalog::v1::Category& category = *catalog_->FindCategory("ai_assistance");
  EXPECT_TRUE(IsShown(*catalog_, terms, category));
  terms.entitled["assistant"] = 50;
  EXPECT_FALSE(IsShown(*catalog_, terms, category));
  terms.entitled["assistant"] = 0;
  EXPECT_FALSE(IsShown(*catalog_, terms, category));
}

}  // namespace
}  // namespace tutti
