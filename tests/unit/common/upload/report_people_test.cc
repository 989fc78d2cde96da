// Who a report's rows are about, when they happened and whose they are: the same questions,
// answered alike for every source. All of it is made up.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/sources/m365_usage/usage_report.h"
#include "common/upload/import_outcome.h"
#include "tests/unit/common/upload/report_fixture.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class ReportPeople : public ReportImport {};

// Mutation: a row's name taken without asking who it is.
TEST_F(ReportPeople, LeavesGuestsAndMachineryOutOfUsageReportsAndOfLicences) {
  const std::string report =
      absl::StrCat(kMailHeader, MailRow("amy@acme.example", "2026-05-04"),
                   MailRow("bob_else.example#EXT#@acme.onmicrosoft.com", "2026-05-04"),
                   MailRow("Sync_HOST_0123@acme.onmicrosoft.com", "2026-05-04"),
                   MailRow("eve@else.example", "2026-05-04", "OFFICE+MICROSOFT 365 COPILOT"));
  TenantSummary summary = Imported(report);
  EXPECT_EQ(summary.people, 2);
  EXPECT_THAT(summary.licensed, UnorderedElementsAre(Pair("", 2), Pair("assistant", 1)));
  EXPECT_EQ(summary.Excluded(Exclusion::kGuest), 1);
  EXPECT_EQ(summary.Excluded(Exclusion::kNotAPerson), 1);
  options_.reading.accepted_domains = {"acme.example"};
  summary = Imported(report);
  EXPECT_EQ(summary.people, 1);
  EXPECT_THAT(summary.licensed, ElementsAre(Pair("", 1)));
  EXPECT_EQ(summary.Excluded(Exclusion::kForeignDomain), 1);
  EXPECT_EQ(summary.fates.Of(Fate::kLeftOut), 3);
}

// Mutation: a row counted for each of its cells that is refused; the whole report refused.
TEST_F(ReportPeople, CountsARowOnceWhateverBecomesOfItsCells) {
  const TenantSummary summary = Imported(absl::StrCat(
      kMailHeader, MailRow("amy@acme.example", "2027-01-05"),
      MailRow("bob@acme.example", "2026-05-04"), MailRow("cy@acme.example", "yesterday"),
      MailRow("dee@acme.example", "2026-05-04T00:00:00Z"), MailRow("eve@acme.example", "")));
  EXPECT_EQ(rows_, 5);
  EXPECT_EQ(rejected_, 2);
  EXPECT_EQ(summary.records, 3);
  EXPECT_EQ(summary.fates.Of(Fate::kActivity), 2);
  EXPECT_EQ(summary.Excluded(Exclusion::kNothingDone), 1);
  EXPECT_THAT(summary.licensed, ElementsAre(Pair("", 5))) << "of people, not of days";
  EXPECT_THAT(
      activities_.texts,
      ElementsAre("bob@acme.example mail.sent outlook -", "bob@acme.example mail.read outlook -",
                  "dee@acme.example mail.sent outlook -", "dee@acme.example mail.read outlook -"));
  EXPECT_EQ(activities_.seconds[0], activities_.seconds[2]);
}

// It is 2026-06-21, 00:00 in UTC. Mutation: today's noon is in the future.
TEST_F(ReportPeople, TakesAReportOfTodayBeforeNoon) {
  Imported(
      absl::StrCat(kMailHeader, "2026-06-21,amy@acme.example,False,2026-06-21,2,1,OFFICE,1\n"));
  EXPECT_EQ(rejected_, 0);
  EXPECT_THAT(activities_.seconds, ElementsAre(1782000000, 1782000000));
  Imported("deviceId,date,coreBootTimeInMs\nlaptop,2026-06-21,1\nlaptop,2026-06-23,1\n");
  EXPECT_EQ(rejected_, 1);
  EXPECT_THAT(activities_.seconds, ElementsAre(1782000000));
}

TEST_F(ReportPeople, ReadsGraphsJsonAsItsCsv) {
  const std::string rows =
      R"({"reportRefreshDate":"2026-06-20","userPrincipalName":"Amy@acme.example",)"
      R"("displayName":"Amy","isDeleted":false,"lastActivityDate":"2026-05-04",)"
      R"("sendCount":2,"readCount":"1","assignedProducts":["OFFICE","MICROSOFT 365 COPILOT"],)"
      R"("reportPeriod":"1"},{"reportRefreshDate":"2026-06-20","userPrincipalName":)"
      R"("bob@acme.example","isDeleted":true,"lastActivityDate":null,"sendCount":0}]})";
  const TenantSummary summary = Imported(absl::StrCat(R"({"@odata.context":"x","value":[)", rows));
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example mail.sent outlook -",
                                             "amy@acme.example mail.read outlook -"));
  EXPECT_THAT(summary.licensed, UnorderedElementsAre(Pair("", 1), Pair("assistant", 1)));
  EXPECT_EQ(summary.Excluded(Exclusion::kDeleted), 1);
  // Durations and applications have names of their own there.
  Imported(R"({"value":[{"reportRefreshDate":"2026-06-20","userPrincipalName":"amy@acme.example",)"
           R"("lastActivityDate":"2026-05-04","videoDuration":"PT5M","screenShareDuration":"PT0S",)"
           R"("details":[{"reportPeriod":1,"wordWeb":true,"excelMac":false}]}]})");
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example meeting.attended teams - +video",
                                             "amy@acme.example app.used word web"));
}

