#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/catalog/catalog.h"
#include "common/catalog/fingerprint.h"
#include "tests/unit/common/catalog/vendor_catalog.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ShippedCatalogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    catalog_ = ShippedCatalog();
    ASSERT_NE(catalog_, nullptr);
  }

  std::unique_ptr<const Catalog> catalog_;
};

template <typename Entries>
std::vector<std::string> Ids(const Entries& entries) {
  std::vector<std::string> ids;
  for (const auto& entry : entries) ids.push_back(entry.id());
  return ids;
}

TEST_F(ShippedCatalogTest, CountsPeople) {
  ASSERT_THAT(Ids(catalog_->proto().kinds()), ElementsAre("person"));
  const CatalogKind& person = catalog_->kinds()[0];
  EXPECT_EQ(person.proto->expected_per_100_people(), 100u);
  EXPECT_EQ(person.proto->slots_per_subject(), 8u);
  EXPECT_EQ(person.proto->max_slots_log2(), 18u);
  EXPECT_EQ(person.proto->max_slots_log2_daily(), 17u);
  EXPECT_EQ(person.proto->min_headcount(), 10);
}

TEST_F(ShippedCatalogTest, FillsItsColumnsWithoutGaps) {
  EXPECT_EQ(catalog_->kinds()[0].reach_columns, 60u);
  EXPECT_EQ(catalog_->kinds()[0].day_columns, 6u);
  std::set<uint32_t> reach;
  std::set<uint32_t> day;
  for (const CatalogTable& table : catalog_->tables()) {
    (table.is_habit() ? day : reach).insert(table.columns.begin(), table.columns.end());
  }
  EXPECT_EQ(reach.size(), 60u);
  EXPECT_EQ(day.size(), 6u);
}

// Bitmaps of open windows are laid out by these: an entry may be added, and none
// of those below may change.
TEST_F(ShippedCatalogTest, KeepsTablesAndColumns) {
  std::map<std::string, std::string> tables;
  for (const CatalogTable& table : catalog_->tables()) {
    std::string& text = tables[table.proto->id()];
    for (int i = 0; i < table.feature_count(); ++i) {
      absl::StrAppend(&text, i > 0 ? " " : "", table.proto->features(i).id(), "=",
                      table.columns[static_cast<size_t>(i)]);
    }
  }
  const std::map<std::string, std::string> expected = {
      {"modes", "email=0 message=1 community=2"},
      {"collaboration", "file_collaborated=3"},
      {"shared_space", "shared_space=4"},
      {"platforms", "desktop=5 web=6 mobile=7"},
      {"meetings", "interactive=8"},
      {"assistant", "assistant=9"},
      {"habit_communication", "did=0"},
      {"habit_collaboration", "did=1"},
      {"habit_shared_space", "did=2"},
      {"habit_mobility", "did=3"},
      {"habit_meetings", "did=4"},
      {"habit_assistant", "did=5"},
      {"channels", "group_mail=10 channel_message=11 chat=12"},
      {"mentions", "mail_sent=13 mail_with_mention=14"},
      {"content_roles", "read=15 written=16 collaborated=17"},
      {"storage", "personal_drive=18 team_site=19"},
      {"attachments", "copy=20 link=21"},
      {"sharing", "internal=22 external=23"},
      {"meeting_practice", "attended=24 visual=25 interactive=26"},
      {"meeting_kinds", "one_off=27 recurring=28 meet_now=29"},
      {"calls", "one_to_one=30 group=31"},
      {"app_outlook", "desktop=32 web=33 mobile=34"},
      {"app_teams", "desktop=35 web=36 mobile=37"},
      {"app_word", "desktop=38 web=39 mobile=40"},
      {"app_excel", "desktop=41 web=42 mobile=43"},
      {"app_powerpoint", "desktop=44 web=45 mobile=46"},
      {"app_onenote", "desktop=47 web=48 mobile=49"},
      {"app_community", "desktop=50 web=51 mobile=52"},
      {"app_other", "desktop=53 web=54 mobile=55"},
      {"assistant_places", "mail=56 chat=57 meetings=58 documents=59"},
  };
  EXPECT_EQ(tables, expected);
}

TEST_F(ShippedCatalogTest, KeepsTheWordsOfActivities) {
  EXPECT_THAT(Ids(catalog_->proto().activity_types()),
              ElementsAre("mail.sent", "mail.read", "chat.sent", "channel_message.sent",
                          "community.posted", "community.read", "file.read", "file.written",
                          "file.shared", "meeting.attended", "call.joined", "assistant.used"));
  EXPECT_THAT(Ids(catalog_->proto().apps()),
              ElementsAre("outlook", "teams", "word", "excel", "powerpoint", "onenote", "community",
                          "other"));
  EXPECT_THAT(Ids(catalog_->proto().platforms()), ElementsAre("desktop", "web", "mobile"));
  EXPECT_THAT(
      Ids(catalog_->proto().traits()),
      ElementsAre("group_mailbox", "mention", "attachment_copy", "attachment_link", "shared_file",
                  "team_site", "personal_drive", "internal", "external", "video", "screen_share",
                  "reaction", "raised_hand", "chat", "one_off", "recurring", "meet_now",
                  "one_to_one", "group", "in_mail", "in_chat", "in_meeting", "in_document"));
  EXPECT_THAT(Ids(catalog_->proto().sources()),
              ElementsAre("m365_audit", "m365_usage_report", "google_reports", "activities",
                          "device_telemetry"));
}

