#include "common/scoring/score_builder.h"

#include <functional>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/simulated_organization.h"

namespace tutti {
namespace {

using ::testing::HasSubstr;
using window::v1::CADENCE_FOUR_WEEKLY;
using window::v1::CADENCE_WEEKLY;

class ScoreBuilderTest : public ::testing::Test {
 protected:
  publication::v1::Publication Record(int64_t headcount, window::v1::Cadence cadence) {
    Activity activity;
    activity.tables = {{"modes", {0, headcount / 4, 0, headcount / 2}}};
    return Publish(*catalog_, headcount, cadence, activity, simulator_, /*noise=*/false);
  }

  score::v1::Score Score(const publication::v1::Publication& record) {
    const auto scored = ScorePublication(*catalog_, record);
    EXPECT_TRUE(scored.ok()) << scored.status();
    return scored->score;
  }

  std::unique_ptr<const Catalog> catalog_ = LoadShippedCatalog();
  SlotSimulator simulator_{61};
};

TEST_F(ScoreBuilderTest, AddsReachAndHabit) {
  const score::v1::Score score = Score(Record(5000, CADENCE_WEEKLY));
  const auto& communication = score.categories(0);
  ASSERT_EQ(communication.category(), "communication");
  // Half reach; no habit, which shows as 0% to 5%: an interval, not "at most" 39 of 100.
  const double open = 30 * 0.05 * 7 / 3;
  const score::v1::Estimate& points = communication.points();
  EXPECT_NEAR(points.value(), 70 * 0.5 + open / 2, 1);
  EXPECT_GT(points.margin(), open / 2);
  EXPECT_LT(points.margin(), open / 2 + 1);
  EXPECT_EQ(points.bound(), score::v1::BOUND_UNSPECIFIED);
  EXPECT_EQ(score.percent().bound(), score::v1::BOUND_UNSPECIFIED);
  EXPECT_EQ(score.possible_points(), 600);
  EXPECT_NEAR(score.percent().value(), score.points().value() / 6, 1e-9);
  EXPECT_NEAR(score.percent().margin(), score.points().margin() / 6, 1e-9);
}

// Mutation: the category with the most points, or the first one.
TEST_F(ScoreBuilderTest, NamesTheCategoryWithTheMostRoom) {
  constexpr int64_t kPeople = 5000;
  const std::vector<std::string> one_feature = {"collaboration", "shared_space", "meetings",
                                                "assistant"};
  const std::vector<std::string> categories = {"content_collaboration", "teamwork", "meetings",
                                               "ai_assistance"};
  for (size_t least = 0; least < one_feature.size(); ++least) {
    Activity activity;
    activity.tables = {{"modes", {0, 0, 0, kPeople / 2}}, {"platforms", {0, 0, 0, kPeople / 2}}};
    for (size_t i = 0; i < one_feature.size(); ++i) {
      activity.tables.push_back({one_feature[i], {0, i == least ? kPeople / 4 : kPeople / 2}});
    }
    const score::v1::Score score =
        Score(Publish(*catalog_, kPeople, CADENCE_WEEKLY, activity, simulator_, /*noise=*/false));
    EXPECT_EQ(score.most_room_category(), categories[least]);
  }
}

// Mutation: everybody who shows something is counted, and not those who are left.
TEST_F(ScoreBuilderTest, SaysWhatIsLeftOfThoseEntitled) {
  constexpr int64_t kPeople = 5000;
  for (const int64_t users : {int64_t{1500}, int64_t{10}, int64_t{1990}}) {
    Activity activity;
    activity.tables = {{"assistant", {0, users}}};
    publication::v1::Publication record =
        Publish(*catalog_, kPeople, CADENCE_WEEKLY, activity, simulator_, /*noise=*/false);
    auto& entitlement = *record.add_entitlements();
    entitlement.set_product("assistant");
    entitlement.set_people(2000);
    const score::v1::Score score = Score(record);
    const auto measure = [&](const char* id) {
      for (const auto& one : score.measures()) {
        if (one.measure() == id) return one.value();
      }
      ADD_FAILURE() << id;
      return score::v1::Estimate();
    };
    const score::v1::Estimate used = measure("ai_assistance_reach");
    const score::v1::Estimate unused = measure("assistant_unused_share");
    EXPECT_NEAR(used.value() + unused.value(), 100, 1e-9) << users;
    EXPECT_NEAR(used.margin(), unused.margin(), 1e-9) << users;
    EXPECT_EQ(unused.bound(), users == 10     ? score::v1::BOUND_AT_LEAST
                              : users == 1990 ? score::v1::BOUND_AT_MOST
                                              : score::v1::BOUND_UNSPECIFIED);
  }
}

TEST_F(ScoreBuilderTest, LeavesOutWhatHasNoSource) {
  publication::v1::Publication record = Record(5000, CADENCE_WEEKLY);
  record.clear_sources();
  record.add_sources("google_reports");  // gives no platforms
  const score::v1::Score score = Score(record);
  EXPECT_EQ(score.possible_points(), 500);
  const std::set<std::string> given = {"communication", "content_collaboration", "teamwork",
                                       "meetings", "ai_assistance"};
  for (const auto& category : score.categories()) {
    const bool missing = given.count(category.category()) == 0;
    EXPECT_EQ(category.state(),
              missing ? score::v1::FIGURE_STATE_NOT_MEASURED : score::v1::FIGURE_STATE_MEASURED);
    EXPECT_EQ(category.state_reason().empty(), !missing);
  }
  record.clear_sources();
  EXPECT_EQ(Score(record).state(), score::v1::FIGURE_STATE_NOT_MEASURED);
}

// Mutations: the categories that are missing are not named; a reason that speaks of everybody where
// few are entitled.
TEST_F(ScoreBuilderTest, WithholdsTheTotalWithACategory) {
  publication::v1::Publication record = Record(1000, CADENCE_WEEKLY);
  auto& entitlement = *record.add_entitlements();
  entitlement.set_product("assistant");
  entitlement.set_people(20);
  const score::v1::Score score = Score(record);
  EXPECT_EQ(score.categories(0).state(), score::v1::FIGURE_STATE_MEASURED);
  EXPECT_EQ(score.categories(5).state(), score::v1::FIGURE_STATE_WITHHELD);
  EXPECT_EQ(score.state(), score::v1::FIGURE_STATE_WITHHELD);
  EXPECT_FALSE(score.has_points());
  EXPECT_FALSE(score.has_percent());
  EXPECT_THAT(score.missing_categories(), ::testing::ElementsAre("ai_assistance"));
  EXPECT_THAT(score.categories(5).state_reason(), ::testing::Not(HasSubstr("1000")));
}

TEST_F(ScoreBuilderTest, WithholdsSupportingFiguresOfASmallOrganisation) {
  const score::v1::Score score = Score(Record(150, CADENCE_FOUR_WEEKLY));
  EXPECT_EQ(score.state(), score::v1::FIGURE_STATE_MEASURED);
  int withheld = 0;
  for (const auto& measure : score.measures()) {
    if (measure.state() != score::v1::FIGURE_STATE_WITHHELD) continue;
    ++withheld;
    EXPECT_FALSE(measure.has_value());
    EXPECT_THAT(measure.state_reason(), HasSubstr("At this size"));
  }
  EXPECT_GT(withheld, 20);
}

TEST_F(ScoreBuilderTest, SaysWhatWasLost) {
  publication::v1::Publication record = Record(1000, CADENCE_WEEKLY);
  record.mutable_kinds(0)->set_state(publication::v1::KIND_STATE_INCOMPLETE);
  record.mutable_kinds(0)->clear_tables();
  record.mutable_kinds(0)->clear_habits();
  const score::v1::Score score = Score(record);
  EXPECT_EQ(score.state(), score::v1::FIGURE_STATE_INCOMPLETE);
  // Those of people; of the other kinds nothing was lost.
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(score.categories(i).state(), score::v1::FIGURE_STATE_INCOMPLETE);
  }
}

TEST_F(ScoreBuilderTest, LeavesOutMeasuresThatNoSourceGives) {
  publication::v1::Publication record = Record(5000, CADENCE_WEEKLY);
  const auto state = [&](const std::string& id) {
    const score::v1::Score score = Score(record);
    for (const auto& measure : score.measures()) {
      if (measure.measure() == id) return measure.state();
    }
    return score::v1::FIGURE_STATE_UNSPECIFIED;
  };
  EXPECT_EQ(state("mention_share"), score::v1::FIGURE_STATE_MEASURED);
  EXPECT_EQ(state("mails_sent"), score::v1::FIGURE_STATE_NOT_MEASURED);
  record.clear_sources();
  record.add_sources("m365_audit");
  EXPECT_EQ(state("mail_reach"), score::v1::FIGURE_STATE_MEASURED);
  EXPECT_EQ(state("mention_share"), score::v1::FIGURE_STATE_NOT_MEASURED);
  record.add_sources("item_records");
  EXPECT_EQ(state("mails_sent"), score::v1::FIGURE_STATE_MEASURED);
}

TEST_F(ScoreBuilderTest, PutsMeetingPracticeInThePlaceOfMeetings) {
  publication::v1::Publication record = Record(5000, CADENCE_WEEKLY);
  record.clear_sources();
  record.add_sources("meeting_records");
  score::v1::Score score = Score(record);
  const auto& meetings = score.categories(4);
  const auto& practice = score.categories(6);
  ASSERT_EQ(meetings.category(), "meetings");
  ASSERT_EQ(practice.category(), "meeting_practice");
  EXPECT_EQ(meetings.state(), score::v1::FIGURE_STATE_MEASURED);
  EXPECT_EQ(meetings.points().value(), practice.points().value());
  EXPECT_THAT(meetings.state_reason(), HasSubstr("Meeting practice"));
  EXPECT_EQ(score.possible_points(), 100) << "it counts once";
  record.add_sources("activities");
  score = Score(record);
  EXPECT_EQ(score.possible_points(), 600) << "beside Meetings it adds no points";
  EXPECT_EQ(score.categories(6).state(), score::v1::FIGURE_STATE_MEASURED);
  EXPECT_NE(score.categories(4).points().value(), score.categories(6).points().value());
}

// Mutation: what stands in is named only where it has points.
TEST_F(ScoreBuilderTest, NamesWhatStandsInThoughItIsWithheld) {
  publication::v1::Publication record = Record(200, CADENCE_FOUR_WEEKLY);
  record.clear_sources();
  record.add_sources("meeting_records");
  const score::v1::Score score = Score(record);
  ASSERT_EQ(score.categories(4).category(), "meetings");
  EXPECT_EQ(score.categories(4).state(), score::v1::FIGURE_STATE_WITHHELD);
  EXPECT_EQ(score.categories(4).measured_by(), "meeting_practice");
  EXPECT_EQ(score.categories(3).measured_by(), "");
}

TEST_F(ScoreBuilderTest, CountsTechnologyWhereItIsConnected) {
  publication::v1::Publication record = Record(5000, CADENCE_WEEKLY);
  record.add_sources("device_telemetry");
  const score::v1::Score score = Score(record);
  EXPECT_EQ(score.possible_points(), 700);
  EXPECT_EQ(score.categories(7).category(), "endpoint");
  EXPECT_EQ(score.categories(7).state(), score::v1::FIGURE_STATE_MEASURED);
  EXPECT_EQ(score.categories(8).state(), score::v1::FIGURE_STATE_NOT_MEASURED);
}

TEST_F(ScoreBuilderTest, WithholdsAKindThatIsNotCounted) {
  publication::v1::Publication record = Record(1000, CADENCE_WEEKLY);
  record.clear_kinds();
  EXPECT_EQ(Score(record).state(), score::v1::FIGURE_STATE_WITHHELD);
}

TEST_F(ScoreBuilderTest, CarriesTheNotice) {
  publication::v1::Publication record = Record(1000, CADENCE_WEEKLY);
  EXPECT_THAT(Score(record).notice(), HasSubstr("never a person"));
  record.set_generated_data(true);
  EXPECT_THAT(Score(record).notice(), HasSubstr("made up"));
  EXPECT_TRUE(Score(record).generated_data());
}

TEST_F(ScoreBuilderTest, DividesByThePeopleEntitled) {
  Activity activity;
  activity.tables = {{"assistant", {0, 600}}};
  publication::v1::Publication record =
      Publish(*catalog_, 5000, CADENCE_WEEKLY, activity, simulator_, /*noise=*/false);
  auto& entitlement = *record.add_entitlements();
  entitlement.set_product("assistant");
  entitlement.set_people(1000);
  const score::v1::Score score = Score(record);
  for (const auto& measure : score.measures()) {
    if (measure.measure() == "ai_assistance_reach") {
      EXPECT_NEAR(measure.value().value(), 60, 2);
    }
  }
}

TEST_F(ScoreBuilderTest, RefusesARecordThatDoesNotFit) {
  const publication::v1::Publication good = Record(1000, CADENCE_WEEKLY);
  const auto code = [&](const std::function<void(publication::v1::Publication&)>& change) {
    publication::v1::Publication record = good;
    change(record);
    return ScorePublication(*catalog_, record).status().code();
  };
  EXPECT_EQ(code([](auto& record) { record.set_headcount(0); }), absl::StatusCode::kDataLoss);
  EXPECT_EQ(code([](auto& record) { record.set_step_days(29); }), absl::StatusCode::kDataLoss);
  EXPECT_EQ(code([](auto& record) { record.set_end_day("x"); }), absl::StatusCode::kDataLoss);
  EXPECT_EQ(code([](auto& record) { record.mutable_kinds(0)->set_kind("cat"); }),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(code([](auto& record) { record.mutable_kinds(0)->set_slots_log2(63); }),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(code([](auto& record) { record.mutable_kinds(0)->mutable_tables()->RemoveLast(); }),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(
      code([](auto& record) { record.mutable_kinds(0)->mutable_tables(0)->set_features(0, "x"); }),
      absl::StatusCode::kDataLoss);
  EXPECT_EQ(code([](auto& record) { record.mutable_kinds(0)->mutable_habits()->RemoveLast(); }),
            absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace tutti
