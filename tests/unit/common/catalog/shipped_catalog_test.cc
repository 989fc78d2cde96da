#include "common/catalog/shipped_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
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
    catalog_ = LoadShippedCatalog();
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

// Sizes V and M, and from when a kind is collected: expected for 100 people, slots
// for each, log2 of the most slots, the same daily, least headcount.
TEST_F(ShippedCatalogTest, SizesEveryKind) {
  std::vector<std::string> sizes;
  for (const catalog::v1::SubjectKind& kind : catalog_->proto().kinds()) {
    sizes.push_back(absl::StrCat(kind.id(), " ", kind.expected_per_100_people(), " ",
                                 kind.slots_per_subject(), " ", kind.max_slots_log2(), " ",
                                 kind.max_slots_log2_daily(), " ", kind.min_headcount()));
  }
  EXPECT_THAT(sizes, ElementsAre("person 100 8 18 17 10", "device 150 8 18 17 10",
                                 "meeting 2000 2 13 13 250", "workspace 50 2 13 13 250",
                                 "document 3000 2 13 13 250", "thread 6000 2 13 13 250",
                                 "message 30000 2 13 13 250"));
}

TEST_F(ShippedCatalogTest, FillsTheColumnsOfEveryKindWithoutGaps) {
  std::map<int, std::set<uint32_t>> reach;
  std::map<int, std::set<uint32_t>> day;
  for (const CatalogTable& table : catalog_->tables()) {
    (table.is_habit() ? day : reach)[table.kind].insert(table.columns.begin(), table.columns.end());
  }
  std::vector<std::string> columns;
  for (size_t i = 0; i < catalog_->kinds().size(); ++i) {
    const CatalogKind& kind = catalog_->kinds()[i];
    EXPECT_EQ(kind.reach_columns, reach[static_cast<int>(i)].size()) << kind.proto->id();
    EXPECT_EQ(kind.day_columns, day[static_cast<int>(i)].size()) << kind.proto->id();
    columns.push_back(
        absl::StrCat(kind.proto->id(), " ", kind.reach_columns, " ", kind.day_columns));
  }
  EXPECT_THAT(columns, ElementsAre("person 67 6", "device 10 0", "meeting 20 0", "workspace 22 0",
                                   "document 2 0", "thread 5 0", "message 1 0"));
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
      {"assistant_in_files", "word=60 excel=61 powerpoint=62"},
      {"assistant_in_talk", "outlook=63 teams=64 own_app=65 agent=66"},
      {"endpoint", "seen=0 slow_start=1 app_crash=2"},
      {"network", "measured=3 poor_mail=4 poor_files=5 poor_calls=6"},
      {"apps_health", "seen=7 recommended_channel=8 supported_version=9"},
      {"meeting_size", "held=0 large=1"},
      {"meeting_chat_before", "followed=2 large=3"},
      {"meeting_notice", "followed=4 large=5"},
      {"meeting_acceptance", "followed=6 large=7"},
      {"meeting_punctuality", "followed=8 large=9"},
      {"meeting_interaction", "followed=10 large=11"},
      {"meeting_participation", "followed=12 large=13"},
      {"meeting_visuals", "followed=14 large=15"},
      {"meeting_recording", "followed=16 large=17"},
      {"meeting_follow_up", "followed=18 large=19"},
      {"workspaces", "known=0 engaged=1 with_team=2"},
      {"workspace_engagement", "mail=3 channel=4 content=5"},
      {"workspace_size", "members_1_to_4=6 members_5_to_10=7 members_11_to_50=8 members_over_50=9"},
      {"workspace_size_engaged",
       "members_1_to_4=10 members_5_to_10=11 members_11_to_50=12 members_over_50=13"},
      {"workspace_age",
       "age_up_to_90_days=14 age_up_to_1_year=15 age_up_to_3_years=16 age_over_3_years=17"},
      {"workspace_age_engaged",
       "age_up_to_90_days=18 age_up_to_1_year=19 age_up_to_3_years=20 age_over_3_years=21"},
      {"documents_shared", "internal=0 external=1"},
      {"mention_threads", "mentioned=0 answered=1"},
      {"questions", "question=2 answered=3 best_answer=4"},
      {"messages_sent", "sent=0"},
  };
  EXPECT_EQ(tables, expected);
}