TEST_F(ShippedCatalogTest, WeighsTwoOfThreeFourTimes) {
  for (const CatalogTable& table : catalog_->tables()) {
    const std::string& id = table.proto->id();
    EXPECT_EQ(table.proto->weight(), id == "modes" || id == "platforms" ? 4u : 1u) << id;
  }
}

TEST_F(ShippedCatalogTest, SplitsTheBudget) {
  std::vector<std::string> splits;
  for (const catalog::v1::BudgetSplit& split : catalog_->proto().budget_splits()) {
    splits.push_back(absl::StrCat(split.cadence(), " ", split.primary_permille(), " ",
                                  split.habit_permille(), " ", split.supporting_permille()));
  }
  EXPECT_THAT(splits,
              ElementsAre("daily 500 200 300", "weekly 500 200 300", "four_weekly 400 400 200"));
}

TEST_F(ShippedCatalogTest, ScoresSixCategoriesAlike) {
  EXPECT_THAT(Ids(catalog_->proto().categories()),
              ElementsAre("communication", "content_collaboration", "teamwork", "mobility",
                          "meetings", "ai_assistance"));
  for (const catalog::v1::Category& category : catalog_->proto().categories()) {
    SCOPED_TRACE(category.id());
    const catalog::v1::ReachAndHabit& formula = category.reach_and_habit();
    EXPECT_EQ(formula.reach_measure(), category.id() + "_reach");
    EXPECT_EQ(formula.habit_measure(), category.id() + "_habit");
    EXPECT_EQ(formula.reach_points(), 70u);
    EXPECT_EQ(formula.habit_points(), 30u);
    EXPECT_EQ(formula.full_habit_numerator(), 3u);
    EXPECT_EQ(formula.full_habit_denominator(), 7u);
    const std::string product = category.id() == "ai_assistance" ? "assistant" : "";
    const catalog::v1::Measure* const reach = catalog_->FindMeasure(formula.reach_measure());
    EXPECT_TRUE(reach->share().has_entitled_product());
    EXPECT_EQ(reach->share().entitled_product(), product);
    EXPECT_EQ(catalog_->FindMeasure(formula.habit_measure())->habit().entitled_product(), product);
  }
}

TEST_F(ShippedCatalogTest, UsesEveryTableInAMeasure) {
  std::set<std::string> unused;
  for (const CatalogTable& table : catalog_->tables()) unused.insert(table.proto->id());
  for (const catalog::v1::Measure& measure : catalog_->proto().measures()) {
    unused.erase(measure.share().numerator().table());
    unused.erase(measure.habit().table());
    unused.erase(measure.count().table());
  }
  EXPECT_THAT(unused, IsEmpty());
}

TEST_F(ShippedCatalogTest, PutsEveryTraitIntoARule) {
  std::set<std::string> unused;
  for (const catalog::v1::Term& trait : catalog_->proto().traits()) unused.insert(trait.id());
  for (const catalog::v1::Table& table : catalog_->proto().tables()) {
    for (const catalog::v1::Feature& feature : table.features()) {
      for (const catalog::v1::Rule& rule : feature.any_of()) {
        for (const std::string& trait : rule.any_traits()) unused.erase(trait);
      }
    }
  }
  EXPECT_THAT(unused, IsEmpty());
}

TEST_F(ShippedCatalogTest, RecommendsSomethingForEveryCategory) {
  std::set<std::string> without;
  for (const catalog::v1::Category& category : catalog_->proto().categories()) {
    without.insert(category.id());
  }
  for (const catalog::v1::RecommendedAction& action : catalog_->proto().actions()) {
    without.erase(catalog_->FindMeasure(action.measure())->category());
  }
  EXPECT_THAT(without, IsEmpty());
}

TEST_F(ShippedCatalogTest, SaysWhatIsNeverMeasured) {
  EXPECT_GE(catalog_->proto().never_measured_size(), 5);
}

TEST_F(ShippedCatalogTest, GivesEveryTableItsOwnSalt) {
  std::set<uint64_t> salts;
  for (const CatalogTable& table : catalog_->tables()) {
    EXPECT_EQ(table.salt, TableSalt(*table.proto));
    salts.insert(table.salt);
  }
  EXPECT_EQ(salts.size(), catalog_->tables().size());
}

}  // namespace
}  // namespace tutti
