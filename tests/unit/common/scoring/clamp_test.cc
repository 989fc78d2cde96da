// That a homogeneous organisation gives nothing away: what everybody did, and what
// nearly everybody did, look the same in every field.

#include <cmath>

#include "absl/algorithm/container.h"
#include "common/scoring/score_builder.h"
#include "common/scoring/table_breakdown.h"
#include "gtest/gtest.h"
#include "tests/support/simulated_organization.h"

namespace tutti {
namespace {

using window::v1::CADENCE_WEEKLY;

constexpr int64_t kHeadcount = 5000;

class ClampTest : public ::testing::Test {
 protected:
  // Everybody who does anything does all of it, every day.
  publication::v1::Publication PublishWith(double share) {
    const int64_t people = std::llround(share * kHeadcount);
    Activity activity;
    for (const CatalogTable& table : catalog_->tables()) {
      if (table.is_habit()) {
        activity.habits.emplace_back(table.proto->id(), people);
      } else {
        Subjects subjects{};
        subjects[(size_t{1} << table.feature_count()) - 1] = people;
        activity.tables.emplace_back(table.proto->id(), subjects);
      }
    }
    return Publish(*catalog_, kHeadcount, CADENCE_WEEKLY, activity, simulator_, /*noise=*/false);
  }

  std::string ScoreWith(double share) {
    const auto scored = ScorePublication(*catalog_, PublishWith(share));
    EXPECT_TRUE(scored.ok());
    return scored->score.DebugString();
  }

