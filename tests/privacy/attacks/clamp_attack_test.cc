// Attack 5: an organisation in which everybody, or nobody, does something would
// tell what each of its people does. Everything that derives from such a share
// must show the clamped one.

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "absl/strings/str_format.h"
#include "common/scoring/peer_benchmark.h"
#include "common/scoring/score_builder.h"
#include "common/scoring/score_change.h"
#include "common/scoring/table_breakdown.h"
#include "services/score/recommendations.h"
#include "tests/doubles/zero_noise.h"
#include "tests/privacy/attacks/attack.h"
#include "tests/privacy/attacks/with_levels.h"

namespace tutti {
namespace {

using publication::v1::Publication;

constexpr int64_t kHeadcount = 600;

// Without noise, which would hide most of it by itself.
Publication Publish(bool everybody) {
  LocalSuite suite(ShippedCatalog(), kLastDay);
  suite.Create("acme", kHeadcount, kFirstDay);
  for (int64_t person = 0; person < kHeadcount && everybody; ++person) {
    suite.Ingest("acme", EverythingOn(ShippedCatalog(), "person",
                                      absl::StrCat("p", person, "@acme.example"), kLastDay));
  }
  return suite.Close("acme", [] { return std::make_unique<ZeroNoise>(); }).at(0);
}

// A share in percent that may be shown: not a plain estimate in a tail.
bool Clamped(const score::v1::Estimate& share) {
  if (share.value() > 95 + 1e-9 || share.value() < 5 - 1e-9) return false;
  if (share.value() > 95 - 1e-9) return share.bound() == score::v1::BOUND_AT_LEAST;
  if (share.value() < 5 + 1e-9) return share.bound() == score::v1::BOUND_AT_MOST;
  return true;
}

// What a category shows at most and at least, whatever its people do: its points of shares
// of 95% and of 5%. All of 30 are had for a habit of three days a week already.
constexpr double kMostPoints = 70 * 0.95 + 30;
constexpr double kLeastPoints = 70 * 0.05;
// A record with one person in fifty of another; both are of the same shape.
Publication Mixed(Publication record, const Publication& other) {
  for (int k = 0; k < record.kinds_size(); ++k) {
    for (int t = 0; t < record.kinds(k).tables_size(); ++t) {
      auto& cells = *record.mutable_kinds(k)->mutable_tables(t)->mutable_cells();
      for (int c = 0; c < cells.size(); ++c) {
        cells[c] += (other.kinds(k).tables(t).cells(c) - cells[c]) / 50;
      }
    }
  }
  return record;
}

// Mutations: shares that are shown as they are estimated; a measure that counts people.
TEST(ClampAttack, NeverShowsThatEverybodyOrNobodyDoesSomething) {
  for (const bool everybody : {true, false}) {
    const Publication record = Publish(everybody);
    const auto scored = ScorePublication(ShippedCatalog(), record);
    ASSERT_TRUE(scored.ok()) << scored.status();
    int shares = 0;
    for (const auto& measure : scored->score.measures()) {
      if (measure.unit() != score::v1::UNIT_PERCENT) {
        // A number of people, by the headcount, is a share that nobody clamped.
        const catalog::v1::Measure& counted = *ShippedCatalog().FindMeasure(measure.measure());
        const int table = ShippedCatalog().FindTable(counted.count().table());
        EXPECT_NE(ShippedCatalog().table(table).proto->kind(), "person") << measure.measure();
        continue;
      }
      if (measure.state() != score::v1::FIGURE_STATE_MEASURED) continue;
      ++shares;
      EXPECT_TRUE(Clamped(measure.value()))
          << measure.measure() << " " << measure.value().ShortDebugString();
    }
    // Points come from clamped shares, so their range is one of clamped shares too.
    int categories = 0;
    for (const auto& category : scored->score.categories()) {
      if (category.state() != score::v1::FIGURE_STATE_MEASURED) continue;
      ++categories;
      EXPECT_LE(category.points().value(), kMostPoints + 1e-9) << category.category();
      EXPECT_GE(category.points().value(), kLeastPoints - 1e-9) << category.category();
    }
    // What would tell 97% from 100%: the points of an organisation that is not quite there.
    const auto other = ScorePublication(ShippedCatalog(), Mixed(record, Publish(!everybody)));
    ASSERT_TRUE(other.ok()) << other.status();
    for (int i = 0; i < scored->score.categories_size(); ++i) {
      EXPECT_EQ(scored->score.categories(i).points().SerializeAsString(),
                other->score.categories(i).points().SerializeAsString())
          << scored->score.categories(i).category();
    }
    EXPECT_EQ(scored->score.percent().SerializeAsString(),
              other->score.percent().SerializeAsString());
    int recommended = 0;
    for (const auto& recommendation : RecommendActions(ShippedCatalog(), scored->score)) {
      ++recommended;
      EXPECT_TRUE(Clamped(recommendation.value())) << recommendation.action();
    }
    EXPECT_GT(recommended, everybody ? -1 : 3);
    int rows = 0;
    for (size_t t = 0; t < ShippedCatalog().tables().size(); ++t) {
      if (ShippedCatalog().tables()[t].proto->kind() != "person") continue;
      const auto table = BreakDown(ShippedCatalog(), record, static_cast<int>(t));
      ASSERT_TRUE(table.ok()) << table.status();
      if (table->state() != score::v1::FIGURE_STATE_MEASURED) continue;
      double exactly = 0;
      for (const auto& row : table->rows()) {
        ++rows;
        EXPECT_LE(row.share().value(), 95 + 1e-9) << table->display_name();
        EXPECT_LE(row.subjects().value(), 0.95 * kHeadcount + 1e-6) << table->display_name();
        if (row.kind() == score::v1::ROW_KIND_EXACTLY &&
            row.share().bound() != score::v1::BOUND_AT_MOST) {
          exactly += row.share().value();
        }
        if (row.kind() == score::v1::ROW_KIND_ANY) {
          EXPECT_TRUE(Clamped(row.share())) << table->display_name();
        }
      }
      EXPECT_LE(exactly, 95 + 1e-6)
          << table->display_name() << ": the sum tells what the total hides";
    }
    EXPECT_GT(shares, 20);
    EXPECT_GT(categories, 3);
    EXPECT_GT(rows, 50);
    ReportAttack(5, absl::StrFormat("%s: %d shares, %d categories, %d recommendations and %d "
                                    "table rows, all clamped",
                                    everybody ? "everybody" : "nobody", shares, categories,
                                    recommended, rows));
  }
  // The control: the same check over shares that nobody clamped.
  score::v1::Estimate plain;
  plain.set_value(100);
  EXPECT_FALSE(Clamped(plain));
  plain.set_value(0);
  EXPECT_FALSE(Clamped(plain));
}

// The score of a record, with its changes since another.
score::v1::Score ScoreSince(const Publication& earlier, const Publication& later) {
  const auto before = ScorePublication(ShippedCatalog(), earlier);
  auto after = ScorePublication(ShippedCatalog(), later);
  EXPECT_TRUE(before.ok() && after.ok());
  AddChanges(*before, *after);
  AddTrend(*before, *after);
  return after->score;
}

// From nobody to everybody, and back, is the same change as from almost nobody to almost everybody.
// Mutation: changes of what was estimated, before it was clamped.
TEST(ClampAttack, ShowsNoChangeFromNobodyToEverybody) {
  int changes = 0;
  for (const bool up : {true, false}) {
    const Publication from = Publish(!up);
    const Publication to = Publish(up);
    const score::v1::Score score = ScoreSince(from, to);
    const score::v1::Score other = ScoreSince(Mixed(from, to), Mixed(to, from));
    EXPECT_TRUE(score.change().has_difference());
    EXPECT_EQ(score.change().SerializeAsString(), other.change().SerializeAsString());
    EXPECT_TRUE(score.trend_180_days().has_difference());
    EXPECT_EQ(score.trend_180_days().SerializeAsString(),
              other.trend_180_days().SerializeAsString());
    for (int i = 0; i < score.categories_size(); ++i) {
      const auto& category = score.categories(i);
      if (category.state() != score::v1::FIGURE_STATE_MEASURED) continue;
      ++changes;
      EXPECT_TRUE(category.change().has_difference()) << category.category();
      EXPECT_EQ(category.change().SerializeAsString(),
                other.categories(i).change().SerializeAsString())
          << category.category();
    }
  }
  EXPECT_GT(changes, 6);
  ReportAttack(5, absl::StrCat(changes,
                               " changes between everybody and nobody, the same to the last bit "
                               "of almost everybody and almost nobody"));
}

void ExpectClampedLevel(const score::v1::Level& level, const std::string& what) {
  ASSERT_TRUE(level.has_points()) << what;
  EXPECT_FALSE(level.may_be_changing()) << what;
}

// Mutations: levels that are shown as they were filtered; margins, marks or how long a level has
// held from what was filtered before it was clamped.
TEST(ClampAttack, ShowsNoLevelOfEverybodyOrNobody) {
  int levels = 0;
  for (const bool everybody : {true, false}) {
    const Publication record = Publish(everybody);
    const score::v1::Score score = ScoreWithLevels(Repeated(record, 7));
    ExpectClampedLevel(score.level(), "total");
    for (const auto& category : score.categories()) {
      if (category.state() != score::v1::FIGURE_STATE_MEASURED) continue;
      ++levels;
      ExpectClampedLevel(category.level(), category.category());
      EXPECT_NEAR(category.level().points().value(), category.points().value(), 1e-9);
      EXPECT_LE(category.level().points().value(), kMostPoints + 1e-9) << category.category();
      EXPECT_GE(category.level().points().value(), kLeastPoints - 1e-9) << category.category();
      EXPECT_NEAR(category.level().change().difference().value(), 0, 1e-9) << category.category();
    }
    // What would tell 97% from 100%: the same of an organisation that is not quite there.
    const score::v1::Score other = ScoreWithLevels(Repeated(Mixed(record, Publish(!everybody)), 7));
    for (int i = 0; i < score.categories_size(); ++i) {
      EXPECT_EQ(score.categories(i).level().SerializeAsString(),
                other.categories(i).level().SerializeAsString())
          << score.categories(i).category();
    }
    EXPECT_EQ(score.level().SerializeAsString(), other.level().SerializeAsString());
  }
  ReportAttack(5, absl::StrCat(levels,
                               " levels of everybody and nobody, all clamped, and the same "
                               "to the last bit of almost everybody"));
}

// Mutation: means of what was estimated, before it was clamped.
TEST(ClampAttack, ShowsNoBenchmarkOfEverybodyOrNobody) {
  for (const bool all : {true, false}) {
    const auto scored = ScorePublication(ShippedCatalog(), Publish(all));
    ASSERT_TRUE(scored.ok()) << scored.status();
    PeerSum peers;
    for (int i = 0; i <= kFewestPeers; ++i) peers.Add(absl::StrCat("peer-", i), scored->score);
    ASSERT_TRUE(peers.enough());
    const auto benchmark = MeanOfOthers(peers.ToProto(kLastDay), "peer-0", scored->score);
    ASSERT_TRUE(benchmark.has_value());
    EXPECT_LE(benchmark->mean_percent(), std::round(kMostPoints));
    EXPECT_GE(benchmark->mean_percent(), std::round(kLeastPoints));
    EXPECT_GT(benchmark->categories_size(), 3);
    for (const auto& category : benchmark->categories()) {
      EXPECT_LE(category.mean_points(), std::round(kMostPoints)) << category.category();
      EXPECT_GE(category.mean_points(), std::round(kLeastPoints)) << category.category();
    }
    ReportAttack(5, absl::StrFormat("a benchmark of organisations in which %s does it: %d percent",
                                    all ? "everybody" : "nobody", benchmark->mean_percent()));
  }
}

}  // namespace
}  // namespace tutti
