#include "common/feeding/declared_sources.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "common/feeding/contents_text.h"
#include "common/feeding/source_declarations.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/simulated_organization.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DeclaredSourcesTest : public ::testing::Test {
 protected:
  // What sources give that are written as --source takes them.
  DeclaredSources Declare(const std::vector<std::string>& words) {
    sources_.Clear();
    contents_.Clear();
    for (const std::string& word : words) {
      if (word.find('=') == std::string::npos) {
        *sources_.Add() = word;
        continue;
      }
      const auto parsed = ParseSourceContents(word);
      EXPECT_TRUE(parsed.ok()) << parsed.status();
      *sources_.Add() = parsed->source();
      *contents_.Add() = *parsed;
    }
    return DeclaredSources(*catalog_, sources_, contents_);
  }

  std::vector<std::string> Fed(const std::vector<std::string>& words) {
    const DeclaredSources declared = Declare(words);
    std::vector<std::string> fed;
    for (const auto& category : catalog_->proto().categories()) {
      if (declared.Feeds(category)) fed.push_back(category.id());
    }
    return fed;
  }

  std::string Why(const std::vector<std::string>& words, const std::string& category) {
    return Declare(words).Missing(*catalog_->FindCategory(category)).value_or("no source");
  }

  absl::Status Check(const std::vector<std::string>& words) {
    Declare(words);
    return CheckDeclarations(*catalog_, sources_, contents_);
  }

  std::unique_ptr<const Catalog> catalog_ = LoadShippedCatalog();
  DeclaredSources::Ids sources_;
  DeclaredSources::Contents contents_;
};

// Mutation: a feature that one type sets stands for all of its table.
TEST_F(DeclaredSourcesTest, FeedsTheCategoriesWhosePracticeCanBeShown) {
  EXPECT_THAT(Fed({"activities=mail.sent"}), IsEmpty());
  EXPECT_THAT(Fed({"activities=mail.sent,chat.sent"}), ElementsAre("communication"));
  EXPECT_THAT(Fed({"activities=chat.sent,channel_message.sent"}), ElementsAre("teamwork"));
  EXPECT_THAT(Fed({"activities=mail.sent+platform"}), ElementsAre("mobility"));
  EXPECT_THAT(Fed({"activities=mail.sent+group_mailbox"}), ElementsAre("teamwork"));
  EXPECT_THAT(Fed({"activities=file.written"}), IsEmpty());
  EXPECT_THAT(Fed({"activities=file.written+shared_file"}), ElementsAre("content_collaboration"));
  EXPECT_THAT(Fed({"activities=meeting.attended"}), IsEmpty());
  EXPECT_THAT(Fed({"activities=meeting.attended+video"}), ElementsAre("meetings"));
  EXPECT_THAT(Fed({"activities=assistant.used"}), ElementsAre("ai_assistance"));
  EXPECT_THAT(Fed({"meeting_records=meeting.held"}), IsEmpty());
  EXPECT_THAT(Fed({"device_telemetry=device.started+slow_start,device.app_crashed"}),
              ElementsAre("endpoint"));
  EXPECT_THAT(Fed({"network_measurements=device.network_measured+poor_mail+poor_files"}),
              IsEmpty());
  EXPECT_THAT(Fed({"network_measurements=device.network_measured+poor_mail+poor_files+poor_calls"}),
              ElementsAre("network"));
  EXPECT_THAT(Fed({"app_inventory=device.apps_reported+recommended_channel+supported_version"}),
              ElementsAre("apps_health"));
}

// Mutation: a share whose every subject counts is taken for measured.
TEST_F(DeclaredSourcesTest, FeedsNoShareThatTheDeclarationDecides) {
  const DeclaredSources one = Declare({"device_telemetry=device.app_crashed"});
  EXPECT_FALSE(one.Feeds(*catalog_->FindMeasure("app_crash_share")));
  const DeclaredSources site = Declare({"activities=file.written+team_site"});
  EXPECT_FALSE(site.Feeds(*catalog_->FindMeasure("team_site_share")));
  EXPECT_FALSE(site.Feeds(*catalog_->FindMeasure("personal_drive_share")));
}