  std::unique_ptr<const Catalog> catalog_ = LoadShippedCatalog();
  SlotSimulator simulator_{11};
};

TEST_F(ClampTest, ShowsEverybodyAndNearlyEverybodyAlike) {
  const std::string all = ScoreWith(1.0);
  EXPECT_EQ(all, ScoreWith(0.97));
  EXPECT_EQ(all, ScoreWith(1.05));
  EXPECT_NE(all, ScoreWith(0.9));
}

TEST_F(ClampTest, ShowsNobodyAndNearlyNobodyAlike) {
  const std::string none = ScoreWith(0.0);
  EXPECT_EQ(none, ScoreWith(0.02));
  EXPECT_NE(none, ScoreWith(0.12));
}

TEST_F(ClampTest, ShowsTablesAlike) {
  for (size_t table = 0; table < catalog_->tables().size(); ++table) {
    // Only people are a number that is known.
    if (catalog_->tables()[table].kind != catalog_->FindKind("person")) continue;
    const auto rows = [&](double share) {
      const auto out = BreakDown(*catalog_, PublishWith(share), static_cast<int>(table));
      EXPECT_TRUE(out.ok());
      return out->DebugString();
    };
    EXPECT_EQ(rows(1.0), rows(0.97)) << table;
    EXPECT_EQ(rows(0.0), rows(0.02)) << table;
    EXPECT_NE(rows(1.0), rows(0.5)) << table;
  }
}

TEST_F(ClampTest, HidesTheTotalInTheSumOfCombinations) {
  // Everybody uses a platform, in several combinations: adding them up gives 95%.
  Activity activity;
  activity.tables = {{"platforms", {0, 2000, 0, 1500, 0, 1000, 0, 500}}};
  const auto rows =
      BreakDown(*catalog_, Publish(*catalog_, kHeadcount, CADENCE_WEEKLY, activity, simulator_),
                catalog_->FindTable("platforms"));
  ASSERT_TRUE(rows.ok());
  double sum = 0;
  for (const auto& row : rows->rows()) {
    if (row.kind() != score::v1::ROW_KIND_EXACTLY) continue;
    // A bound says at most 5%, whatever it hides.
    if (row.share().bound() == score::v1::BOUND_UNSPECIFIED) sum += row.share().value();
  }
  EXPECT_LE(sum, 95.0001);
  EXPECT_EQ(rows->rows(rows->rows_size() - 1).share().bound(), score::v1::BOUND_AT_LEAST);
}

TEST_F(ClampTest, SaysBounds) {
  const auto all = ScorePublication(*catalog_, PublishWith(1.0));
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(all->score.points().bound(), score::v1::BOUND_AT_LEAST);
  EXPECT_NEAR(all->score.points().value(), 6 * (70 * 0.95 + 30), 1e-9);
  const auto none = ScorePublication(*catalog_, PublishWith(0.0));
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->score.points().bound(), score::v1::BOUND_AT_MOST);
  EXPECT_NEAR(none->score.points().value(), 6 * (70 * 0.05 + 30 * 0.05 * 7 / 3), 1e-9);
  // A share of nobody is not known, and says so by a margin.
  const auto share = absl::c_find_if(none->score.measures(), [](const auto& measure) {
    return measure.measure() == "mention_share";
  });
  ASSERT_NE(share, none->score.measures().end());
  EXPECT_DOUBLE_EQ(share->value().value(), 50);
  EXPECT_DOUBLE_EQ(share->value().margin(), 50);
}

TEST_F(ClampTest, DecidesWhatIsShownWithoutLookingAtActivity) {
  for (const int64_t headcount : {60, 110, 240, 400, 900}) {
    SlotSimulator simulator(12);
    const auto states = [&](double share) {
      Activity activity;
      for (const CatalogTable& table : catalog_->tables()) {
        const auto people = static_cast<int64_t>(share * static_cast<double>(headcount));
        if (table.is_habit()) {
          activity.habits.emplace_back(table.proto->id(), people);
        } else {
          activity.tables.emplace_back(table.proto->id(), Subjects{0, people});
        }
      }
      const auto record =
          Publish(*catalog_, headcount, window::v1::CADENCE_FOUR_WEEKLY, activity, simulator);
      const auto scored = ScorePublication(*catalog_, record);
      EXPECT_TRUE(scored.ok());
      std::string out = std::to_string(scored->score.state());
      for (const auto& c : scored->score.categories())
        out += std::to_string(c.state()) + c.state_reason();
      for (const auto& m : scored->score.measures())
        out += std::to_string(m.state()) + m.state_reason();
      for (size_t table = 0; table < catalog_->tables().size(); ++table) {
        const auto rows = BreakDown(*catalog_, record, static_cast<int>(table));
        EXPECT_TRUE(rows.ok());
        out += std::to_string(rows->state());
      }
      return out;
    };
    const std::string none = states(0);
    EXPECT_EQ(none, states(0.5)) << headcount;
    EXPECT_EQ(none, states(1)) << headcount;
  }
}

TEST_F(ClampTest, StaysFiniteAndWithinRangeForAnyCells) {
  publication::v1::Publication record = PublishWith(0.5);
  for (const int64_t extreme :
       {int64_t{-1'000'000}, int64_t{0}, int64_t{1} << 16, int64_t{1'000'000'000}}) {
    for (auto& table : *record.mutable_kinds(0)->mutable_tables()) {
      for (int i = 0; i < table.cells_size(); ++i)
        table.set_cells(i, i % 2 == 0 ? extreme : -extreme);
    }
    for (auto& habit : *record.mutable_kinds(0)->mutable_habits()) habit.set_sum(extreme);
    const auto scored = ScorePublication(*catalog_, record);
    ASSERT_TRUE(scored.ok());
    const auto good = [](const score::v1::Estimate& estimate, double most) {
      return std::isfinite(estimate.value()) && std::isfinite(estimate.margin()) &&
             estimate.margin() >= 0 && estimate.value() >= 0 && estimate.value() <= most;
    };
    EXPECT_TRUE(good(scored->score.points(), 600));
    for (const auto& category : scored->score.categories()) {
      EXPECT_TRUE(good(category.points(), 100)) << category.category();
    }
    for (const auto& measure : scored->score.measures()) {
      EXPECT_TRUE(good(measure.value(), 100)) << measure.measure();
    }
    for (size_t table = 0; table < catalog_->tables().size(); ++table) {
      const auto rows = BreakDown(*catalog_, record, static_cast<int>(table));
      ASSERT_TRUE(rows.ok());
      for (const auto& row : rows->rows()) {
        EXPECT_TRUE(good(row.share(), 100)) << rows->display_name();
        EXPECT_TRUE(good(row.subjects(), kHeadcount));
      }
    }
  }
}

}  // namespace
}  // namespace tutti
