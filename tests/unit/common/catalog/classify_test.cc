#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/catalog/catalog.h"
#include "tests/unit/common/catalog/vendor_catalog.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using Traits = std::vector<std::string>;

struct Activity {
  std::string type;
  std::string app;
  std::string platform;
  Traits traits;
};

const ActivityShape* Classify(const Catalog& catalog, const Activity& activity,
                              IgnoredTerms& ignored) {
  const std::vector<absl::string_view> traits(activity.traits.begin(), activity.traits.end());
  return catalog.Classify({activity.type, activity.app, activity.platform, traits}, ignored);
}

const ActivityShape* Classify(const Catalog& catalog, const Activity& activity) {
  IgnoredTerms ignored;
  return Classify(catalog, activity, ignored);
}

// "table feature feature; table feature | habit feature", in the order given.
std::string TextOf(const Catalog& catalog, const ActivityShape& shape) {
  const auto part = [&catalog](const std::vector<TableHit>& hits) {
    std::vector<std::string> texts;
    for (const TableHit& hit : hits) {
      const catalog::v1::Table& table = *catalog.table(hit.table).proto;
      std::string text = table.id();
      for (int i = 0; i < table.features_size(); ++i) {
        if ((hit.features >> i) & 1) absl::StrAppend(&text, " ", table.features(i).id());
      }
      texts.push_back(text);
    }
    return absl::StrJoin(texts, "; ");
  };
  return absl::StrCat(part(shape.reach), " | ", part(shape.day));
}

std::string Sets(const Catalog& catalog, const Activity& activity) {
  const ActivityShape* const shape = Classify(catalog, activity);
  return shape == nullptr ? "unknown" : TextOf(catalog, *shape);
}

TEST(Classify, SetsWhatRulesSay) {
  const std::unique_ptr<const Catalog> catalog = LoadShippedCatalog();
  ASSERT_NE(catalog, nullptr);
  const std::vector<std::tuple<Activity, std::string>> cases = {
      {{"mail.sent", "outlook", "desktop", {}},
       "modes email; platforms desktop; mentions mail_sent; app_outlook desktop | "
       "habit_communication did"},
      {{"mail.sent", "outlook", "mobile", {"group_mailbox", "mention", "attachment_link"}},
       "modes email; shared_space shared_space; platforms mobile; channels group_mail; mentions "
       "mail_sent mail_with_mention; attachments link; app_outlook mobile | habit_communication "
       "did; habit_shared_space did; habit_mobility did"},
      {{"mail.read", "outlook", "web", {}}, "platforms web; app_outlook web | habit_mobility did"},
      {{"chat.sent", "teams", "", {}}, "modes message; channels chat | habit_communication did"},
      {{"channel_message.sent", "teams", "desktop", {}},
       "modes message; shared_space shared_space; platforms desktop; channels channel_message; "
       "app_teams desktop | habit_communication did; habit_shared_space did"},
      {{"community.posted", "community", "web", {}},
       "modes community; platforms web; app_community web | habit_communication did; "
       "habit_mobility did"},
      {{"community.read", "community", "", {}}, " | "},
      {{"file.read", "word", "desktop", {"personal_drive"}},
       "platforms desktop; content_roles read; app_word desktop | "},
      {{"file.read", "excel", "desktop", {"shared_file"}},
       "collaboration file_collaborated; platforms desktop; content_roles read collaborated; "
       "app_excel desktop | habit_collaboration did"},
      {{"file.written", "powerpoint", "web", {"shared_file", "team_site"}},
       "collaboration file_collaborated; shared_space shared_space; platforms web; content_roles "
       "written collaborated; storage team_site; app_powerpoint web | habit_collaboration did; "
       "habit_shared_space did; habit_mobility did"},
      {{"file.written", "onenote", "", {"personal_drive"}},
       "content_roles written; storage personal_drive | habit_collaboration did"},
      {{"file.shared", "other", "", {"internal", "external"}}, "sharing internal external | "},
      {{"meeting.attended", "teams", "desktop", {"recurring"}},
       "platforms desktop; meeting_practice attended; meeting_kinds recurring; app_teams desktop | "
       "habit_meetings did"},
      {{"meeting.attended", "teams", "desktop", {"one_off", "screen_share"}},
       "platforms desktop; meetings interactive; meeting_practice attended visual; meeting_kinds "
       "one_off; app_teams desktop | habit_meetings did"},
      {{"meeting.attended", "teams", "", {"meet_now", "video", "raised_hand"}},
       "meetings interactive; meeting_practice attended visual interactive; meeting_kinds meet_now "
       "| habit_meetings did"},
      {{"call.joined", "teams", "", {"group"}}, "calls group | "},
      {{"assistant.used", "word", "", {"in_document"}},
       "assistant assistant; assistant_places documents; assistant_in_files word | habit_assistant "
       "did"},
  };
  for (const auto& [activity, expected] : cases) {
    EXPECT_EQ(Sets(*catalog, activity), expected)
        << activity.type << " " << activity.app << " " << activity.platform << " "
        << absl::StrJoin(activity.traits, " ");
  }
}