TEST_F(ShippedCatalogTest, KeepsTheWordsOfActivities) {
  EXPECT_THAT(
      Ids(catalog_->proto().activity_types()),
      ElementsAre("mail.sent", "mail.read", "chat.sent", "channel_message.sent", "community.posted",
                  "community.read", "file.read", "file.written", "file.shared", "meeting.attended",
                  "call.joined", "assistant.used", "app.used", "device.started",
                  "device.app_crashed", "device.network_measured", "device.apps_reported",
                  "meeting.held", "workspace.listed", "workspace.mailed", "workspace.posted",
                  "workspace.content_used", "document.shared", "mail_thread.mentioned",
                  "mail_thread.answered", "question.asked", "question.answered",
                  "question.best_answered", "message.sent"));
  EXPECT_THAT(Ids(catalog_->proto().apps()),
              ElementsAre("outlook", "teams", "word", "excel", "powerpoint", "onenote", "community",
                          "other", "assistant"));
  EXPECT_THAT(Ids(catalog_->proto().platforms()), ElementsAre("desktop", "web", "mobile"));
  EXPECT_THAT(
      Ids(catalog_->proto().traits()),
      ElementsAre("group_mailbox", "mention", "attachment_copy", "attachment_link", "shared_file",
                  "team_site", "personal_drive", "internal", "external", "video", "screen_share",
                  "reaction", "raised_hand", "chat", "one_off", "recurring", "meet_now",
                  "one_to_one", "group", "in_mail", "in_chat", "in_meeting", "in_document",
                  "with_agent", "slow_start", "poor_mail", "poor_files", "poor_calls",
                  "recommended_channel", "supported_version", "over_8_people", "over_60_minutes",
                  "chat_before", "notice_24h", "accepted_by_most", "joined_on_time", "interactive",
                  "third_took_part", "visual", "recorded", "message_after", "team_attached",
                  "members_1_to_4", "members_5_to_10", "members_11_to_50", "members_over_50",
                  "age_up_to_90_days", "age_up_to_1_year", "age_up_to_3_years",
                  "age_over_3_years"));
  EXPECT_THAT(
      Ids(catalog_->proto().sources()),
      ElementsAre("m365_audit", "m365_usage_report", "m365_copilot_report", "google_reports",
                  "activities", "device_telemetry", "network_measurements", "app_inventory",
                  "meeting_records", "workspace_records", "item_records"));
}

