// Whom and what Google's activities are about, and whose they are. All of it is made up.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/unit/common/upload/report_fixture.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

class GoogleReports : public ReportImport {};

std::string Text(const std::string& name, const std::string& value) {
  return absl::StrCat(R"({"name":")", name, R"(","value":")", value, "\"}");
}

// Mutation: each of the flags not looked at.
TEST_F(GoogleReports, LeavesSoftwareAndOutsidersOutOfGooglesReports) {
  options_.reading.accepted_domains = {"acme.example"};
  const std::string said = ChatPost("");
  const std::string amy = GoogleUser("amy@acme.example");
  const TenantSummary summary = Imported(absl::StrCat(
      Google("chat", 1, amy, said), Google("chat", 2, GoogleUser("eve@else.example"), said),
      Google("chat", 3, amy + R"(,"isAgenticAction":true)", said),
      Google("chat", 4, amy + R"(,"isAgenticAction":"True")", said),
      Google("chat", 5, amy + R"(,"isAgenticAction":"False")", said),
      Google("chat", 6,
             GoogleUser("amy@acme.example", R"(,"applicationInfo":{"impersonation":true})"), said),
      Google("chat", 7,
             GoogleUser("amy@acme.example", R"(,"applicationInfo":{"impersonation":false})"), said),
      Google("chat", 8, R"("actor":{"callerType":"KEY","email":"amy@acme.example"})", said),
      Google("chat", 9, amy, R"([{"name":"message_posted","isAgenticAction":true}])"),
      Google("drive", 10, amy,
             absl::StrCat(R"([{"name":"view","parameters":[)",
                          R"({"name":"actor_is_collaborator_account","boolValue":true}]}])")),
      Google("meet", 11, R"("actor":{"callerType":"KEY","key":"x"},"isAgenticAction":true)",
             absl::StrCat(R"([{"name":"call_ended","parameters":[)",
                          Text("identifier", "amy@acme.example"), "]}]")),
      Google("meet", 14, R"("actor":{"callerType":"KEY","key":"x"})",
             R"([{"name":"call_ended","parameters":[{"name":"is_external","boolValue":true}]}])"),
      Google("chat", 12, R"("actor":{"email":"bob@acme.example"})", said),
      Google("chat", 13, amy, "[]")));
  EXPECT_THAT(
      activities_.texts,
      ElementsAre("amy@acme.example chat.sent other -", "amy@acme.example chat.sent other -",
                  "amy@acme.example chat.sent other -", "bob@acme.example chat.sent other -"));
  EXPECT_EQ(summary.Excluded(Exclusion::kSoftware), 6);
  EXPECT_EQ(summary.Excluded(Exclusion::kForeignDomain), 1);
  EXPECT_EQ(summary.Excluded(Exclusion::kGuest), 2);
  EXPECT_EQ(summary.Excluded(Exclusion::kOtherEvent), 1);
  EXPECT_EQ(summary.people, 2);
}

// Mutation: software looked for in one place alone.
TEST_F(GoogleReports, FindsSoftwareWhereverAReportSaysIt) {
  const std::string amy = GoogleUser("amy@acme.example");
  const TenantSummary summary = Imported(
      absl::StrCat(Google("chat", 1, amy + R"(,"impersonation":true)", ChatPost("")),
                   Google("chat", 2, amy + R"(,"agenticInfo":{"isAgenticAction":1})", ChatPost("")),
                   Google("chat", 3, amy, R"([{"name":"message_posted","impersonation":"True"}])"),
                   Google("chat", 4, amy, ChatPost(Text("is_agentic_action", "true"))),
                   Google("chat", 5, amy, ChatPost(Text("is_agentic_action", "false")))));
  EXPECT_EQ(summary.Excluded(Exclusion::kSoftware), 4);
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example chat.sent other -"));
}