TEST(Classify, AsksForEveryTraitOfAllTraits) {
  const std::unique_ptr<const Catalog> catalog = VendorCatalog();
  ASSERT_NE(catalog, nullptr);
  EXPECT_EQ(Sets(*catalog, {"ticket.closed", "", "", {"urgent"}}), "tickets seen | ");
  EXPECT_EQ(Sets(*catalog, {"ticket.closed", "", "", {"answered", "urgent"}}),
            "tickets seen quick | ");
  EXPECT_EQ(Sets(*catalog, {"ticket.opened", "", "", {"answered", "urgent"}}), "tickets seen | ");
}

TEST(Classify, AsksForEveryPartOfARule) {
  const std::unique_ptr<const Catalog> catalog = VendorCatalog();
  ASSERT_NE(catalog, nullptr);
  EXPECT_EQ(Sets(*catalog, {"ticket.closed", "pager", "mobile", {}}), "tickets seen quick | ");
  EXPECT_EQ(Sets(*catalog, {"ticket.closed", "pager", "web", {}}), "tickets seen; places web | ");
  EXPECT_EQ(Sets(*catalog, {"ticket.closed", "desk", "mobile", {}}), "tickets seen | ");
}

TEST(Classify, KnowsTheKindOfEachType) {
  const std::unique_ptr<const Catalog> catalog = VendorCatalog();
  ASSERT_NE(catalog, nullptr);
  EXPECT_EQ(Classify(*catalog, {"note.written", "", "", {}})->kind, 0);
  EXPECT_EQ(Classify(*catalog, {"ticket.opened", "", "", {}})->kind, 1);
}

TEST(Classify, KnowsNothingOfUnknownTypes) {
  const std::unique_ptr<const Catalog> catalog = VendorCatalog();
  ASSERT_NE(catalog, nullptr);
  IgnoredTerms ignored;
  EXPECT_EQ(Classify(*catalog, {"note.read", "fax", "moon", {"huge"}}, ignored), nullptr);
  EXPECT_EQ(Classify(*catalog, {"", "fax", "", {}}, ignored), nullptr);
  EXPECT_EQ(ignored.apps + ignored.platforms + ignored.traits, 0);
}

TEST(Classify, CountsAndIgnoresUnknownTerms) {
  const std::unique_ptr<const Catalog> catalog = VendorCatalog();
  ASSERT_NE(catalog, nullptr);
  IgnoredTerms ignored;
  const ActivityShape* const shape =
      Classify(*catalog, {"ticket.closed", "fax", "moon", {"huge", "large", "", "tiny"}}, ignored);
  EXPECT_EQ(ignored.apps, 1);
  EXPECT_EQ(ignored.platforms, 1);
  EXPECT_EQ(ignored.traits, 3);
  EXPECT_EQ(shape, Classify(*catalog, {"ticket.closed", "", "", {"large"}}, ignored));
  EXPECT_EQ(ignored.apps, 1) << "an empty app is none";
  EXPECT_EQ(ignored.platforms, 1) << "an empty platform is none";
  Classify(*catalog, {"note.written", "fax", "", {}}, ignored);
  EXPECT_EQ(ignored.apps, 2) << "counts are added to";
}

TEST(Classify, DoesNotCountKnownTermsThatNoRuleNames) {
  const std::unique_ptr<const Catalog> catalog = VendorCatalog();
  ASSERT_NE(catalog, nullptr);
  IgnoredTerms ignored;
  Classify(*catalog, {"note.written", "desk", "web", {"urgent"}}, ignored);
  EXPECT_EQ(ignored.apps + ignored.platforms + ignored.traits, 0);
}

