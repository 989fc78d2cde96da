#include "common/scoring/score_levels.h"

#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/scoring/measure_formulas.h"
#include "common/scoring/public_terms.h"
#include "common/scoring/score_change.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/simulated_organization.h"

namespace tutti {
namespace {

using publication::v1::Publication;
using window::v1::CADENCE_FOUR_WEEKLY;
using window::v1::CADENCE_WEEKLY;

constexpr int64_t kPeople = 600;

// Weekly records of an organisation, and what they come to.
class ScoreLevelsTest : public ::testing::Test {
 protected:
  // A record of the week; `share` of the people do everything.
  Publication Record(int week, double share, bool noise = true) {
    const auto some = static_cast<int64_t>(share * static_cast<double>(people_));
    Activity activity;
    for (const char* table : {"modes", "platforms"})
      activity.tables.push_back({table, {0, 0, 0, some}});
    for (const char* table : {"collaboration", "shared_space", "meetings", "assistant"}) {
      activity.tables.push_back({table, {0, some}});
    }
    const auto a_day = static_cast<int64_t>(share * habit_ * static_cast<double>(people_));
    activity.habits = {{"habit_communication", a_day}, {"habit_collaboration", a_day},
                       {"habit_shared_space", a_day},  {"habit_mobility", a_day},
                       {"habit_meetings", a_day},      {"habit_assistant", a_day}};
    Publication record = Publish(*catalog_, people_, cadence_, activity, simulator_, noise);
    record.set_end_day(FormatDay(kFirst + int64_t{7} * week));
    record.set_counting_fingerprint(catalog_->counting_fingerprint());
    record.set_time_zone("UTC");
    return record;
  }

  void Add(Publication record) {
    absl::StatusOr<LevelRow> row = LevelRowOf(*catalog_, parts_, record);
    ASSERT_TRUE(row.ok()) << row.status();
    rows_.push_back(std::make_unique<LevelRow>(*std::move(row)));
    records_.push_back(std::move(record));
  }

  // The score of a record with its levels.
  ScoredPublication Scored(size_t i) {
    auto scored = ScorePublication(*catalog_, records_[i]);
    EXPECT_TRUE(scored.ok()) << scored.status();
    std::vector<const LevelRow*> rows;
    std::vector<Day> days;
    for (size_t r = 0; r <= i; ++r) {
      rows.push_back(rows_[r].get());
      days.push_back(rows_[r]->end_day);
    }
    AddLevels(*catalog_, parts_, records_[i], rows,
              {ChangeBase(days, days.back()), TrendBase(days, days.back())}, *scored);
    return *std::move(scored);
  }