// Mutations: a category in capitals is none; Google's own app is as any other.
TEST_F(GoogleReports, ReadsWhereGooglesAssistantWasUsed) {
  const auto used = [](int number, const std::string& category, const std::string& app) {
    return Google(
        "gemini_in_workspace_apps", number, GoogleUser("amy@acme.example"),
        absl::StrCat(R"([{"name":"feature_utilization","parameters":[)",
                     Text("event_category", category), ",", Text("app_name", app), "]}]"));
  };
  const TenantSummary summary = Imported(
      absl::StrCat(used(1, "Active_Generate", "docs"), used(2, "ACTIVE_CONVERSATIONS", "GMAIL"),
                   used(3, "active_conversations", "gemini_app"), used(4, "inactive", "docs"),
                   used(5, "INACTIVE", "docs"), used(6, "active_summarize", "keep")));
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example assistant.used other - +in_document",
                                             "amy@acme.example assistant.used other - +in_mail",
                                             "amy@acme.example assistant.used assistant -",
                                             "amy@acme.example assistant.used other -"));
  EXPECT_EQ(summary.Excluded(Exclusion::kOtherEvent), 2);
}

// Mutation: a number that is no text, or has a point, is no type.
TEST_F(GoogleReports, ReadsTheKindOfAMailHoweverItIsWritten) {
  std::string mails;
  int number = 0;
  for (const char* kind : {R"("1")", "1", "1.0", R"("1.0")", R"("7")", "2", R"("x")", "null"}) {
    absl::StrAppend(
        &mails, Google("gmail", ++number, GoogleUser("amy@acme.example"),
                       absl::StrCat(R"([{"name":"delivery","parameters":[{"name":)",
                                    R"("event_info","messageValue":{"parameter":[)",
                                    R"({"name":"mail_event_type","intValue":)", kind, "}]}}]}]")));
  }
  const TenantSummary summary = Imported(mails);
  EXPECT_THAT(summary.activities, ElementsAre(Pair("mail.read", 1), Pair("mail.sent", 4)));
  EXPECT_EQ(summary.Excluded(Exclusion::kOtherEvent), 3);
}

// Mutation: of a flag one spelling is known.
TEST_F(GoogleReports, ReadsTheFlagsOfFilesHoweverTheyAreWritten) {
  const auto edit = [](int unique, const char* flag) {
    return Google("drive", unique, GoogleUser("amy@acme.example"),
                  absl::StrCat(R"([{"name":"edit","parameters":[)", flag, "]}]"));
  };
  std::string events;
  int unique = 0;
  for (const char* value : {R"("boolValue":false)", R"("value":"0")", R"("intValue":"0")",
                            R"("value":"no")", R"("value":"False")"}) {
    events += edit(++unique, absl::StrCat(R"({"name":"primary_event",)", value, "}").c_str());
  }
  EXPECT_EQ(Imported(events).Excluded(Exclusion::kOtherEvent), 5);
  EXPECT_THAT(activities_.texts, IsEmpty());
  for (const char* value :
       {R"("boolValue":true)", R"("value":"1")", R"("intValue":"1")", R"("value":"True")"}) {
    for (const char* name : {"owner_is_shared_drive", "owner_is_team_drive"}) {
      Imported(edit(1, absl::StrCat(R"({"name":")", name, R"(",)", value, "}").c_str()));
      EXPECT_THAT(activities_.texts,
                  ElementsAre("amy@acme.example file.written other - +shared_file +team_site"))
          << value;
    }
  }
}