// Mutation: a report's JSON read strictly loses a row for half a character in a name.
TEST_F(ReportPeople, ReadsAReportAsItIsWritten) {
  EXPECT_EQ(ShippedSources().Detect("sep=;\r\nUser Principal Name;Send Count\r\n"),
            &UsageReports());
  Imported(R"({"value":[{"reportRefreshDate":"2026-06-20","userPrincipalName":"amy@acme.example",)"
           R"("displayName":"Amy \ud83d","lastActivityDate":"2026-05-04","sendCount":2.0,)"
           R"("readCount":NaN}]})");
  EXPECT_EQ(rejected_, 0);
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example mail.sent outlook -"));
}

// Mutations: words of English alone; a space of a spreadsheet's that is part of a name.
TEST_F(ReportPeople, ReadsFlagsInTheLanguageOfASpreadsheet) {
  const std::string head =
      "User Principal Name;Is Deleted;\xc2\xa0Last Activity Date;Used Web\xc2\xa0;Used iOS;Report "
      "Period\r\n";
  for (const auto& [yes, no] : std::vector<std::pair<std::string, std::string>>{
           {"WAHR", "FALSCH"}, {"VRAI", "FAUX"}, {"VERDADERO", "FALSO"}, {"Ja", "Nein"}}) {
    const TenantSummary summary =
        Imported(absl::StrCat(head, "amy@acme.example;", no, ";04.05.2026;", yes, ";", no, ";1\r\n",
                              "bob@acme.example;", yes, ";04.05.2026;", yes, ";", yes, ";1\r\n"));
    EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example app.used teams web")) << yes;
    EXPECT_EQ(summary.Excluded(Exclusion::kDeleted), 1) << yes;
  }
}

constexpr char kCopilot[] =
    "Report Refresh Date,User Principal Name,Last Activity Date,"
    "Microsoft Teams Copilot Last Activity Date,Word Copilot Last Activity Date,"
    "Copilot Chat Last Activity Date,Report Period\n"
    "2026-06-20,amy@acme.example,2026-05-05,2026-05-05,2026-05-04,,7\n"
    "2026-06-20,bob@acme.example,,,,,7\n"
    "2026-06-20,cy@acme.example,2026-05-04,,,,7\n"
    "2026-06-20,dee@acme.example,0001-01-01,,0001-01-01,,7\n";

// Mutation: its licensees become the headcount.
TEST_F(ReportPeople, ReadsWhenTheAssistantWasUsedAndTakesNoHeadcountFromIt) {
  const TenantSummary summary = Imported(kCopilot);
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example assistant.used teams -",
                                             "amy@acme.example assistant.used word - +in_document",
                                             "cy@acme.example assistant.used other -"));
  EXPECT_EQ(activities_.seconds[0] - activities_.seconds[1], 86400);
  EXPECT_EQ(rejected_, 0);
  EXPECT_EQ(summary.Excluded(Exclusion::kNothingDone), 2) << "year 1 is never";
  EXPECT_THAT(summary.licensed, ElementsAre(Pair("assistant", 4)));
  EXPECT_THAT(summary.feeds, ElementsAre("ai_assistance"));
  const absl::Status refused = CheckHeadcount(summary);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("getOffice365ActiveUserDetail"));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("--entitlement assistant=4"));
  // Rows of those who have it alone, cut out of another report.
  EXPECT_FALSE(
      CheckHeadcount(Imported(absl::StrCat(kMailHeader, MailRow("amy@acme.example", "2026-05-04",
                                                                "MICROSOFT 365 COPILOT"))))
          .ok());
  const absl::StatusOr<ImportSummary> both =
      Run({kCopilot, absl::StrCat(kMailHeader, MailRow("amy@acme.example", "2026-05-04"))});
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_TRUE(CheckHeadcount(both->tenants.at(0)).ok());
}

// Columns of the report's second version. Mutations: a column that is not asked for; an agent
// taken for an application.
TEST_F(ReportPeople, ReadsTheAssistantsOwnAppAndAgents) {
  const TenantSummary summary = Imported(
      "Report Refresh Date,User Principal Name,Last Activity Date,Copilot Chat Last Activity Date,"
      "Outlook Copilot Last Activity Date,Report Period,Prompts submitted for all apps,"
      "Copilot Chat (work) Last Activity Date,Copilot Chat (web) Last Activity Date,"
      "Microsoft 365 Copilot Last Activity Date,Edge Last Activity Date,"
      "Copilot Agent Last Activity Date\n"
      "2026-06-20,amy@acme.example,2026-05-05,2026-05-05,,7,9,2026-05-05,2026-05-04,,,\n"
      "2026-06-20,bob@acme.example,2026-05-05,,2026-05-05,7,9,,,,,2026-05-04\n"
      "2026-06-20,cy@acme.example,2026-05-05,,,7,9,,,2026-05-05,2026-05-04,\n");
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example assistant.used assistant -",
                                             "amy@acme.example assistant.used assistant -",
                                             "amy@acme.example assistant.used assistant -",
                                             "bob@acme.example assistant.used outlook - +in_mail",
                                             "bob@acme.example assistant.used other - +with_agent",
                                             "cy@acme.example assistant.used assistant -",
                                             "cy@acme.example assistant.used assistant -"));
  EXPECT_THAT(summary.licensed, ElementsAre(Pair("assistant", 3)));
  // As Graph's JSON, and as the admin center's page exports it.
  Imported(R"({"value":[{"reportRefreshDate":"2026-06-20","userPrincipalName":"amy@acme.example",)"
           R"("lastActivityDate":"2026-05-05","copilotAgentLastActivityDate":"2026-05-05",)"
           R"("edgeLastActivityDate":"","copilotChatLastActivityDate":"2026-05-05"}]})");
  EXPECT_THAT(activities_.texts,
              ElementsAre("amy@acme.example assistant.used assistant -",
                          "amy@acme.example assistant.used other - +with_agent"));
  Imported(
      "User Principal Name,Last Activity Date (UTC),Last activity date of Teams Copilot (UTC),"
      "Last activity date of Copilot Chat (work) (UTC)\n"
      "amy@acme.example,2026-05-05,2026-05-05,2026-05-04\n");
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example assistant.used teams -",
                                             "amy@acme.example assistant.used assistant -"));
}

