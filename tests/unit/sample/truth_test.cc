#include "tests/sample/truth.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "common/window/window.h"
#include "tests/sample/sample_items.h"
#include "tests/sample/told.h"
#include "tests/unit/sample/sample_fixture.h"

namespace tutti {
namespace {

// Whether an activity matches a rule, straight from the rule's description.
bool Matches(const catalog::v1::Rule& rule, const ingest::v1::Activity& activity) {
  const auto has = [](const auto& list, const std::string& word) {
    for (const std::string& item : list) {
      if (item == word) return true;
    }
    return false;
  };
  if (rule.types_size() > 0 && !has(rule.types(), activity.type())) return false;
  if (rule.apps_size() > 0 && !has(rule.apps(), activity.app())) return false;
  if (rule.platforms_size() > 0 && !has(rule.platforms(), activity.platform())) return false;
  bool any = rule.any_traits_size() == 0;
  for (const std::string& trait : rule.any_traits()) any = any || has(activity.traits(), trait);
  for (const std::string& trait : rule.all_traits()) any = any && has(activity.traits(), trait);
  return any;
}

bool Has(const catalog::v1::Feature& feature, const ingest::v1::Activity& activity) {
  for (const catalog::v1::Rule& rule : feature.any_of()) {
    if (Matches(rule, activity)) return true;
  }
  return false;
}

class TruthTest : public ::testing::Test {
 protected:
  const std::unique_ptr<const Catalog> catalog_ = LoadShippedCatalog();
};

using Shapes = std::vector<SampleShape>;
class TruthOfShapesTest : public TruthTest, public ::testing::WithParamInterface<Shapes> {};

// Calls with all that the organisation's files tell.
void ForEachTold(const SampleOrganization& organization,
                 const std::function<void(const ingest::v1::Activity&)>& take) {
  std::vector<ToldActivity> told;
  organization.ForEachEvent([&](const SampleEvent& event) {
    told.clear();
    for (const SampleShape shape : organization.options().shapes) AppendTold(event, shape, told);
    for (const ToldActivity& one : told) take(organization.ToActivity(event.person, one));
  });
  ForEachItemActivity(organization,
                      [&](const ingest::v1::Activity& activity, int) { take(activity); });
}

// Mutation: days of UTC taken for those of the organisation, or the last source alone.
TEST_P(TruthOfShapesTest, IsWhatCountingSetsOfSubjectsGives) {
  SampleOptions options = SampleOf(30, 6);
  options.shapes = GetParam();
  options.time_zone = "Pacific/Auckland";
  const SampleOrganization organization = Made(options);
  const Truth truth = CountTruth(organization, *catalog_, {Day(2026, 6, 7), Day(2026, 6, 21)}, 7);
  ASSERT_EQ(truth.windows.size(), 2u);
  const absl::TimeZone zone = *LoadZone(options.time_zone);
  std::map<std::string, std::string> types;  // and their kinds
  for (const auto& type : catalog_->proto().activity_types()) types[type.id()] = type.kind();
  for (size_t t = 0; t < catalog_->tables().size(); ++t) {
    const CatalogTable& table = catalog_->tables()[t];
    // Who did it, by day and feature.
    std::map<Day, std::vector<std::set<std::string>>> people;
    std::set<std::string> subjects;
    const auto count = [&](const ingest::v1::Activity& activity) {
      const Day day =
          absl::ToCivilDay(absl::FromUnixSeconds(activity.occurred_at().seconds()), zone);
      auto& sets = people[day];
      sets.resize(static_cast<size_t>(table.feature_count()));
      for (int i = 0; i < table.feature_count(); ++i) {
        if (types.at(activity.type()) == table.proto->kind() &&
            Has(table.proto->features(i), activity)) {
          sets[static_cast<size_t>(i)].insert(activity.subject());
          subjects.insert(activity.subject());
        }
      }
    };
    ForEachTold(organization, count);
    const bool of_people = table.proto->kind() == "person";
    for (uint32_t person = 0; of_people && person < organization.people(); ++person) {
      subjects.insert(organization.PersonName(person));
    }
    if (table.is_habit()) {
      for (int day = 0; day < organization.days(); ++day) {
        const auto found = people.find(organization.DayAt(day));
        const size_t expected = found == people.end() ? 0 : found->second[0].size();
        ASSERT_EQ(truth.habits[t][static_cast<size_t>(day)], static_cast<int64_t>(expected));
      }
      continue;
    }
    if (subjects.empty()) {
      EXPECT_TRUE(truth.windows[0].subjects[t].empty()) << table.proto->id();
      continue;
    }
    for (const TruthWindow& window : truth.windows) {
      std::vector<int64_t> patterns(size_t{1} << table.feature_count());
      for (const std::string& subject : subjects) {
        size_t pattern = 0;
        for (const auto& [day, sets] : people) {
          if (!Window{WindowKind::kReach, window.end_day}.Contains(day)) continue;
          for (size_t i = 0; i < sets.size(); ++i) {
            if (sets[i].count(subject) > 0) pattern |= size_t{1} << i;
          }
        }
        if (of_people || pattern > 0) ++patterns[pattern];
      }
      ASSERT_EQ(window.subjects[t], patterns) << table.proto->id();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, TruthOfShapesTest,
    ::testing::Values(Shapes{SampleShape::kActivities},
                      Shapes{SampleShape::kGoogleReports, SampleShape::kTelemetry},
                      Shapes{SampleShape::kAuditCsv, SampleShape::kUsageReports,
                             SampleShape::kTelemetry, SampleShape::kRemaining}));

// All sources together tell no more than somebody did, but for who opened a file: a usage
// report does not tell that from changing one. Mutation: a source that is left out.
TEST_F(TruthTest, OfAllSourcesIsNearlyThatOfEverything) {
  SampleOptions options = SampleOf(200, 5);
  options.shapes = {SampleShape::kActivities};
  const Truth everything = CountTruth(Made(options), *catalog_);
  options.shapes = {SampleShape::kAuditCsv, SampleShape::kUsageReports, SampleShape::kRemaining};
  const Truth told = CountTruth(Made(options), *catalog_);
  ASSERT_EQ(told.windows.size(), everything.windows.size());
  ASSERT_FALSE(told.windows.empty());
  std::set<std::string> other;
  for (const catalog::v1::Measure& measure : catalog_->proto().measures()) {
    const auto value = told.Measure(*catalog_, told.windows[0], measure);
    if (!value.has_value()) continue;
    if (value != everything.Measure(*catalog_, everything.windows[0], measure)) {
      other.insert(measure.id());
    }
  }
  EXPECT_EQ(other, (std::set<std::string>{"file_reading_reach"}));
}

TEST_F(TruthTest, FollowsTheGridOfTheCadence) {
  SampleOptions options = SampleOf(300, 6);
  const auto ends = [&](window::v1::Cadence cadence) {
    options.cadence = cadence;
    std::vector<std::string> days;
    for (const TruthWindow& window : CountTruth(Made(options), *catalog_).windows) {
      days.push_back(FormatDay(window.end_day));
    }
    return days;
  };
  EXPECT_EQ(ends(window::v1::CADENCE_AUTO),
            (std::vector<std::string>{"2026-06-07", "2026-06-14", "2026-06-21"}));
  EXPECT_EQ(ends(window::v1::CADENCE_DAILY).size(), 3u) << "faster than the headcount permits";
  EXPECT_LE(ends(window::v1::CADENCE_FOUR_WEEKLY).size(), 1u);
}

TEST_F(TruthTest, EvaluatesEveryPredicate) {
  const int table = catalog_->FindTable("modes");  // email, message, community
  ASSERT_GE(table, 0);
  TruthWindow window;
  window.subjects.resize(catalog_->tables().size());
  window.subjects[static_cast<size_t>(table)] = {1000, 1, 2, 4, 8, 16, 32, 64};
  const auto people = [&](const auto& set) {
    catalog::v1::Predicate predicate;
    predicate.set_table("modes");
    set(predicate);
    return Truth::Subjects(*catalog_, window, predicate);
  };
  using P = catalog::v1::Predicate;
  EXPECT_EQ(people([](P& p) { p.mutable_any_of()->add_features("email"); }), 1 + 4 + 16 + 64);
  EXPECT_EQ(people([](P& p) { p.mutable_only()->add_features("message"); }), 2);
  EXPECT_EQ(people([](P& p) {
              p.mutable_all_of()->add_features("email");
              p.mutable_all_of()->add_features("community");
            }),
            16 + 64);
  EXPECT_EQ(people([](P& p) { p.set_at_least(2); }), 4 + 16 + 32 + 64);
  EXPECT_EQ(people([](P& p) { p.set_exactly(1); }), 1 + 2 + 8);
  EXPECT_EQ(people([](P&) {}), 0);
}

TEST_F(TruthTest, GivesEveryMeasureAndCategoryOfEveryKind) {
  SampleOptions options = SampleOf(250, 5);
  options.shapes = {SampleShape::kActivities};
  const SampleOrganization organization = Made(options);
  const Truth truth = CountTruth(organization, *catalog_);
  const TruthWindow* window = truth.Find(Day(2026, 6, 21));
  ASSERT_NE(window, nullptr);
  for (const catalog::v1::Measure& measure : catalog_->proto().measures()) {
    const absl::optional<double> value = truth.Measure(*catalog_, *window, measure);
    if (!value.has_value()) {
      EXPECT_EQ(Truth::Subjects(*catalog_, *window, measure.share().subjects()), 0) << measure.id();
      continue;
    }
    EXPECT_GE(*value, 0) << measure.id();
    EXPECT_TRUE(measure.has_count() || *value <= 1) << measure.id();
  }
  for (const catalog::v1::Category& category : catalog_->proto().categories()) {
    const absl::optional<double> points = truth.Points(*catalog_, *window, category);
    ASSERT_TRUE(points.has_value()) << category.id();
    EXPECT_GT(*points, 5) << category.id();
    EXPECT_LT(*points, 95) << category.id();
  }
  // One is worked out by hand: shares of the licensed, not of everybody.
  const int table = catalog_->FindTable("assistant");
  ASSERT_GE(table, 0);
  const catalog::v1::Measure* reach = catalog_->FindMeasure("ai_assistance_reach");
  ASSERT_NE(reach, nullptr);
  EXPECT_DOUBLE_EQ(*truth.Measure(*catalog_, *window, *reach),
                   double(window->subjects[static_cast<size_t>(table)][1]) /
                       double(organization.licensed_people()));
}

TEST_F(TruthTest, SaysNothingOfThingsThatALogDoesNotTell) {
  const SampleOrganization organization = Made(SampleOf(50, 5));
  const Truth truth = CountTruth(organization, *catalog_, {Day(2026, 6, 21)}, 28);
  ASSERT_EQ(truth.windows.size(), 1U);
  const auto measure = [&](const char* id) {
    return truth.Measure(*catalog_, truth.windows[0], *catalog_->FindMeasure(id));
  };
  EXPECT_TRUE(measure("mail_reach").has_value());
  EXPECT_FALSE(measure("mails_sent").has_value());
  EXPECT_FALSE(
      truth.Points(*catalog_, truth.windows[0], *catalog_->FindCategory("endpoint")).has_value());
}

TEST_F(TruthTest, CountsLargeMeetingsTwice) {
  catalog::v1::Practice practice =
      catalog_->FindCategory("meeting_practice")->practices().practices(0);
  TruthWindow window;
  window.subjects.resize(catalog_->tables().size());
  // 100 meetings, 40 of them large; 15 small and 10 large ones followed the practice.
  window.subjects[static_cast<size_t>(catalog_->FindTable("meeting_size"))] = {0, 60, 0, 40};
  window.subjects[static_cast<size_t>(catalog_->FindTable(practice.table()))] = {0, 15, 30, 10};
  EXPECT_DOUBLE_EQ(*Truth::Practice(*catalog_, window, practice), (15.0 + 2 * 10) / (60 + 2 * 40));
}

TEST_F(TruthTest, SaysInItsFileThatItIsGenerated) {
  const SampleOrganization organization = Made(SampleOf(50, 8));
  const Truth truth = CountTruth(organization, *catalog_, {Day(2026, 6, 21)}, 28);
  const nlohmann::json json = nlohmann::json::parse(TruthJson(organization, *catalog_, truth));
  EXPECT_EQ(json["generated"], true);
  EXPECT_EQ(json["headcount"], 50);
  EXPECT_EQ(json["entitlements"]["assistant"], organization.licensed_people());
  ASSERT_EQ(json["windows"].size(), 1u);
  const nlohmann::json& modes = json["windows"][0]["tables"]["modes"];
  EXPECT_EQ(modes["features"].size(), 3u);
  int64_t everybody = 0;
  for (const nlohmann::json& people : modes["subjects"]) everybody += people.get<int64_t>();
  EXPECT_EQ(everybody, 50);
  EXPECT_EQ(json["habits"]["habit_communication"].size(), 56u);
}

}  // namespace
}  // namespace tutti