TEST(Classify, TakesARepeatedTraitForOne) {
  const std::unique_ptr<const Catalog> catalog = VendorCatalog();
  ASSERT_NE(catalog, nullptr);
  EXPECT_EQ(Classify(*catalog, {"ticket.closed", "", "", {"large", "large", "large"}}),
            Classify(*catalog, {"ticket.closed", "", "", {"large"}}));
}

// What an activity sets, straight from the rules.
std::string Expected(const Catalog& catalog, const Activity& activity) {
  const auto has = [](const auto& list, const std::string& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
  };
  const auto matches = [&](const catalog::v1::Rule& rule) {
    const auto carried = [&](const std::string& trait) { return has(activity.traits, trait); };
    return (rule.types().empty() || has(rule.types(), activity.type)) &&
           (rule.apps().empty() || has(rule.apps(), activity.app)) &&
           (rule.platforms().empty() || has(rule.platforms(), activity.platform)) &&
           (rule.any_traits().empty() ||
            std::any_of(rule.any_traits().begin(), rule.any_traits().end(), carried)) &&
           std::all_of(rule.all_traits().begin(), rule.all_traits().end(), carried);
  };
  ActivityShape shape;
  for (const catalog::v1::ActivityType& type : catalog.proto().activity_types()) {
    if (type.id() == activity.type) shape.kind = catalog.FindKind(type.kind());
  }
  for (size_t t = 0; t < catalog.tables().size(); ++t) {
    const CatalogTable& table = catalog.tables()[t];
    if (table.kind != shape.kind) continue;
    unsigned features = 0;
    for (int f = 0; f < table.feature_count(); ++f) {
      const auto& rules = table.proto->features(f).any_of();
      if (std::any_of(rules.begin(), rules.end(), matches)) features |= 1U << f;
    }
    if (features == 0) continue;
    (table.is_habit() ? shape.day : shape.reach)
        .push_back({static_cast<int>(t), static_cast<uint8_t>(features)});
  }
  return TextOf(catalog, shape);
}

// A number in 0..limit - 1.
int Below(int limit, std::mt19937& random) {
  return std::uniform_int_distribution<int>(0, limit - 1)(random);
}

// Any activity: known, unknown and absent terms, any traits.
Activity RandomActivity(const Catalog& catalog, std::mt19937& random) {
  const auto pick = [&random](const auto& terms) -> std::string {
    const int choice = Below(terms.size() + 2, random);
    if (choice == terms.size()) return "";
    if (choice > terms.size()) return "unheard_of";
    return terms.Get(choice).id();
  };
  const auto& types = catalog.proto().activity_types();
  Activity activity;
  activity.type = types.Get(Below(types.size(), random)).id();
  activity.app = pick(catalog.proto().apps());
  activity.platform = pick(catalog.proto().platforms());
  for (int left = Below(12, random); left > 0; --left) {
    activity.traits.push_back(pick(catalog.proto().traits()));
  }
  return activity;
}

TEST(Classify, AgreesWithTheRulesOnAnyActivity) {
  std::mt19937 random(20260301);
  for (const std::unique_ptr<const Catalog>& catalog : {LoadShippedCatalog(), VendorCatalog()}) {
    ASSERT_NE(catalog, nullptr);
    for (int i = 0; i < 5'000; ++i) {
      const Activity activity = RandomActivity(*catalog, random);
      ASSERT_EQ(Sets(*catalog, activity), Expected(*catalog, activity))
          << activity.type << " " << activity.app << " " << activity.platform << " "
          << absl::StrJoin(activity.traits, " ");
    }
  }
}

TEST(Classify, AnswersManyThreadsAlike) {
  const std::unique_ptr<const Catalog> catalog = LoadShippedCatalog();
  ASSERT_NE(catalog, nullptr);
  std::mt19937 random(7);
  std::vector<Activity> activities;
  activities.reserve(2'000);
  for (int i = 0; i < 2'000; ++i) activities.push_back(RandomActivity(*catalog, random));
  std::vector<std::vector<const ActivityShape*>> answers(4);
  std::vector<std::thread> threads;
  threads.reserve(answers.size());
  for (std::vector<const ActivityShape*>& mine : answers) {
    threads.emplace_back([&catalog, &activities, &mine] {
      for (const Activity& activity : activities) mine.push_back(Classify(*catalog, activity));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& mine : answers) EXPECT_EQ(mine, answers[0]);
}

}  // namespace
}  // namespace tutti