TEST_F(ShippedCatalogTest, WeighsTwoOfThreeFourTimes) {
  for (const CatalogTable& table : catalog_->tables()) {
    const std::string& id = table.proto->id();
    if (table.kind != catalog_->FindKind("person")) continue;
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

TEST_F(ShippedCatalogTest, ScoresTheSixCategoriesOfPeopleAlike) {
  EXPECT_THAT(
      Ids(catalog_->proto().categories()),
      ElementsAre("communication", "content_collaboration", "teamwork", "mobility", "meetings",
                  "ai_assistance", "meeting_practice", "endpoint", "network", "apps_health"));
  for (int i = 0; i < 6; ++i) {
    const catalog::v1::Category& category = catalog_->proto().categories(i);
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

// A phase of meetings weighs as much as any other, whatever the number of its
// practices.
TEST_F(ShippedCatalogTest, WeighsThePhasesOfMeetingsAlike) {
  const catalog::v1::Category& practice = *catalog_->FindCategory("meeting_practice");
  EXPECT_EQ(practice.substitutes(), "meetings");
  EXPECT_EQ(practice.practices().practices_size(), 9);
  std::map<std::string, uint32_t> weights;
  for (const auto& one : practice.practices().practices()) weights[one.phase()] += one.weight();
  const std::map<std::string, uint32_t> expected = {
      {"set up", 12}, {"meet up", 12}, {"follow up", 12}};
  EXPECT_EQ(weights, expected);
}

// What a source cannot give is not measured; with the audit log alone nobody is told
// that nobody mentions anybody.
TEST_F(ShippedCatalogTest, SaysWhatASourceCannotGive) {
  const auto gives = [&](const char* source, const char* measure) {
    const catalog::v1::Measure& of = *catalog_->FindMeasure(measure);
    const auto& sources =
        of.sources().empty() ? catalog_->FindCategory(of.category())->sources() : of.sources();
    return std::count(sources.begin(), sources.end(), source) > 0;
  };
  EXPECT_TRUE(gives("m365_audit", "communication_reach"));
  for (const char* measure :
       {"mention_share", "chat_reach", "link_share", "meeting_interaction_share", "mails_sent",
        "slow_start_share", "app_community_reach", "app_community_platforms_share",
        "app_teams_platforms_share"}) {
    EXPECT_FALSE(gives("m365_audit", measure)) << measure;
  }
  EXPECT_FALSE(gives("m365_usage_report", "file_writing_reach"));
  // Reports of what people do say nothing of the assistant, whose own report does.
  EXPECT_FALSE(gives("m365_usage_report", "ai_assistance_reach"));
  EXPECT_TRUE(gives("m365_copilot_report", "agents_reach"));
  EXPECT_FALSE(gives("m365_copilot_report", "assistant_in_meetings_reach"));
  EXPECT_FALSE(gives("m365_copilot_report", "mail_reach"));
  EXPECT_TRUE(gives("google_reports", "assistant_own_app_reach"));
  EXPECT_FALSE(gives("google_reports", "assistant_in_word_reach"));
  EXPECT_FALSE(gives("google_reports", "community_reach"));
  EXPECT_FALSE(gives("activities", "workspaces_known"));
  EXPECT_TRUE(gives("item_records", "mails_sent"));
}

TEST_F(ShippedCatalogTest, UsesEveryTableInAMeasure) {
  std::set<std::string> unused;
  for (const CatalogTable& table : catalog_->tables()) unused.insert(table.proto->id());
  for (const catalog::v1::Measure& measure : catalog_->proto().measures()) {
    unused.erase(measure.share().numerator().table());
    unused.erase(measure.share().subjects().table());
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

// One plain sentence: it ends with its only full stop.
bool IsOneSentence(const std::string& text) {
  return !text.empty() && text.back() == '.' && text.find(". ") == std::string::npos;
}

TEST_F(ShippedCatalogTest, SaysOfEveryMeasureWhatItIsAndWhatWouldRaiseIt) {
  std::set<std::string> names;
  for (const catalog::v1::Measure& measure : catalog_->proto().measures()) {
    SCOPED_TRACE(measure.id());
    EXPECT_TRUE(names.insert(measure.display_name()).second) << "two measures of one name";
    EXPECT_TRUE(IsOneSentence(measure.sentence())) << measure.sentence();
    EXPECT_FALSE(measure.numerator_words().empty());
    // A number, unlike a share, has nothing below the line.
    EXPECT_EQ(measure.denominator_words().empty(), measure.has_count());
    EXPECT_FALSE(measure.raise_words().empty());
    EXPECT_EQ(measure.raise_words().back(), '.');
  }
}

TEST_F(ShippedCatalogTest, SaysOfEveryCategoryAndTableWhatItIs) {
  for (const catalog::v1::Category& category : catalog_->proto().categories()) {
    EXPECT_FALSE(category.display_name().empty()) << category.id();
    EXPECT_EQ(category.description().substr(0, 8), "Measures") << category.id();
  }
  for (const catalog::v1::Table& table : catalog_->proto().tables()) {
    EXPECT_FALSE(table.display_name().empty()) << table.id();
    EXPECT_TRUE(IsOneSentence(table.description())) << table.id();
  }
}

// Mutation: a program that was not built again with the catalogue.
TEST_F(ShippedCatalogTest, IsWhatProgramsCarry) {
  const absl::StatusOr<std::unique_ptr<const Catalog>> carried = ShippedCatalog();
  ASSERT_TRUE(carried.ok()) << carried.status();
  EXPECT_EQ((*carried)->fingerprint(), catalog_->fingerprint());
}

}  // namespace
}  // namespace tutti