  int64_t people_ = kPeople;
  // Of those who do everything, on a day; three in seven are a full mark.
  double habit_ = 0.4;
  window::v1::Cadence cadence_ = CADENCE_WEEKLY;
  const Day kFirst = *ParseDay("2024-01-07");
  std::unique_ptr<const Catalog> catalog_ = LoadShippedCatalog();
  std::vector<LevelPart> parts_ = LevelPartsOf(*catalog_);
  SlotSimulator simulator_{7};
  std::vector<Publication> records_;
  std::vector<std::unique_ptr<LevelRow>> rows_;
};

// Mutation: levels from the first record on.
TEST_F(ScoreLevelsTest, LeadFromTheThirdRecordOn) {
  for (int week = 0; week < 3; ++week) Add(Record(week, 0.5));
  for (size_t i = 0; i < 3; ++i) {
    const score::v1::Score score = Scored(i).score;
    EXPECT_EQ(score.has_level(), i == 2);
    for (const auto& category : score.categories()) {
      if (category.state() != score::v1::FIGURE_STATE_MEASURED) continue;
      EXPECT_EQ(category.has_level(), i == 2) << category.category();
    }
  }
  EXPECT_EQ(Scored(2).score.level().windows(), 3);
}

// The formulas of categories stand in parts here and as sums in category_points. Mutation: another
// weight, constant or full mark in either.
TEST_F(ScoreLevelsTest, HaveThePartsThatAWindowAloneIsMadeOf) {
  int compared = 0;
  habit_ = 0.6;
  for (const double share : {0.0, 0.3, 0.6, 1.0}) {
    Publication record = Record(static_cast<int>(rows_.size()), share);
    record.clear_sources();
    for (const auto& source : catalog_->proto().sources()) record.add_sources(source.id());
    Add(std::move(record));
    const score::v1::Score score = Scored(rows_.size() - 1).score;
    const PublicTerms terms = TermsOf(*catalog_, records_.back());
    const MeasureFormulas formulas(*catalog_, terms);
    for (int c = 0; c < score.categories_size(); ++c) {
      if (score.categories(c).state() != score::v1::FIGURE_STATE_MEASURED) continue;
      double points = 0;
      for (size_t i = 0; i < parts_.size(); ++i) {
        if (catalog_->proto().categories(parts_[i].category).id() !=
            score.categories(c).category()) {
          continue;
        }
        points +=
            PointsOf(parts_[i], ClampedPart(formulas, parts_[i], *rows_.back()->shares[i])).value;
      }
      EXPECT_NEAR(points, score.categories(c).points().value(), 1e-9)
          << score.categories(c).category() << " at " << share;
      ++compared;
    }
  }
  EXPECT_EQ(compared, 40);
}

TEST_F(ScoreLevelsTest, AddUpAndAreNarrower) {
  for (int week = 0; week < 40; ++week) Add(Record(week, 0.5));
  const score::v1::Score score = Scored(39).score;
  double sum = 0;
  int categories = 0;
  for (const auto& category : score.categories()) {
    if (!category.has_level()) continue;
    ++categories;
    sum += category.level().points().value();
    EXPECT_LT(category.level().points().margin(), 0.75 * category.points().margin())
        << category.category();
    EXPECT_FALSE(category.level().may_be_changing()) << category.category();
    ASSERT_TRUE(category.level().has_change());
    EXPECT_EQ(category.level().change().since_end_day(), records_[35].end_day());
    EXPECT_LT(category.level().change().difference().margin(), category.points().margin());
    EXPECT_FALSE(category.level().change().beyond_noise()) << category.category();
  }
  EXPECT_EQ(categories, 6);
  EXPECT_NEAR(score.level().points().value(), sum, 1e-9);
  EXPECT_NEAR(score.level().percent().value(), sum / 6, 1e-9);
  EXPECT_LT(score.level().points().margin(), 0.75 * score.points().margin());
  ASSERT_TRUE(score.level().has_trend_180_days());
  EXPECT_EQ(score.level().windows(), 40);
}

// A large organisation's windows say as much alone: adoption moves by more than the noise.
// Mutations: a level whatever its margin; a total beside categories that do not add up to it.
TEST_F(ScoreLevelsTest, AreOfTheWindowAloneWhereEarlierOnesSayNoMore) {
  for (const int64_t people : {kPeople, int64_t{5000}}) {
    people_ = people;
    rows_.clear();
    records_.clear();
    for (int week = 0; week < 12; ++week) {
      Add(Record(week, 0.4 + 0.03 * std::sin(1.3 * week)));
      if (week < 2) continue;
      const score::v1::Score score = Scored(rows_.size() - 1).score;
      const auto is_of_window = [](const score::v1::Estimate& level,
                                   const score::v1::Estimate& alone) {
        return level.SerializeAsString() == alone.SerializeAsString();
      };
      double sum = 0;
      for (const auto& category : score.categories()) {
        if (!category.has_level()) continue;
        sum += category.level().points().value();
        EXPECT_EQ(is_of_window(category.level().points(), category.points()), people == 5000)
            << category.category() << " of " << people << " in week " << week;
        EXPECT_EQ(category.level().of_window_alone(), people == 5000) << category.category();
      }
      EXPECT_NEAR(score.level().points().value(), sum, 1e-6);
      EXPECT_EQ(is_of_window(score.level().points(), score.points()), people == 5000);
      EXPECT_EQ(is_of_window(score.level().percent(), score.percent()), people == 5000);
      EXPECT_EQ(score.level().of_window_alone(), people == 5000);
      EXPECT_EQ(score.level().has_change(), week >= 4);
    }
  }
}

// What decides which of both is told is not which is right. Mutation: the narrower of two margins
// decides.
TEST_F(ScoreLevelsTest, HoldWhetherTheWindowAloneOrALevelIsTold) {
  constexpr int kSeries = 20;
  for (const int64_t people : {kPeople, int64_t{2000}}) {
    people_ = people;
    int told = 0;
    int held = 0;
    int totals = 0;
    int totals_held = 0;
    for (int series = 0; series < kSeries; ++series) {
      rows_.clear();
      records_.clear();
      for (int week = 0; week < 12; ++week) {
        const double share = 0.5 + 0.02 * std::sin(1.3 * week + series);
        Add(Record(week, share));
        if (week < 2) continue;
        const double truth = 70 * share + 30 * habit_ * share * 7 / 3;
        const auto holds = [truth](const score::v1::Estimate& estimate) {
          return std::abs(estimate.value() - truth) <= estimate.margin();
        };
        const score::v1::Score score = Scored(rows_.size() - 1).score;
        ++totals;
        totals_held += holds(score.level().percent());
        for (const auto& category : score.categories()) {
          if (!category.has_level()) continue;
          ++told;
          held += holds(category.level().points());
        }
      }
    }
    EXPECT_EQ(told, 6 * totals);
    EXPECT_GE(held, 0.935 * told) << people;
    EXPECT_GE(totals_held, 0.92 * totals) << people;
    RecordProperty("held_of_" + std::to_string(people), held);
    RecordProperty("totals_held_of_" + std::to_string(people), totals_held);
  }
}

// Mutation: the total's margin from categories taken for independent, which what moves all of
// them together does not keep to.
TEST_F(ScoreLevelsTest, HoldWhenEverythingMovesTogether) {
  for (int week = 0; week < 60; ++week) Add(Record(week, 0.3 + 0.006 * week));
  int held = 0;
  for (size_t i = 20; i < 60; ++i) {
    const score::v1::Score score = Scored(i).score;
    const double reach = 0.3 + 0.006 * static_cast<double>(i);
    const double truth = 70 * reach + 30 * 0.4 * reach * 7 / 3;
    held += std::abs(score.level().percent().value() - truth) <= score.level().percent().margin();
  }
  EXPECT_GE(held, 36);
}

TEST_F(ScoreLevelsTest, MarkAWindowThatContradictsThem) {
  for (int week = 0; week < 30; ++week) Add(Record(week, week < 29 ? 0.3 : 0.6));
  EXPECT_FALSE(Scored(28).score.level().may_be_changing());
  const score::v1::Score score = Scored(29).score;
  EXPECT_TRUE(score.level().may_be_changing());
  EXPECT_GT(score.level().holding_since_end_day(), records_[20].end_day());
}

// Work rests: all that people do on a day falls below 5%, which is all that is shown of it.
// Mutation: what is clamped is left out of what marks are made of.
TEST_F(ScoreLevelsTest, MarkAFallIntoATail) {
  for (int week = 0; week < 30; ++week) {
    if (week == 29) habit_ = 0;
    Add(Record(week, 0.6));
  }
  EXPECT_FALSE(Scored(28).score.level().may_be_changing());
  const score::v1::Score score = Scored(29).score;
  EXPECT_TRUE(score.level().may_be_changing());
  EXPECT_GT(score.level().holding_since_end_day(), records_[20].end_day());
}

// Where shares go in and out of their tails, and habits over their full mark, by noise alone.
// Mutation: an error of a clamped share that is as small as its movements.
TEST_F(ScoreLevelsTest, MarkWindowsAtTheTailsSeldom) {
  constexpr int kWeeks = 80;
  int windows = 0;
  int marked = 0;
  for (const double share : {0.07, 0.5, 0.94}) {
    for (const double habit : {0.055 / share, 3.0 / 7 / share}) {
      if (habit > 1) continue;
      habit_ = habit;
      rows_.clear();
      records_.clear();
      for (int week = 0; week < kWeeks; ++week) {
        Add(Record(week, share));
        const score::v1::Score score = Scored(rows_.size() - 1).score;
        if (!score.has_level()) continue;
        bool any = score.level().may_be_changing();
        for (const auto& category : score.categories()) {
          any = any || category.level().may_be_changing();
        }
        ++windows;
        marked += any;
      }
    }
  }
  RecordProperty("marked", marked);
  EXPECT_GT(windows, 300);
  EXPECT_LE(marked, 0.01 * windows);
}

// Mutations: each part of the comparison of series left out.
TEST_F(ScoreLevelsTest, BeginAnewWithAnotherCadenceZoneOrWayOfCounting) {
  const std::vector<std::function<void(Publication&)>> changes = {
      [](Publication& record) { record.set_cadence(CADENCE_FOUR_WEEKLY); },
      [](Publication& record) { record.set_time_zone("Europe/Amsterdam"); },
      [](Publication& record) { record.set_counting_fingerprint("another"); },
  };
  for (const auto& change : changes) {
    rows_.clear();
    records_.clear();
    for (int week = 0; week < 8; ++week) {
      Publication record = Record(week, 0.5);
      if (week < 5) change(record);
      Add(std::move(record));
    }
    EXPECT_TRUE(Scored(4).score.has_level());
    EXPECT_FALSE(Scored(6).score.has_level());
    EXPECT_EQ(Scored(7).score.level().windows(), 3);
  }
}

// Mutations: windows before a source was connected count as if nobody had done anything; a total's
// change from one that was of other categories.
TEST_F(ScoreLevelsTest, RestOnWindowsInWhichASourceGaveTheCategory) {
  const auto gives = [](int week) { return week >= 10 && (week < 20 || week >= 25); };
  for (int week = 0; week < 40; ++week) {
    Publication record = Record(week, gives(week) ? 0.6 : 0.0);
    if (!gives(week)) {
      record.clear_sources();
      record.add_sources("device_telemetry");
    }
    Add(std::move(record));
  }
  const auto category_of = [&](size_t i) { return Scored(i).score.categories(0); };
  EXPECT_EQ(category_of(9).state(), score::v1::FIGURE_STATE_NOT_MEASURED);
  EXPECT_FALSE(category_of(11).has_level());
  for (const auto& [week, windows] : {std::pair(12, 3), std::pair(19, 10), std::pair(26, 12)}) {
    SCOPED_TRACE(week);
    const score::v1::Score score = Scored(static_cast<size_t>(week)).score;
    const score::v1::Level& level = score.categories(0).level();
    EXPECT_EQ(level.windows(), windows);
    EXPECT_NEAR(level.points().value(), score.categories(0).points().value(),
                3 * score.categories(0).points().margin());
    EXPECT_FALSE(level.may_be_changing());
  }
  EXPECT_FALSE(Scored(13).score.level().has_change());
  EXPECT_TRUE(Scored(14).score.level().has_change());
  // 180 days before there was no such source.
  EXPECT_FALSE(Scored(35).score.level().has_trend_180_days());
  EXPECT_TRUE(Scored(37).score.level().has_trend_180_days());
}

TEST_F(ScoreLevelsTest, PassOverMissingAndIncompleteWindows) {
  for (const int week : {0, 1, 2, 5, 6, 7}) {
    Publication record = Record(week, 0.5);
    if (week == 6) {
      record.mutable_kinds(0)->set_state(publication::v1::KIND_STATE_INCOMPLETE);
      record.mutable_kinds(0)->clear_tables();
      record.mutable_kinds(0)->clear_habits();
    }
    Add(std::move(record));
  }
  EXPECT_FALSE(Scored(4).score.has_level());
  EXPECT_EQ(Scored(5).score.level().windows(), 5);
}

// Mutation: the level is shown as it was filtered.
TEST_F(ScoreLevelsTest, AreClampedInTheTails) {
  for (int week = 0; week < 6; ++week) Add(Record(week, 1, /*noise=*/false));
  const score::v1::Score score = Scored(5).score;
  int levels = 0;
  const double habit = 30 * 0.4 * 7 / 3;
  for (const auto& category : score.categories()) {
    if (!category.has_level()) continue;
    ++levels;
    // 95% to 100% of the reach: the interval has both.
    const score::v1::Estimate& points = category.level().points();
    EXPECT_LE(points.value(), 70 * 0.975 + habit + 1) << category.category();
    EXPECT_LE(points.value() - points.margin(), 70 * 0.95 + habit) << category.category();
    EXPECT_GE(points.value() + points.margin(), 70 + habit) << category.category();
    EXPECT_FALSE(category.level().may_be_changing());
  }
  EXPECT_EQ(levels, 6);
}

// Mutations: a level from the third record on; one that the margin that came out decides on; a
// total beside which something is missing; the points of one window that was withheld.
TEST_F(ScoreLevelsTest, ShowWhatOneWindowWithholds) {
  people_ = 64;
  cadence_ = CADENCE_FOUR_WEEKLY;
  for (int record = 0; record < 16; ++record) {
    Add(Record(4 * record, record % 2 == 0 ? 0.5 : 0.05));
    const score::v1::Score score = Scored(rows_.size() - 1).score;
    EXPECT_EQ(score.state(), score::v1::FIGURE_STATE_WITHHELD);
    EXPECT_FALSE(score.has_points());
    bool all = true;
    bool any = false;
    for (const auto& category : score.categories()) {
      if (category.state() == score::v1::FIGURE_STATE_NOT_MEASURED) continue;
      ASSERT_EQ(category.state(), score::v1::FIGURE_STATE_WITHHELD) << category.category();
      EXPECT_FALSE(category.has_points());
      const int from = category.level_from_windows();
      EXPECT_EQ(category.has_level(), from > 0 && record + 1 >= from)
          << category.category() << " at record " << record + 1;
      EXPECT_NE(from, 1);
      EXPECT_NE(from, 2);
      all = all && category.has_level();
      any = any || category.has_level();
    }
    EXPECT_EQ(score.has_level(), all);
    EXPECT_EQ(score.possible_points() > 0, all);
    EXPECT_EQ(score.most_room_category().empty(), !any);
  }
  EXPECT_TRUE(Scored(15).score.has_level());
}

// Mutations: a day that counts windows from now on, or that stands beside a level; a total that
// does not say which categories it lacks.
TEST_F(ScoreLevelsTest, SayWhyThereIsNone) {
  people_ = 64;
  cadence_ = CADENCE_FOUR_WEEKLY;
  std::string promised;
  int from = 0;
  for (int record = 0; record < 16; ++record) {
    Publication one = Record(4 * record, 0.5);
    aggregate::v1::Entitlement& entitled = *one.add_entitlements();
    entitled.set_product("assistant");
    entitled.set_people(10);
    Add(std::move(one));
    const score::v1::Score score = Scored(rows_.size() - 1).score;
    const score::v1::CategoryScore& category = score.categories(0);
    ASSERT_EQ(category.category(), "communication");
    if (record == 0) {
      promised = category.level_from_end_day();
      from = category.level_from_windows();
      ASSERT_GT(from, 3);
      EXPECT_EQ(promised, FormatDay(kFirst + int64_t{28} * (from - 1)));
    }
    const bool there = record + 1 >= from;
    EXPECT_EQ(category.level_absence(), there ? score::v1::LEVEL_ABSENCE_UNSPECIFIED
                                              : score::v1::LEVEL_ABSENCE_SERIES_TOO_SHORT);
    EXPECT_EQ(category.level_from_end_day(), there ? "" : promised);
    EXPECT_EQ(score.categories(5).category(), "ai_assistance");
    EXPECT_EQ(score.categories(5).level_absence(), score::v1::LEVEL_ABSENCE_MARGIN_TOO_WIDE);
    EXPECT_EQ(score.categories(7).level_absence(), score::v1::LEVEL_ABSENCE_AS_THE_WINDOW);
    EXPECT_EQ(score.level_absence(), score::v1::LEVEL_ABSENCE_OF_CATEGORIES);
    EXPECT_THAT(score.level_missing_categories(), ::testing::Contains("ai_assistance"));
    if (record == 15) {
      EXPECT_THAT(score.level_missing_categories(), ::testing::ElementsAre("ai_assistance"));
    }
  }
}

TEST_F(ScoreLevelsTest, RestOnAtMost120Windows) {
  for (int week = 0; week < 130; ++week) Add(Record(week, 0.5));
  EXPECT_EQ(Scored(129).score.level().windows(), 120);
  const std::string level = Scored(129).score.level().SerializeAsString();
  rows_.erase(rows_.begin(), rows_.begin() + 10);
  records_.erase(records_.begin(), records_.begin() + 10);
  EXPECT_EQ(Scored(119).score.level().SerializeAsString(), level);
}

}  // namespace
}  // namespace tutti