TEST_F(ReportPeople, ReadsWhoIsLicensedFromTheActiveUsers) {
  const TenantSummary summary = Imported(
      "User Principal Name,Is Deleted,Has Exchange License,Has Teams License,"
      "Exchange Last Activity Date,Assigned Products\n"
      "amy@acme.example,False,True,False,2026-05-04,OFFICE\n"
      "bob@acme.example,False,False,True,,OFFICE+MICROSOFT 365 COPILOT\n"
      "cy@acme.example,False,False,False,,\n");
  EXPECT_THAT(summary.licensed, UnorderedElementsAre(Pair("", 2), Pair("assistant", 1)));
  EXPECT_THAT(activities_.texts, IsEmpty());
}

std::string Google(const std::string& application, int unique, const std::string& rest,
                   const std::string& events, const std::string& customer = "C0made0up") {
  return absl::StrCat(
      R"({"kind":"admin#reports#activity","id":{"time":"2026-05-04T12:00:00.123Z",)",
      R"("uniqueQualifier":")", unique, R"(","applicationName":")", application,
      R"(","customerId":")", customer, R"("},)", rest, R"(,"events":)", events, "}\n");
}

std::string User(const std::string& email, const std::string& rest = "") {
  return absl::StrCat(R"("actor":{"callerType":"USER","email":")", email, "\"", rest, "}");
}

std::string Chat(const std::string& parameters) {
  return absl::StrCat(R"([{"name":"message_posted","parameters":[)", parameters, "]}]");
}

std::string Text(const std::string& name, const std::string& value) {
  return absl::StrCat(R"({"name":")", name, R"(","value":")", value, "\"}");
}

