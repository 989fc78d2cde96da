#include "common/scoring/table_breakdown.h"

#include <algorithm>
#include <map>
#include <set>

#include "gtest/gtest.h"
#include "tests/support/simulated_organization.h"

namespace tutti {
namespace {

using window::v1::CADENCE_WEEKLY;

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

// Mutation: who shows the unmeasured feature too is in a union, but in none of its parts.
TEST_F(BreakDownTest, AddsUpWithoutTheFeaturesThatNoSourceGives) {
  publication::v1::Publication record =
      Publish(*catalog_, 5000, CADENCE_WEEKLY,
              {{{"channels", {0, 900, 700, 800, 500, 400, 300, 600}}}, {}}, simulator_);
  record.clear_sources();
  record.add_sources("m365_audit");
  const auto out = BreakDown(*catalog_, record, catalog_->FindTable("channels"));
  ASSERT_TRUE(out.ok()) << out.status();
  ASSERT_EQ(out->rows_size(), 6);
  double parts = 0;
  for (int row = 0; row < 3; ++row) parts += out->rows(row).subjects().value();
  EXPECT_NEAR(out->rows(5).subjects().value(), parts, 1e-6);
  EXPECT_NEAR(parts, 900 + 700 + 800 + 400 + 300 + 600, 3 * out->rows(5).subjects().margin());
}

// Mutation: margins from a sample that differs between two computations.
TEST_F(BreakDownTest, GivesTheSameAnswerToTheSameRecord) {
  const publication::v1::Publication record =
      Publish(*catalog_, 5000, CADENCE_WEEKLY, {{{"modes", {0, 900, 0, 300}}}, {}}, simulator_);
  const int table = catalog_->FindTable("modes");
  EXPECT_EQ(BreakDown(*catalog_, record, table)->SerializeAsString(),
            BreakDown(*catalog_, record, table)->SerializeAsString());
}

// Devices are expected, not known. Where nearly none come, a share of them says little.
// Mutations: rows are left out then; a share's margin is that of its number alone.
TEST_F(BreakDownTest, MarksSharesThatAreLessCertainThanPromised) {
  const auto rows = [&](int64_t devices) {
    publication::v1::Publication record =
        Publish(*catalog_, 5000, CADENCE_WEEKLY,
                {{{"endpoint", {0, devices, devices, devices, 0, 0, 0, devices}}}, {}}, simulator_);
    record.add_sources("device_telemetry");
    auto out = BreakDown(*catalog_, record, catalog_->FindTable("endpoint"));
    EXPECT_TRUE(out.ok()) << out.status();
    EXPECT_EQ(out->rows_size(), 11);
    return *std::move(out);
  };
  const score::v1::Table many = rows(1500);
  const score::v1::Table few = rows(1);
  for (int row = 0; row < 11; ++row) {
    EXPECT_FALSE(many.rows(row).wide_margin()) << many.rows(row).display_name();
    EXPECT_TRUE(few.rows(row).wide_margin()) << few.rows(row).display_name();
    const score::v1::Estimate& share = few.rows(row).share();
    EXPECT_LE(share.value() - share.margin(), 0);
    EXPECT_GE(share.value() + share.margin(), 100);
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
  for (int draw = 0; draw < 100; ++draw) {
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