// Mutation: the name decides where the kind is there.
TEST_F(GoogleReports, TellsChatsFromSpacesWhateverTheyAreCalled) {
  const auto type_of = [&](const std::string& parameters) {
    Imported(Google("chat", 1, GoogleUser("amy@acme.example"), ChatPost(parameters)));
    return activities_.texts.empty() ? "" : activities_.texts[0].substr(17);
  };
  const std::string named = Text("room_name", "Plans");
  for (const char* kind : {"GROUP_DIRECT_MESSAGE", "USER_TO_USER_DIRECT_MESSAGE",
                           "USER_TO_APP_DIRECT_MESSAGE", "group_direct_message", "GROUP_CHAT",
                           "GROUP_CONVERSATION", "ONE_TO_ONE_CHAT", "HUMAN_DM"}) {
    EXPECT_EQ(type_of(named + "," + Text("conversation_type", kind)), "chat.sent other -") << kind;
  }
  EXPECT_EQ(type_of(Text("conversation_type", "SPACE")), "channel_message.sent other -");
  EXPECT_EQ(type_of(Text("conversation_type", "SPACE") + "," +
                    Text("room_name", "Group Chat (AAAAbbbbCCC)")),
            "channel_message.sent other -");
  // Without the kind, what Google calls rooms that nobody named.
  EXPECT_EQ(type_of(Text("room_name", "Group Chat (AAAAbbbbCCC)")), "chat.sent other -");
  EXPECT_EQ(type_of(Text("room_name", "")), "chat.sent other -");
  EXPECT_EQ(type_of(named), "channel_message.sent other -");
  EXPECT_EQ(type_of(Text("room_name", "Group Chat (old one)")), "channel_message.sent other -");
}

// Mutation: no survey, so that the first customer's rows are taken before the second's come.
TEST_F(GoogleReports, TakesOneOfSeveralCustomersWhenToldWhich) {
  const std::string two =
      absl::StrCat(Google("chat", 1, GoogleUser("amy@acme.example"), ChatPost(""), "C01"),
                   Google("chat", 2, GoogleUser("eve@else.example"), ChatPost(""), "C99"),
                   Google("chat", 3, GoogleUser("dan@third.example"), ChatPost(""), "Dan Third"));
  const absl::Status refused = Run({two}).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("3 customers (C01, C99, (not an id))"));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("--customer"));
  EXPECT_THAT(std::string(refused.message()), Not(HasSubstr("Dan")));
  EXPECT_THAT(activities_.texts, IsEmpty());
  options_.customer = "C99";
  const absl::StatusOr<ImportSummary> chosen = Run({two});
  ASSERT_TRUE(chosen.ok()) << chosen.status();
  EXPECT_THAT(activities_.texts, ElementsAre("eve@else.example chat.sent other -"));
  EXPECT_EQ(chosen->rows, 3);
  EXPECT_EQ(chosen->other_tenants, 2);
  options_.customer = "C02";
  const absl::Status wrong = Run({two}).status();
  EXPECT_EQ(wrong.code(), absl::StatusCode::kOutOfRange);
  EXPECT_THAT(std::string(wrong.message()),
              HasSubstr("none of the 3 records is of that customer: they are of 3 others"));
  options_.customer = "C01";
  EXPECT_EQ(
      Run({absl::StrCat(kMailHeader, MailRow("amy@acme.example", "2026-05-04"))}).status().code(),
      absl::StatusCode::kInvalidArgument);
  // Two files are one input.
  options_.customer.clear();
  EXPECT_EQ(Run({Google("chat", 1, GoogleUser("amy@acme.example"), ChatPost(""), "C01"),
                 Google("chat", 2, GoogleUser("eve@else.example"), ChatPost(""), "C99")})
                .status()
                .code(),
            absl::StatusCode::kFailedPrecondition);
}

// Mutation: a sender of Chat's is a person whatever it says it is.
TEST_F(GoogleReports, LeavesOutTheAppsAndBotsThatChatNames) {
  for (const char* type : {"APP", "BOT", "ACTOR_TYPE_APP", "Chat app"}) {
    for (const char* name : {"actor_type", "sender_type"}) {
      const TenantSummary summary = Imported(
          Google("chat", 1, GoogleUser("desk@acme.example"), ChatPost(Text(name, type)), "C01"));
      EXPECT_EQ(summary.Excluded(Exclusion::kSoftware), 1) << type;
      EXPECT_THAT(activities_.texts, IsEmpty());
    }
  }
  Imported(Google("chat", 1, GoogleUser("amy@acme.example"),
                  ChatPost(Text("actor_type", "NON_ADMIN")), "C01"));
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example chat.sent other -"));
}

}  // namespace
}  // namespace tutti