TEST_F(DeclaredSourcesTest, FeedsMeasuresAndRowsOfACategoryThatIsNot) {
  const DeclaredSources mail = Declare({"activities=mail.sent"});
  EXPECT_TRUE(mail.Feeds(*catalog_->FindMeasure("mail_reach")));
  EXPECT_TRUE(mail.Feeds(*catalog_->FindMeasure("communication_habit")));
  EXPECT_FALSE(mail.Feeds(*catalog_->FindMeasure("message_reach")));
  EXPECT_EQ(mail.UnfedFeatures(catalog_->FindTable("modes")), 6U);
  EXPECT_TRUE(mail.FeedsTable(catalog_->FindTable("modes")));
  EXPECT_FALSE(mail.FeedsTable(catalog_->FindTable("platforms")));
  EXPECT_THAT(*mail.MissingIn(catalog_->FindTable("platforms")), HasSubstr("+platform"));
}

// Mutation: a vendor's source is asked for what it declares.
TEST_F(DeclaredSourcesTest, LeavesSourcesThatDeclareNothingAsTheyAre) {
  for (const auto& source : catalog_->proto().sources()) {
    const std::vector<std::string> alone = Fed({source.id()});
    std::vector<std::string> listed;
    for (const auto& category : catalog_->proto().categories()) {
      const auto& of = category.sources();
      if (std::count(of.begin(), of.end(), source.id()) != 0) listed.push_back(category.id());
    }
    EXPECT_EQ(alone, listed) << source.id();
    if (!source.own_format()) continue;
    // Everything declared is as nothing declared.
    std::vector<std::string> types;
    for (const auto& [type, contents] : GivableBy(*catalog_, source.id())) {
      types.push_back(ContentsText(contents));
    }
    std::string all;
    for (const std::string& type : types) all += (all.empty() ? "" : ",") + type;
    EXPECT_EQ(Fed({source.id() + "=" + all}), listed) << source.id();
    EXPECT_EQ(Check({source.id() + "=" + all}), absl::OkStatus());
  }
  EXPECT_THAT(
      Fed({"m365_usage_report", "activities=mail.sent"}),
      ElementsAre("communication", "content_collaboration", "teamwork", "mobility", "meetings"));
}

TEST_F(DeclaredSourcesTest, SaysWhatIsMissing) {
  EXPECT_EQ(Why({"activities=mail.sent"}, "communication"),
            "one of: chat.sent or channel_message.sent; community.posted");
  EXPECT_EQ(Why({"activities=mail.sent"}, "mobility"), "+platform with any type");
  EXPECT_EQ(Why({"activities=file.read"}, "communication"),
            "two of: mail.sent; chat.sent or channel_message.sent; community.posted");
  EXPECT_EQ(Why({"activities=mail.sent"}, "meetings"),
            "meeting.attended+video (or +screen_share, +reaction, +raised_hand, +chat)");
  EXPECT_EQ(Why({"activities=mail.sent"}, "endpoint"), "no source");
  EXPECT_THAT(Why({"device_telemetry=device.app_crashed"}, "endpoint"),
              HasSubstr("device.started+slow_start"));
}

TEST_F(DeclaredSourcesTest, RefusesByNameWhatTheCatalogueDoesNotHave) {
  const auto error = [this](const std::string& word) {
    return std::string(Check({word}).message());
  };
  EXPECT_THAT(error("activities=mail.snet"),
              AllOf(HasSubstr("'mail.snet' is no activity type"), HasSubstr("mail.sent")));
  EXPECT_THAT(error("activities=device.started"), HasSubstr("'device.started'"));
  EXPECT_THAT(error("activities=mail.sent+video"),
              AllOf(HasSubstr("'video' is no trait of mail.sent"), HasSubstr("group_mailbox")));
  EXPECT_THAT(error("activities=mail.sent,mail.sent"), HasSubstr("stands twice"));
  EXPECT_THAT(error("m365_audit=mail.sent"), HasSubstr("gives what its importer finds"));
  EXPECT_THAT(error("device_telemetry=device.started+platform"), HasSubstr("the platform of"));
  sources_.Clear();
  EXPECT_THAT(CheckDeclarations(*catalog_, sources_, contents_).message(),
              HasSubstr("not among the organisation's sources"));
}

TEST(ContentsText, IsReadAsItIsWritten) {
  const std::string text = "mail.sent+app+platform+mention,chat.sent";
  const auto parsed = ParseSourceContents("activities=" + text);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->source(), "activities");
  EXPECT_EQ(ContentsText(*parsed), text);
  for (const char* bad : {"activities=", "activities=,mail.sent", "activities=mail.sent+"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseSourceContents(bad).status())) << bad;
  }
}

}  // namespace
}  // namespace tutti
