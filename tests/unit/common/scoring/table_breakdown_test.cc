#include "common/scoring/table_breakdown.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include "gtest/gtest.h"
#include "tests/support/simulated_organization.h"

namespace tutti {
namespace {

using window::v1::CADENCE_WEEKLY;

TEST(ConsistentNumbers, KeepsTheSumAndTheSign) {
  std::mt19937_64 random(51);
  std::normal_distribution<double> normal(2, 10);
  for (int i = 0; i < 500; ++i) {
    std::vector<double> numbers(7);
    for (double& number : numbers) number = normal(random);
    const double sum = std::accumulate(numbers.begin(), numbers.end(), 0.0);
    const std::vector<double> consistent = ConsistentNumbers(numbers);
    double shown = 0;
    for (const double number : consistent) {
      EXPECT_GE(number, 0);
      shown += number;
    }
    EXPECT_NEAR(shown, std::max(sum, 0.0), 1e-9);
  }
}

TEST(ConsistentNumbers, LeavesConsistentNumbersAlone) {
  const std::vector<double> numbers = {3, 0, 8, 1};
  EXPECT_EQ(ConsistentNumbers(numbers), numbers);
}

TEST(ConsistentNumbers, IsTheNearestOfAll) {
  // 3, -1, 2 have the sum 4: the nearest takes 1/2 from each of the two.
  const std::vector<double> nearest = ConsistentNumbers({3, -1, 2});
  EXPECT_DOUBLE_EQ(nearest[0], 2.5);
  EXPECT_DOUBLE_EQ(nearest[1], 0);
  EXPECT_DOUBLE_EQ(nearest[2], 1.5);
}

class BreakDownTest : public ::testing::Test {
 protected:
  score::v1::Table Rows(const Activity& activity, const char* table) {
    const auto out =
        BreakDown(*catalog_, Publish(*catalog_, 5000, CADENCE_WEEKLY, activity, simulator_),
                  catalog_->FindTable(table));
    EXPECT_TRUE(out.ok()) << out.status();
    return *out;
  }

  std::unique_ptr<const Catalog> catalog_ = LoadShippedCatalog();
  SlotSimulator simulator_{52};
};

// Mutation: a table that is shown as soon as one of its features has a source says that
// nobody did the others.
TEST_F(BreakDownTest, LeavesOutFeaturesThatNoSourceGives) {
  publication::v1::Publication record =
      Publish(*catalog_, 5000, CADENCE_WEEKLY,
              {{{"channels", {0, 900, 700, 800, 500, 400, 300, 600}}}, {}}, simulator_);
  const int table = catalog_->FindTable("channels");
  EXPECT_EQ(BreakDown(*catalog_, record, table)->unmeasured_features_size(), 0);
  record.clear_sources();
  record.add_sources("m365_audit");
  const auto out = BreakDown(*catalog_, record, table);
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_EQ(out->state(), score::v1::FIGURE_STATE_MEASURED);
  ASSERT_EQ(out->unmeasured_features_size(), 1);
  EXPECT_EQ(out->rows_size(), 3 + 2 + 1);
  for (const auto& row : out->rows()) {
    EXPECT_EQ(std::count(row.features().begin(), row.features().end(), "chat"), 0);
  }
}

TEST_F(BreakDownTest, AddsUp) {
  const score::v1::Table table =
      Rows({{{"modes", {0, 900, 700, 800, 500, 400, 300, 600}}}, {}}, "modes");
  ASSERT_EQ(table.state(), score::v1::FIGURE_STATE_MEASURED);
  ASSERT_EQ(table.rows_size(), 11);
  std::map<std::set<std::string>, double> exactly;
  double largest_part = 0;
  for (const auto& row : table.rows()) {
    const std::set<std::string> features(row.features().begin(), row.features().end());
    if (row.kind() == score::v1::ROW_KIND_EXACTLY) {
      exactly[features] = row.subjects().value();
      continue;
    }
    double sum = 0;
    for (const auto& [parts, number] : exactly) {
      for (const std::string& feature : parts) {
        if (features.count(feature) != 0) {
          sum += number;
          break;
        }
      }
    }
    EXPECT_NEAR(row.subjects().value(), sum, 1e-6) << row.display_name();
    if (features.size() == 1) largest_part = std::max(largest_part, row.subjects().value());
    if (features.size() == 3) {
      EXPECT_GE(row.subjects().value(), largest_part);
    }
    EXPECT_NEAR(row.share().value(), row.subjects().value() / 50, 1e-9);
  }
}

TEST_F(BreakDownTest, NamesRowsForPeople) {
  const score::v1::Table table = Rows({}, "platforms");
  std::vector<std::string> names;
  for (const auto& row : table.rows()) names.push_back(row.display_name());
  EXPECT_EQ(names[0], "Desktop only");
  EXPECT_EQ(names[2], "Desktop and web only");
  EXPECT_EQ(names[6], "Desktop, web and mobile");
  EXPECT_EQ(names[7], "Desktop, with or without more");
  EXPECT_EQ(names[10], "Any of these");
}

// Mutation: an interval that ends where that of an estimate far below 0 ends prints "1 ± 1"
// where noise alone is as wide as dozens.
TEST_F(BreakDownTest, NoiseBelowNothingNarrowsNoMargin) {
  double least = 1e9;
  double most = 0;
  for (int draw = 0; draw < 300; ++draw) {
    publication::v1::Publication record = Publish(*catalog_, 5000, CADENCE_WEEKLY, {}, simulator_);
    record.add_sources("workspace_records");
    const auto out = BreakDown(*catalog_, record, catalog_->FindTable("workspace_age"));
    ASSERT_TRUE(out.ok()) << out.status();
    ASSERT_GT(out->rows_size(), 0);
    const double margin = out->rows(0).subjects().margin();
    least = std::min(least, margin);
    most = std::max(most, margin);
  }
  EXPECT_GT(most, 0);
  EXPECT_GT(least, most / 4);
}

TEST_F(BreakDownTest, HasOneRowForOneFeature) {
  const score::v1::Table table = Rows({{{"collaboration", {0, 2000}}}, {}}, "collaboration");
  ASSERT_EQ(table.rows_size(), 1);
  EXPECT_NEAR(table.rows(0).subjects().value(), 2000, 2 * table.rows(0).subjects().margin());
}

TEST_F(BreakDownTest, GivesTheMeanDayOfAHabit) {
  const score::v1::Table table = Rows({{}, {{"habit_communication", 1500}}}, "habit_communication");
  ASSERT_EQ(table.rows_size(), 1);
  EXPECT_NEAR(table.rows(0).share().value(), 30, 2 * table.rows(0).share().margin());
}

TEST_F(BreakDownTest, WithholdsAndExplains) {
  publication::v1::Publication record = Publish(*catalog_, 300, CADENCE_WEEKLY, {}, simulator_);
  const auto small = BreakDown(*catalog_, record, catalog_->FindTable("channels"));
  ASSERT_TRUE(small.ok());
  EXPECT_EQ(small->state(), score::v1::FIGURE_STATE_WITHHELD);
  EXPECT_FALSE(small->state_reason().empty());
  EXPECT_EQ(small->rows_size(), 0);
  record.clear_sources();
  EXPECT_EQ(BreakDown(*catalog_, record, catalog_->FindTable("modes"))->state(),
            score::v1::FIGURE_STATE_NOT_MEASURED);
}

}  // namespace
}  // namespace tutti
