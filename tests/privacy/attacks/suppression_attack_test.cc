// Attack 4: whether a figure is shown, and why not, must not depend on what
// anybody did. Attack 13: whatever the noise makes of the counts, what is shown is
// finite, in range and adds up.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <string>

#include "absl/strings/str_join.h"
#include "common/scoring/score_builder.h"
#include "common/scoring/table_breakdown.h"
#include "services/score/recommendations.h"
#include "tests/doubles/seeded_random_words.h"
#include "tests/privacy/attacks/attack.h"
#include "tests/privacy/attacks/with_levels.h"

namespace tutti {
namespace {

using publication::v1::Publication;

// Every decision of a score, of its tables and of what is recommended, without a number.
std::string DecisionsOf(const Publication& record, const score::v1::Score& score) {
  std::string decisions = absl::StrCat(score.state(), "/", score.possible_points(), "\n");
  for (const auto& category : score.categories()) {
    absl::StrAppend(&decisions, category.category(), " ", category.state(), " ",
                    category.state_reason(), " ", category.level_from_windows(), "\n");
  }
  for (const auto& measure : score.measures()) {
    absl::StrAppend(&decisions, measure.measure(), " ", measure.state(), " ",
                    measure.state_reason(), "\n");
  }
  // Which levels there are, once there are windows before it.
  for (const int before : {1, 2, 3, 4, 7}) {
    const score::v1::Score later = ScoreWithLevels(Repeated(record, before));
    absl::StrAppend(&decisions, "levels ", later.state(), " ", later.possible_points(), " ",
                    later.level().windows(), later.level().has_points() ? " points" : "",
                    later.level().has_percent() ? " percent" : "",
                    later.level().has_change() ? " change" : "",
                    later.level().has_trend_180_days() ? " trend" : "", "\n");
    for (const auto& category : later.categories()) {
      absl::StrAppend(&decisions, "  ", category.category(), category.level().windows(),
                      category.level().has_points() ? " points" : "",
                      category.level().has_change() ? " change" : "", "\n");
    }
  }
  for (size_t t = 0; t < ShippedCatalog().tables().size(); ++t) {
    const auto table = BreakDown(ShippedCatalog(), record, static_cast<int>(t));
    EXPECT_TRUE(table.ok()) << table.status();
    if (!table.ok()) continue;
    absl::StrAppend(&decisions, ShippedCatalog().tables()[t].proto->id(), " ", table->state(), " ",
                    table->state_reason(), " ", table->share_words(), " ",
                    absl::StrJoin(table->unmeasured_features(), ","), "\n");
    for (const auto& row : table->rows()) {
      absl::StrAppend(&decisions, "  ", row.kind(), " ", row.display_name(), " ",
                      absl::StrJoin(row.features(), ","), "\n");
    }
  }
  // What is recommended follows from the figures that are shown, and from nothing else: all
  // of those that are withheld are the same to it.
  score::v1::Score disturbed = score;
  for (auto& measure : *disturbed.mutable_measures()) {
    if (measure.state() == score::v1::FIGURE_STATE_MEASURED) measure.clear_value();
  }
  for (const auto& recommendation : RecommendActions(ShippedCatalog(), disturbed)) {
    absl::StrAppend(&decisions, recommendation.action(), " ", recommendation.measure(), "\n");
  }
  return decisions;
}

// Whether each thing that is recommended is so because of a figure that is shown.
bool RecommendedByWhatIsShown(const score::v1::Score& score, int& recommended) {
  std::map<std::string, score::v1::Estimate> shown;
  for (const auto& measure : score.measures()) {
    if (measure.state() == score::v1::FIGURE_STATE_MEASURED) {
      shown[measure.measure()] = measure.value();
    }
  }
  for (const auto& recommendation : RecommendActions(ShippedCatalog(), score)) {
    const auto found = shown.find(recommendation.measure());
    if (found == shown.end() ||
        found->second.SerializeAsString() != recommendation.value().SerializeAsString()) {
      return false;
    }
    ++recommended;
  }
  return true;
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

// How many levels are shown of categories that one window alone withholds, after some windows.
int LevelsOfWithheld(const Publication& record, int before) {
  const score::v1::Score later = ScoreWithLevels(Repeated(record, before));
  return static_cast<int>(
      std::count_if(later.categories().begin(), later.categories().end(), [](const auto& category) {
        return category.state() == score::v1::FIGURE_STATE_WITHHELD && category.has_level();
      }));
}

// Mutations: withholding a measure, or leaving out a table's row, that a noisy count shows
// to be small; a recommendation because of a measure that is withheld; a level that is left out
// where nothing can be said, or shown by the margin that came out.
TEST(SuppressionAttack, DecidesFromPublicFiguresAlone) {
  int decisions = 0;
  int recommended = 0;
  bool control_caught = false;
  int by_level_alone = 0;
  for (const int64_t headcount : {12, 40, 64, 120, 400, 3000}) {
    std::string decided;
    std::string by_count;
    for (const int active : {0, 1, static_cast<int>(headcount)}) {
      const std::vector<Publication> records = Publish(headcount, active, 7);
      std::string now = absl::StrCat(records.size(), " records\n");
      std::string now_by_count;
      for (const Publication& record : records) {
        const auto scored = ScorePublication(ShippedCatalog(), record);
        ASSERT_TRUE(scored.ok()) << scored.status();
        const std::string decided_here = DecisionsOf(record, scored->score);
        EXPECT_EQ(LevelsOfWithheld(record, 1), 0) << headcount;
        by_level_alone += LevelsOfWithheld(record, 11);
        now += decided_here;
        now_by_count += DecisionsByCount(scored->score);
        decisions += static_cast<int>(std::count(decided_here.begin(), decided_here.end(), '\n'));
        EXPECT_TRUE(RecommendedByWhatIsShown(scored->score, recommended)) << headcount;
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
  EXPECT_GT(recommended, 10);
  EXPECT_GT(by_level_alone, 10) << "what small organisations are shown";
  ReportAttack(4, absl::StrCat(decisions,
                               " decisions of scores, tables and recommendations, the "
                               "same for nobody, one and everybody; each of ",
                               recommended, " recommendations because of a figure that is shown"));
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

// The record of an organisation with every source, of which so many people, and as many
// subjects of every other kind, do all there is to do.
Publication PublishAllKinds(int64_t headcount, int active) {
  LocalSuite suite(ShippedCatalog(), kLastDay);
  std::set<std::string> sources;
  for (const auto& source : ShippedCatalog().proto().sources()) sources.insert(source.id());
  suite.Create("acme", headcount, kFirstDay, {sources.begin(), sources.end()});
  for (const CatalogKind& kind : ShippedCatalog().kinds()) {
    for (int subject = 0; subject < active; ++subject) {
      suite.Ingest("acme", EverythingOn(ShippedCatalog(), kind.proto->id(),
                                        absl::StrCat("s", subject, "@acme.example"), kLastDay));
    }
  }
  return suite.Close("acme", [] { return std::make_unique<SeededNoise>(11); }).at(0);
}

// Mutation: estimates that are not clamped to what can be, or parts that are not fitted
// to their union.
TEST(SuppressionAttack, ShowsNothingImpossibleWhateverTheNoise) {
  std::mt19937_64 engine(3);
  int figures = 0;
  int compared = 0;
  std::set<std::string> kinds;
  for (const int active : {0, 1, 150, 400}) {
    const Publication sound = PublishAllKinds(400, active);
    for (int round = 0; round < 30; ++round) {
      Publication record = sound;
      // One person, and fewer than any record is published of, are among them.
      if (round % 3 == 2) record.set_headcount(round % 2 == 0 ? 1 : 9);
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
        const auto table = BreakDown(ShippedCatalog(), record, static_cast<int>(t));
        ASSERT_TRUE(table.ok()) << table.status();
        ExpectConsistent(*table, compared);
        figures += table->rows_size();
        if (table->rows_size() > 0) kinds.insert(ShippedCatalog().tables()[t].proto->kind());
      }
    }
  }
  EXPECT_GT(compared, 10) << "too few tables whose numbers are no bounds";
  EXPECT_EQ(kinds.size(), ShippedCatalog().kinds().size()) << absl::StrJoin(kinds, ", ");
  ReportAttack(13, absl::StrCat(figures, " figures of disturbed records of ", kinds.size(),
                                " kinds, all finite and in range"));
}

// Mutation: people of whom there may be fewer than ten.
TEST(SuppressionAttack, CountsAndPublishesNothingOfOnePerson) {
  std::vector<size_t> records;
  for (const int64_t headcount : {1, 2, 9, 400}) {
    LocalSuite suite(ShippedCatalog(), kLastDay);
    suite.Create("acme", headcount, kFirstDay);
    suite.Ingest("acme", Everything("p@acme.example"));
    size_t bits = 0;
    for (const auto& merge : suite.merges) {
      for (const auto& delta : merge.deltas()) bits += static_cast<size_t>(delta.positions_size());
    }
    EXPECT_EQ(bits == 0, headcount < 10) << headcount;
    records.push_back(suite.Close("acme", [] { return std::make_unique<SeededNoise>(11); }).size());
    for (const auto outcome : suite.outcomes) {
      EXPECT_EQ(outcome == aggregate::v1::CLOSE_OUTCOME_TOO_SMALL, headcount < 10) << headcount;
    }
    EXPECT_FALSE(suite.outcomes.empty());
  }
  EXPECT_THAT(std::vector<size_t>(records.begin(), records.end() - 1), testing::Each(0));
  EXPECT_GT(records.back(), 0U) << "the control";
  ReportAttack(13,
               "an organisation of one person, of 2 and of 9: no bit is set, no record is drawn");
}

}  // namespace
}  // namespace tutti