// Mutation: each of the flags not looked at.
TEST_F(ReportPeople, LeavesSoftwareAndOutsidersOutOfGooglesReports) {
  options_.reading.accepted_domains = {"acme.example"};
  const std::string said = Chat("");
  const std::string amy = User("amy@acme.example");
  const TenantSummary summary = Imported(absl::StrCat(
      Google("chat", 1, amy, said), Google("chat", 2, User("eve@else.example"), said),
      Google("chat", 3, amy + R"(,"isAgenticAction":true)", said),
      Google("chat", 4, amy + R"(,"isAgenticAction":"True")", said),
      Google("chat", 5, amy + R"(,"isAgenticAction":"False")", said),
      Google("chat", 6, User("amy@acme.example", R"(,"applicationInfo":{"impersonation":true})"),
             said),
      Google("chat", 7, User("amy@acme.example", R"(,"applicationInfo":{"impersonation":false})"),
             said),
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
TEST_F(ReportPeople, FindsSoftwareWhereverAReportSaysIt) {
  const std::string amy = User("amy@acme.example");
  const TenantSummary summary = Imported(
      absl::StrCat(Google("chat", 1, amy + R"(,"impersonation":true)", Chat("")),
                   Google("chat", 2, amy + R"(,"agenticInfo":{"isAgenticAction":1})", Chat("")),
                   Google("chat", 3, amy, R"([{"name":"message_posted","impersonation":"True"}])"),
                   Google("chat", 4, amy, Chat(Text("is_agentic_action", "true"))),
                   Google("chat", 5, amy, Chat(Text("is_agentic_action", "false")))));
  EXPECT_EQ(summary.Excluded(Exclusion::kSoftware), 4);
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example chat.sent other -"));
}

// Mutations: a category in capitals is none; Google's own app is as any other.
TEST_F(ReportPeople, ReadsWhereGooglesAssistantWasUsed) {
  const auto used = [](int number, const std::string& category, const std::string& app) {
    return Google(
        "gemini_in_workspace_apps", number, User("amy@acme.example"),
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
TEST_F(ReportPeople, ReadsTheKindOfAMailHoweverItIsWritten) {
  std::string mails;
  int number = 0;
  for (const char* kind : {R"("1")", "1", "1.0", R"("1.0")", R"("7")", "2", R"("x")", "null"}) {
    absl::StrAppend(
        &mails, Google("gmail", ++number, User("amy@acme.example"),
                       absl::StrCat(R"([{"name":"delivery","parameters":[{"name":)",
                                    R"("event_info","messageValue":{"parameter":[)",
                                    R"({"name":"mail_event_type","intValue":)", kind, "}]}}]}]")));
  }
  const TenantSummary summary = Imported(mails);
  EXPECT_THAT(summary.activities, ElementsAre(Pair("mail.read", 1), Pair("mail.sent", 4)));
  EXPECT_EQ(summary.Excluded(Exclusion::kOtherEvent), 3);
}

// Mutation: the name decides where the kind is there.
TEST_F(ReportPeople, TellsChatsFromSpacesWhateverTheyAreCalled) {
  const auto type_of = [&](const std::string& parameters) {
    Imported(Google("chat", 1, User("amy@acme.example"), Chat(parameters)));
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
TEST_F(ReportPeople, TakesOneOfSeveralCustomersWhenToldWhich) {
  const std::string two =
      absl::StrCat(Google("chat", 1, User("amy@acme.example"), Chat(""), "C01"),
                   Google("chat", 2, User("eve@else.example"), Chat(""), "C99"),
                   Google("chat", 3, User("dan@third.example"), Chat(""), "Dan Third"));
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
  EXPECT_EQ(Run({Google("chat", 1, User("amy@acme.example"), Chat(""), "C01"),
                 Google("chat", 2, User("eve@else.example"), Chat(""), "C99")})
                .status()
                .code(),
            absl::StatusCode::kFailedPrecondition);
}

// Mutation: year 1, for never, replaces the day that is there.
TEST_F(ReportPeople, SaysWhatIsMissingOfDevices) {
  const TenantSummary summary = Imported(
      R"({"value":[{"deviceName":"a","startupPerformanceScore":40,)"
      R"("lastReportedDateTime":"2026-05-04T08:00:00Z","reportDate":"0001-01-01T00:00:00Z"},)"
      R"({"deviceName":"b","startupPerformanceScore":40},)"
      R"({"deviceName":"c","startupPerformanceScore":-1,"date":"2026-05-04"},)"
      R"({"deviceName":"d","startupPerformanceScore":40,"date":"2026-05-04",)"
      R"("userPrincipalName":"bob_else.example#EXT#@acme.onmicrosoft.com"}]})");
  EXPECT_THAT(activities_.texts, ElementsAre("a device.started - - +slow_start"));
  EXPECT_EQ(rows_, 4);
  EXPECT_EQ(rejected_, 1);
  EXPECT_EQ(summary.Excluded(Exclusion::kNoMeasurement), 1);
  EXPECT_EQ(summary.Excluded(Exclusion::kGuest), 1);
  const absl::StatusOr<ImportSummary> undated =
      Run({"Device name,Startup performance score\nlaptop,40\n"});
  ASSERT_TRUE(undated.ok()) << undated.status();
  EXPECT_THAT(std::string(CheckReadable(*undated).message()),
              HasSubstr("no row could be read: 1 with no date: export the start-up history"));
}

// Mutation: activities in Tutti's own form are never asked whose they are.
TEST_F(ReportPeople, AsksOfActivitiesTooWhoseTheyAre) {
  options_.reading.accepted_domains = {"acme.example"};
  const auto line = [](const std::string& subject, const std::string& type) {
    return absl::StrCat(R"({"subject":")", subject, R"(","type":")", type,
                        R"(","occurredAt":"2026-05-04T09:00:00Z"})", "\n");
  };
  const TenantSummary summary = Imported(
      absl::StrCat(line("amy@acme.example", "mail.sent"), line("employee-17", "mail.sent"),
                   line("bob_else.example#EXT#@acme.example", "mail.sent"),
                   line("eve@else.example", "mail.sent"), line("<1@else.example>", "message.sent"),
                   line("sync_host@acme.example", "mail.sent")));
  EXPECT_THAT(summary.activities, ElementsAre(Pair("mail.sent", 2), Pair("message.sent", 1)));
  EXPECT_EQ(summary.Excluded(Exclusion::kGuest), 1);
  EXPECT_EQ(summary.Excluded(Exclusion::kForeignDomain), 1);
  EXPECT_EQ(summary.Excluded(Exclusion::kNotAPerson), 1);
}

// Mutation: the first time of a record that is there, though it cannot be, is its time.
TEST_F(ReportPeople, TakesTheFirstTimeOfAnAuditRecordThatCanBe) {
  std::string text = RecordStart(1, kTenantA, "amy@acme.example", "Yammer", "MessageCreation");
  const std::string good = "2026-05-04T09:00:00";
  text.replace(text.find(good), good.size(), "0001-01-01T00:00:00");
  Imported(absl::StrCat(text, R"(,"Start_Time":"2026-05-04T10:00:00"})"));
  EXPECT_THAT(activities_.seconds, ElementsAre(1777888800));
}

// Mutation: a row that cannot be split is not counted, or those after it are lost.
TEST_F(ReportPeople, LosesOneRowToAQuoteThatIsNotClosed) {
  std::string report = kMailHeader;
  for (int i = 0; i < 500; ++i) {
    absl::StrAppend(
        &report, MailRow(absl::StrCat(i == 7 ? "\"" : "", "p", i, "@acme.example"), "2026-05-04"));
  }
  for (const std::string& text :
       {report, absl::StrCat("deviceId,date,coreBootTimeInMs\n\"a,2026-05-04,"
                             "1\nb,2026-05-04,1\nc,2026-05-04,1\n")}) {
    const absl::StatusOr<ImportSummary> summary = Run({text});
    ASSERT_TRUE(summary.ok()) << summary.status();
    EXPECT_EQ(summary->rejected[static_cast<size_t>(RejectionReason::kBrokenQuote)], 1);
    EXPECT_EQ(summary->tenants.at(0).people, summary->rows - 1);
    EXPECT_THAT(SummaryText(*summary),
                HasSubstr(absl::StrCat("not where a field ends, on line ", text == report ? 9 : 2,
                                       ": each costs its row")));
  }
}

// Mutations: a zero of one program's clock alone; a day that is none is none that can be read.
TEST_F(ReportPeople, TakesTheZeroOfAClockForNever) {
  std::string report = kMailHeader;
  const std::vector<std::string> zeros = {"0001-01-01",
                                          "1601-01-01",
                                          "1900-01-00",
                                          "1/0/1900",
                                          "00.01.1900",
                                          "1899-12-30",
                                          "0001-01-01T00:00:00Z",
                                          "01/01/0001 00:00:00",
                                          "1970-01-01",
                                          "0",
                                          "Never",
                                          "-"};
  for (size_t i = 0; i < zeros.size(); ++i) {
    absl::StrAppend(&report, MailRow(absl::StrCat("p", i, "@acme.example"), zeros[i]));
  }
  const TenantSummary summary = Imported(report);
  EXPECT_EQ(rejected_, 0);
  EXPECT_EQ(summary.Excluded(Exclusion::kNothingDone), static_cast<int64_t>(zeros.size()));
  EXPECT_THAT(summary.licensed, ElementsAre(Pair("", static_cast<int64_t>(zeros.size()))));
  EXPECT_THAT(activities_.texts, IsEmpty());
  const absl::StatusOr<ImportSummary> device =
      Run({"deviceId,date,coreBootTimeInMs\nlaptop,0001-01-01T00:00:00,1\n"});
  ASSERT_TRUE(device.ok()) << device.status();
  EXPECT_EQ(device->rejected[static_cast<size_t>(RejectionReason::kNoDate)], 1);
}

// Mutations: a cell that cannot be read is dropped when another can; a column that is not known is
// not read, or not told of, or its name shown.
TEST_F(ReportPeople, TellsOfCellsAndColumnsOfTheAssistantThatItCannotRead) {
  const std::string header =
      "Report Refresh Date,User Principal Name,Last Activity Date,Word Copilot Last Activity Date,"
      "Excel Copilot Last Activity Date,Planner Copilot Last Activity Date,"
      "Amy Jones Last Activity Date,Bob Jones Copilot Last Activity Date\n";
  const absl::StatusOr<ImportSummary> read = Run({absl::StrCat(
      header, "2026-06-20,amy@acme.example,2026-05-05,2026-05-05,soon,2026-05-04,,\n",
      "2026-06-20,bob@acme.example,,,soon,,,\n", "2026-06-20,cy@acme.example,,,,,2026-05-03,\n")});
  ASSERT_TRUE(read.ok()) << read.status();
  const TenantSummary& summary = read->tenants.at(0);
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example assistant.used word - +in_document",
                                             "amy@acme.example assistant.used other -",
                                             "cy@acme.example assistant.used other -"));
  EXPECT_EQ(summary.Excluded(Exclusion::kUnreadableDay), 1);
  EXPECT_EQ(read->rejected[static_cast<size_t>(RejectionReason::kMalformedTime)], 1);
  EXPECT_THAT(summary.unknown_apps, ElementsAre(Pair("Amy Jones", 1), Pair("Planner", 1)));
  for (const std::string& told : {SummaryText(*read), SummaryJson(*read)}) {
    EXPECT_THAT(told,
                HasSubstr("has 3 columns of the assistant in applications that are not known"));
    EXPECT_THAT(told, Not(HasSubstr("Jones")));
    EXPECT_THAT(told, Not(HasSubstr("Last Activity Date")));
  }
  EXPECT_THAT(SummaryText(*read, ShownNames::kAll), HasSubstr("Amy Jones"));
  EXPECT_THAT(SummaryJson(*read), HasSubstr(R"j("unknown_apps":{"(other)":1,"Planner":1})j"));
  // Known applications under other names.
  const absl::StatusOr<ImportSummary> renamed =
      Run({"User Principal Name,Last Activity Date,Word Copilot last activity date (UTC),"
           "Last activity date of Excel\namy@acme.example,,2026-05-05,2026-05-04\n"});
  ASSERT_TRUE(renamed.ok()) << renamed.status();
  EXPECT_THAT(renamed->warnings, IsEmpty());
  EXPECT_THAT(activities_.texts,
              ElementsAre("amy@acme.example assistant.used word - +in_document",
                          "amy@acme.example assistant.used excel - +in_document"));
  // The same as JSON.
  const absl::StatusOr<ImportSummary> json =
      Run({R"({"value":[{"reportRefreshDate":"2026-06-20","userPrincipalName":"amy@acme.example",)"
           R"("lastActivityDate":"","wordCopilotLastActivityDate":"soon",)"
           R"("plannerCopilotLastActivityDate":"2026-05-04"}]})"});
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example assistant.used other -"));
  EXPECT_EQ(json->tenants.at(0).Excluded(Exclusion::kUnreadableDay), 1);
  EXPECT_THAT(SummaryJson(*json), HasSubstr(R"("unknown_apps":{"Planner":1})"));
}

// Mutation: each column that anybody names is kept, and read of every row.
TEST_F(ReportPeople, KeepsAHundredColumnsThatItDoesNotKnow) {
  std::string header = "User Principal Name,Last Activity Date,Word Copilot Last Activity Date";
  std::string json =
      R"({"value":[{"reportRefreshDate":"2026-06-20","userPrincipalName":"amy@acme.example")"
      R"(,"wordCopilotLastActivityDate":"")";
  for (int i = 0; i < 101; ++i) {
    absl::StrAppend(&header, ",App", i, " Copilot Last Activity Date");
    absl::StrAppend(&json, ",\"app", i, "CopilotLastActivityDate\":\"2026-05-04\"");
  }
  const std::string long_name(200, 'x');
  absl::StrAppend(&json, ",\"", long_name, "CopilotLastActivityDate\":\"2026-05-04\"}]}");
  std::string row = "\namy@acme.example,,";
  for (int i = 0; i < 101; ++i) row += ",2026-05-04";
  for (const std::string& text : {header + row, json}) {
    const absl::StatusOr<ImportSummary> summary = Run({text});
    ASSERT_TRUE(summary.ok()) << summary.status();
    EXPECT_EQ(activities_.texts.size(), 100u);
    EXPECT_THAT(summary->warnings,
                ElementsAre(HasSubstr("has 100 columns of the assistant in applications"),
                            HasSubstr("has more columns of applications than are read")));
  }
}

// Mutation: names are compared as they are written, or by the letters of English.
TEST_F(ReportPeople, CountsSomebodyOnceWhateverTheCase) {
  const TenantSummary summary = Imported(absl::StrCat(
      kMailHeader, MailRow("Amy@Acme.example", "2026-05-04"),
      MailRow("amy@ACME.example", "2026-05-05"), MailRow("J\xc3\x9cRG@acme.example", "2026-05-04"),
      MailRow("j\xc3\xbcrg@acme.example", "2026-05-05"),
      MailRow("J\xc3\xbcRG@acme.example", "2026-05-05")));
  EXPECT_EQ(summary.people, 2);
  EXPECT_THAT(summary.licensed, ElementsAre(Pair("", 2)));
  EXPECT_EQ(summary.duplicates, 1);
  options_.reading.accepted_domains = {
      "b\xc3\xbc"
      "cher.example"};
  EXPECT_EQ(Imported(absl::StrCat(kMailHeader, MailRow("amy@B\xc3\x9c"
                                                       "CHER.example",
                                                       "2026-05-04")))
                .people,
            1);
  options_.reading.accepted_domains.clear();
  // Members of JSON, too.
  Imported(R"({"value":[{"ReportRefreshDate":"2026-06-20","UserPrincipalName":"amy@acme.example",)"
           R"("LastActivityDate":"2026-05-04","SendCount":2}]})");
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example mail.sent outlook -"));
}

// Noon in UTC of 2026-05-04.
constexpr int64_t kFourthOfMay = 1777896000;

// A report of a mail by each of several people, on these days.
std::string ReportOfDays(const std::vector<std::string>& days) {
  std::string text = "User Principal Name,Last Activity Date,Send Count,Report Period\n";
  for (size_t i = 0; i < days.size(); ++i) {
    absl::StrAppend(&text, "p", i, "@acme.example,", days[i], ",1,1\n");
  }
  return text;
}

// Mutations: the order that was found first is held for what shows another; a day that contradicts
// it has no readable time; a column that nobody knows shows no order.
TEST_F(ReportPeople, BelievesNoDayOfAFileThatShowsBothOrders) {
  const absl::StatusOr<ImportSummary> both =
      Run({ReportOfDays({"4/5/2026", "13/5/2026", "4/5/2026", "5/13/2026", "4/5/2026", "14/5/2026",
                         "5/5/2026", "04.05.2026", "2026-05-04"})});
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ(both->rejected[static_cast<size_t>(RejectionReason::kAmbiguousDay)], 3);
  EXPECT_EQ(both->Rejected(), 3);
  EXPECT_EQ(activities_.seconds.size(), 6u);
  Imported(
      "User Principal Name,Last Activity Date,Word Copilot Last Activity Date,"
      "Planner Copilot Last Activity Date\n"
      "amy@acme.example,,4/5/2026,\nbob@acme.example,,,4/5/2026\ncy@acme.example,,,13/5/2026\n");
  EXPECT_EQ(rejected_, 0);
  EXPECT_THAT(activities_.seconds,
              ElementsAre(kFourthOfMay, kFourthOfMay, kFourthOfMay + 9 * 86400));
}

// A gzip file that is cut off after `text` and many lines without anything, so that its beginning
// can be read.
std::string CutOff(std::string text) {
  constexpr size_t kBlock = 60'000;
  const auto two_bytes = [](size_t number) {
    return std::string{static_cast<char>(number & 0xff), static_cast<char>(number >> 8)};
  };
  text.resize(10 * kBlock, '\n');
  std::string file("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
  for (size_t at = 0; at < text.size(); at += kBlock) {
    absl::StrAppend(&file, std::string(1, '\0'), two_bytes(kBlock), two_bytes(kBlock ^ 0xffff),
                    text.substr(at, kBlock));
  }
  return file;
}

// Mutation: what waits for the order of days is forgotten with an error.
TEST_F(ReportPeople, AccountsForRowsThatWaitWhenTheInputEndsWithAnError) {
  const std::string concealed(32, 'a');
  for (const std::string& text :
       {absl::StrCat(kMailHeader, MailRow("amy@acme.example", "4/5/2026"),
                     MailRow("bob@acme.example", "5/5/2026"), MailRow(concealed, "2026-05-04")),
        CutOff(absl::StrCat(kMailHeader, MailRow("amy@acme.example", "4/5/2026"),
                            MailRow("bob@acme.example", "5/5/2026"))),
        CutOff("deviceId,date,coreBootTimeInMs\na,4/5/2026,1\nb,5/5/2026,1\n")}) {
    const TemporaryFile file(text);
    options_.inputs = {file.path()};
    activities_.texts.clear();
    ImportSummary unfinished;
    EXPECT_FALSE(RunImport(options_, {.observer = &activities_, .unfinished = &unfinished}).ok());
    EXPECT_EQ(unfinished.rows, 2);
    EXPECT_EQ(unfinished.rejected[static_cast<size_t>(RejectionReason::kAmbiguousDay)], 1);
    EXPECT_EQ(unfinished.tenants.at(0).fates.Of(Fate::kActivity), 1);
    EXPECT_THAT(activities_.texts, Not(IsEmpty()));
  }
}

// Mutations: the order of the first row alone; a guess where there is none; a day that can be read
// in one way is refused.
TEST_F(ReportPeople, ReadsASpreadsheetsDaysWhenTheColumnShowsTheirOrder) {
  Imported(ReportOfDays({"5/4/2026", "5/13/2026 12:00:00 AM", "5/5/2026"}));
  EXPECT_THAT(activities_.seconds,
              ElementsAre(kFourthOfMay, kFourthOfMay + 9 * 86400, kFourthOfMay + 86400));
  Imported(ReportOfDays({"4/5/2026", "13-05-2026", "04/05/2026"}));
  EXPECT_THAT(activities_.seconds,
              ElementsAre(kFourthOfMay, kFourthOfMay + 9 * 86400, kFourthOfMay));
  Imported(ReportOfDays({"04.05.2026", "5/5/2026"}));
  EXPECT_THAT(activities_.seconds, ElementsAre(kFourthOfMay, kFourthOfMay + 86400));
  const TenantSummary unclear = Imported(ReportOfDays({"4/5/2026", "5/5/2026", "2026-05-04"}));
  EXPECT_THAT(activities_.seconds, ElementsAre(kFourthOfMay + 86400, kFourthOfMay));
  EXPECT_EQ(rejected_, 1);
  EXPECT_EQ(rows_, 3);
  EXPECT_THAT(unclear.licensed, ElementsAre(Pair("", 3)));
  const absl::StatusOr<ImportSummary> refused = Run({ReportOfDays({"4/5/2026"})});
  ASSERT_TRUE(refused.ok()) << refused.status();
  EXPECT_THAT(std::string(CheckReadable(*refused).message()),
              HasSubstr("day and month that cannot be told apart: export the report again"));
  // Of two files each has an order of its own.
  ASSERT_TRUE(Run({ReportOfDays({"5/13/2026"}), ReportOfDays({"13/5/2026"})}).ok());
  EXPECT_EQ(activities_.seconds[0], activities_.seconds[1]);
  Imported("deviceId,date,coreBootTimeInMs\na,4/5/2026 9:00,1\nb,13/5/2026,1\n");
  EXPECT_THAT(activities_.seconds, ElementsAre(kFourthOfMay, kFourthOfMay + 9 * 86400));
}

// Mutation: any day that can be is taken.
TEST_F(ReportPeople, RefusesADayAfterTheReportsOwn) {
  const TenantSummary summary =
      Imported(absl::StrCat(kMailHeader, MailRow("amy@acme.example", "2026-06-20"),
                            "2026-05-01,bob@acme.example,False,2026-05-02,2,1,OFFICE,1\n"));
  EXPECT_EQ(summary.people, 1);
  EXPECT_EQ(rejected_, 1);
  EXPECT_THAT(summary.licensed, ElementsAre(Pair("", 2)));
}

// Mutations: a row that comes again counts as a record of its own; a person's row in the report of
// another day is one that comes again.
TEST_F(ReportPeople, TellsWhatComesAgainInEverySource) {
  const std::string mail = MailRow("amy@acme.example", "2026-05-04");
  const std::string other = "2026-06-21,amy@acme.example,False,2026-05-04,2,1,OFFICE,1\n";
  const std::string activity =
      "{\"subject\":\"amy@acme.example\",\"type\":\"mail.sent\","
      "\"occurredAt\":\"2026-05-04T09:00:00Z\"}\n";
  const std::string later =
      "{\"subject\":\"amy@acme.example\",\"type\":\"mail.sent\","
      "\"occurredAt\":\"2026-05-04T09:00:00.5Z\"}\n";
  const std::string device = "laptop,2026-05-04,1\n";
  const auto unqualified = [](const char* time) {
    return absl::StrCat(R"({"kind":"admin#reports#activity","id":{"time":"2026-05-04T)", time,
                        R"(Z","applicationName":"chat"},)", User("amy@acme.example"),
                        R"(,"events":)", Chat(""), "}\n");
  };
  for (const std::string& text :
       {absl::StrCat(kMailHeader, mail, mail, other), absl::StrCat(activity, activity, later),
        absl::StrCat(unqualified("09:00:00"), unqualified("09:00:00"), unqualified("09:00:01")),
        absl::StrCat("deviceId,date,coreBootTimeInMs\n", device, device,
                     "laptop,2026-05-04,2\n")}) {
    const TenantSummary summary = Imported(text);
    EXPECT_EQ(rows_, 3) << text;
    EXPECT_EQ(summary.duplicates, 1) << text;
    EXPECT_EQ(summary.fates.Of(Fate::kActivity), 2) << text;
  }
}

// Mutation: the licences are told beside what is fed alone.
TEST_F(ReportPeople, TellsLicencesOfAReportThatFeedsNothing) {
  const absl::StatusOr<ImportSummary> summary =
      Run({"User Principal Name,Last Activity Date,Assigned Products,Report Period\n"
           "amy@acme.example,2026-05-04,OFFICE,7\n"});
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_THAT(SummaryJson(*summary), HasSubstr(R"("feeds":[],"licensed":{"":1})"));
}

// Mutation: a sender of Chat's is a person whatever it says it is.
TEST_F(ReportPeople, LeavesOutTheAppsAndBotsThatChatNames) {
  for (const char* type : {"APP", "BOT", "ACTOR_TYPE_APP", "Chat app"}) {
    for (const char* name : {"actor_type", "sender_type"}) {
      const TenantSummary summary =
          Imported(Google("chat", 1, User("desk@acme.example"), Chat(Text(name, type)), "C01"));
      EXPECT_EQ(summary.Excluded(Exclusion::kSoftware), 1) << type;
      EXPECT_THAT(activities_.texts, IsEmpty());
    }
  }
  Imported(
      Google("chat", 1, User("amy@acme.example"), Chat(Text("actor_type", "NON_ADMIN")), "C01"));
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example chat.sent other -"));
}

// Mutations: a claim is nobody's name; what a claim says of an application is a person's.
TEST_F(ReportPeople, FindsPeopleBehindSharePointsClaims) {
  const auto accessed = [](int number, const std::string& user) {
    return absl::StrCat(RecordStart(number, kTenantA, user, "SharePoint", "FileAccessed"),
                        R"(,"ItemType":"File","SourceFileExtension":"docx"})", "\n");
  };
  const TenantSummary summary = Imported(absl::StrCat(
      accessed(1, "i:0#.f|membership|Amy@acme.example"), accessed(2, "amy@acme.example"),
      accessed(3, R"(i:0#.w|acme\\ben)"), accessed(4, "i:0i.t|00000003|app@sharepoint"),
      accessed(5, "i:0#.f|membership|x_y.example#EXT#@acme.example")));
  EXPECT_EQ(summary.people, 2);
  EXPECT_EQ(summary.Excluded(Exclusion::kNotAPerson), 1);
  EXPECT_EQ(summary.Excluded(Exclusion::kGuest), 1);
  EXPECT_THAT(activities_.texts[0], HasSubstr("amy@acme.example file.read"));
}

// Mutation: an import of whose people nobody is of the domain ends as one in which nothing was
// done.
TEST_F(ReportPeople, SaysWhenNobodyIsOfTheDomain) {
  options_.reading.accepted_domains = {"acme.exmaple"};
  const absl::Status status =
      Run({absl::StrCat(kMailHeader, MailRow("amy@acme.example", "2026-05-04"),
                        MailRow("eve@else.example", "2026-05-04"))})
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("nobody in the input is of 1 domain that was given: all 2 that were left "
                        "out for it are of 2 others"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("else")));
  // Something was sent, so it was not called wrongly.
  EXPECT_TRUE(Run({R"({"subject":"eve@else.example","type":"mail.sent",)"
                   R"("occurredAt":"2026-05-04T09:00:00Z"}{"subject":"employee-17",)"
                   R"("type":"mail.sent","occurredAt":"2026-05-04T09:00:00Z"})"})
                  .ok());
  options_.reading.accepted_domains = {"acme.example", "acme.exmaple"};
  EXPECT_TRUE(Run({absl::StrCat(kMailHeader, MailRow("amy@acme.example", "2026-05-04"))}).ok());
}

// Mutation: a table that nobody knows is told how an audit log is exported, and no more.
TEST_F(ReportPeople, SaysOfATableThatNobodyKnowsWhatIsKnown) {
  const absl::Status status = Run({"Employee,Hired\nAmy Jones,2020\n"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  for (const char* said : {"AuditData", "User Principal Name", "deviceId", "first line"}) {
    EXPECT_THAT(std::string(status.message()), HasSubstr(said));
  }
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("Hired")));
  const absl::StatusOr<ImportSummary> json = Run({"{\"name\":\"Amy Jones\"}\n"});
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_THAT(SummaryText(*json), HasSubstr("begins as nothing that is known"));
  // What holds nothing is nobody's, and no error.
  const absl::StatusOr<ImportSummary> empty = Run({"", " \r\n", "#TYPE x\n"});
  ASSERT_TRUE(empty.ok()) << empty.status();
  EXPECT_EQ(empty->rows, 0);
  EXPECT_THAT(std::string(NothingSent(*empty).message()), HasSubstr("the input has no record"));
}

// Mutation: a rehearsal asks nothing of what ingest refuses.
TEST_F(ReportPeople, RehearsesWhatIngestWouldRefuse) {
  const auto line = [](const std::string& subject, const std::string& rest) {
    return absl::StrCat(R"({"subject":")", subject, R"(","occurredAt":"2026-05-04T09:00:00Z",)",
                        rest, "}\n");
  };
  std::string traits;
  for (int i = 0; i < 17; ++i) absl::StrAppend(&traits, i > 0 ? "," : "", "\"t", i, "\"");
  const TenantSummary summary = Imported(absl::StrCat(
      line("amy@acme.example", R"("type":"mail.sent","app":"pigeon","traits":["no.such"])"),
      line("amy@acme.example", R"("type":"no.such")"),
      line(std::string(513, 'x'), R"("type":"mail.sent")"),
      line("a\\u0001b", R"("type":"mail.sent")"),
      line("amy@acme.example", absl::StrCat(R"("type":"mail.sent","traits":[)", traits, "]"))));
  EXPECT_THAT(summary.upload.refused,
              ElementsAre(Pair("REASON_SUBJECT_MALFORMED", 1), Pair("REASON_SUBJECT_TOO_LONG", 1),
                          Pair("REASON_TOO_MANY_TRAITS", 1), Pair("REASON_TYPE_UNKNOWN", 1)));
  EXPECT_EQ(summary.upload.ignored_values, 2);
}

}  // namespace
}  // namespace tutti
