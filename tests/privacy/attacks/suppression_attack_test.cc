// Attack 4: whether a figure is shown, and why not, must not depend on what
// anybody did. Attack 13: whatever the noise makes of the counts, what is shown is
// finite, in range and adds up.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>

#include "common/scoring/score_builder.h"
#include "common/scoring/table_breakdown.h"
#include "tests/doubles/seeded_random_words.h"
#include "tests/privacy/attacks/attack.h"

namespace tutti {
namespace {

using publication::v1::Publication;

// Every decision of a score, without a number.
std::string DecisionsOf(const score::v1::Score& score) {
  std::string decisions = absl::StrCat(score.state(), "/", score.possible_points(), "\n");
  for (const auto& category : score.categories()) {
    absl::StrAppend(&decisions, category.category(), " ", category.state(), " ",
                    category.state_reason(), "\n");
  }
  for (const auto& measure : score.measures()) {
    absl::StrAppend(&decisions, measure.measure(), " ", measure.state(), " ",
                    measure.state_reason(), "\n");
  }
  return decisions;
}

// What a suppression that looks at the count would decide.
std::string DecisionsByCount(const score::v1::Score& score) {
  std::string decisions;
  for (const auto& measure : score.measures()) {
    absl::StrAppend(&decisions, measure.value().value() < 20 ? "0" : "1");
  }
  return decisions;
}

// The records of an organisation of which `active` people do an eighth of all there is to do, each
// another.
std::vector<Publication> Publish(int64_t headcount, int active, uint64_t seed) {
  LocalSuite suite(ShippedCatalog(), kLastDay);
  suite.Create("acme", headcount, kFirstDay);
  std::mt19937 engine(static_cast<uint32_t>(seed));
  for (int person = 0; person < active; ++person) {
    std::vector<ingest::v1::Activity> activities = EverythingOn(
        ShippedCatalog(), "person", absl::StrCat("p", person, "@acme.example"), kLastDay);
    std::shuffle(activities.begin(), activities.end(), engine);
    activities.resize(activities.size() / 8);
    suite.Ingest("acme", activities);
  }
  return suite.Close("acme", [seed] { return std::make_unique<SeededNoise>(seed); });
}

// Mutation: withholding what a noisy count shows to be small.
TEST(SuppressionAttack, DecidesFromPublicFiguresAlone) {
  int decisions = 0;
  bool control_caught = false;
  for (const int64_t headcount : {12, 40, 120, 400, 3000}) {
    std::string decided;
    std::string by_count;
    for (const int active : {0, 1, static_cast<int>(headcount)}) {
      const std::vector<Publication> records = Publish(headcount, active, 7);
      std::string now = absl::StrCat(records.size(), " records\n");
      std::string now_by_count;
      for (const Publication& record : records) {
        const auto scored = ScorePublication(ShippedCatalog(), record);
        ASSERT_TRUE(scored.ok()) << scored.status();
        now += DecisionsOf(scored->score);
        now_by_count += DecisionsByCount(scored->score);
        decisions += scored->score.measures_size();
      }
      if (active > 0) {
        EXPECT_EQ(now, decided) << headcount << " people, " << active << " active";
        control_caught |= now_by_count != by_count;
      }
      decided = now;
      by_count = now_by_count;
    }
  }
  EXPECT_TRUE(control_caught);
  ReportAttack(4, absl::StrCat(decisions, " decisions, the same for nobody, one and everybody"));
}

void ExpectSane(const score::v1::Estimate& estimate, double most, const std::string& what) {
  EXPECT_TRUE(std::isfinite(estimate.value()) && std::isfinite(estimate.margin())) << what;
  EXPECT_GE(estimate.value(), 0) << what;
  EXPECT_GE(estimate.margin(), 0) << what;
  EXPECT_LE(estimate.value(), most) << what;
}

// Numbers of combinations do not add up to more than their union, nor, with what
// "at most" leaves open, to less; and a union is not below its parts.
void ExpectConsistent(const score::v1::Table& table, int& compared) {
  double least = 0;
  double most = 0;
  double largest = 0;
  score::v1::Estimate together;
  for (const score::v1::TableRow& row : table.rows()) {
    ExpectSane(row.subjects(), 1e12, table.display_name());
    if (row.kind() == score::v1::ROW_KIND_EXACTLY) {
      most += row.subjects().value();
      if (row.subjects().bound() != score::v1::BOUND_AT_MOST) least += row.subjects().value();
    }
    if (row.kind() == score::v1::ROW_KIND_ANY) {
      largest = std::max(largest, row.subjects().value());
      together = row.subjects();  // the last is all of them together
    }
  }
  EXPECT_GE(together.value(), largest - 1e-6) << table.display_name();
  EXPECT_LE(least, together.value() + 1e-6) << table.display_name();
  if (most > 0 && together.bound() != score::v1::BOUND_AT_MOST) {
    EXPECT_GE(most, together.value() - 1e-6) << table.display_name();
  }
  if (least > 0) ++compared;
}

// Mutation: estimates that are not clamped to what can be, or parts that are not fitted
// to their union.
TEST(SuppressionAttack, ShowsNothingImpossibleWhateverTheNoise) {
  std::mt19937_64 engine(3);
  int figures = 0;
  int compared = 0;
  for (const int active : {0, 1, 150, 400}) {
    const Publication sound = Publish(400, active, 11).at(0);
    for (int round = 0; round < 30; ++round) {
      Publication record = sound;
      const int64_t reach = int64_t{1} << engine() % (round % 2 == 0 ? 4 : 40);
      const auto disturb = [&](int64_t value) {
        return value + static_cast<int64_t>(engine() % static_cast<uint64_t>(2 * reach + 1)) -
               reach;
      };
      for (auto& kind : *record.mutable_kinds()) {
        for (auto& table : *kind.mutable_tables()) {
          for (auto& cell : *table.mutable_cells()) cell = disturb(cell);
        }
        for (auto& habit : *kind.mutable_habits()) habit.set_sum(disturb(habit.sum()));
      }
      const auto scored = ScorePublication(ShippedCatalog(), record);
      ASSERT_TRUE(scored.ok()) << scored.status();
      ExpectSane(scored->score.points(), 600, "points");
      ExpectSane(scored->score.percent(), 100, "percent");
      for (const auto& category : scored->score.categories()) {
        ExpectSane(category.points(), 100, category.category());
      }
      for (const auto& measure : scored->score.measures()) {
        ExpectSane(measure.value(), measure.unit() == score::v1::UNIT_PERCENT ? 100 : 1e12,
                   measure.measure());
        ++figures;
      }
      for (size_t t = 0; t < ShippedCatalog().tables().size(); ++t) {
        if (ShippedCatalog().tables()[t].proto->kind() != "person") continue;
        const auto table = BreakDown(ShippedCatalog(), record, static_cast<int>(t));
        ASSERT_TRUE(table.ok()) << table.status();
        ExpectConsistent(*table, compared);
      }
    }
  }
  EXPECT_GT(compared, 10) << "too few tables whose numbers are no bounds";
  ReportAttack(13, absl::StrCat(figures, " figures of disturbed records, all finite and in range"));
}

}  // namespace
}  // namespace tutti
