// Reports go through a whole import: usage reports of Microsoft Graph, activities of
// the Google Workspace Reports API, telemetry of devices. All of it is made up.

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/upload/import_outcome.h"
#include "tests/unit/common/upload/import_fixture.h"
#include "tests/unit/common/upload/report_fixture.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

// 2026-05-04T12:00:00Z
constexpr int64_t kNoon = 1777896000;

class ReportsTest : public ::testing::Test {
 protected:
  absl::StatusOr<ImportSummary> Import(const std::string& text, absl::string_view source) {
    const TemporaryFile file(text);
    ImportOptions options = OptionsFor({file.path()});
    options.source = ShippedSources().Find(source);
    return RunImport(options, {.observer = &activities_});
  }
  TenantSummary Imported(const std::string& text, absl::string_view source) {
    const absl::StatusOr<ImportSummary> summary = Import(text, source);
    EXPECT_TRUE(summary.ok()) << summary.status();
    if (!summary.ok() || summary->tenants.size() != 1) return {};
    rejected_ = summary->Rejected();
    return summary->tenants[0];
  }

  RecordedActivities activities_;
  int64_t rejected_ = 0;
};

// Mutation: a comparison of booleans that minds their case loses Bob's, and one that
// takes "0" for something invents Cy's.
TEST_F(ReportsTest, ReadsAUsageReportOfOneDay) {
  const TenantSummary summary = Imported(
      "Report Refresh Date,User Principal Name,Is Deleted,Last Activity Date,Send Count,"
      "Read Count,Assigned Products,Report Period\r\n"
      "2026-05-06,Amy@Acme.OnMicrosoft.com,False,2026-05-04,3,0,OFFICE+MICROSOFT 365 COPILOT,1\r\n"
      "2026-05-06,bob@acme.onmicrosoft.com,FALSE,2026-05-04,0,7,OFFICE,1\r\n"
      "2026-05-06,cy@acme.onmicrosoft.com,No,,0,0,OFFICE,1\r\n"
      "2026-05-06,dee@acme.onmicrosoft.com,Yes,2026-05-04,9,9,OFFICE,1\r\n",
      "");
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.onmicrosoft.com mail.sent outlook -",
                                             "bob@acme.onmicrosoft.com mail.read outlook -"));
  EXPECT_THAT(activities_.seconds, ElementsAre(kNoon, kNoon));
  EXPECT_THAT(summary.licensed, UnorderedElementsAre(Pair("", 3), Pair("assistant", 1)));
  EXPECT_THAT(summary.feeds, ElementsAre("communication"));
  EXPECT_EQ(summary.records, 4);
  EXPECT_EQ(summary.people, 2);
  EXPECT_EQ(summary.Excluded(Exclusion::kDeleted), 1);
}

TEST_F(ReportsTest, ReadsWhatTeamsSharePointAndAppsReport) {
  Imported(
      "User Principal Name,Last Activity Date,Team Chat Message Count,Private Chat Message Count,"
      "Scheduled Recurring Meetings Attended Count,Video Duration In Seconds,Has Other Action\n"
      "amy@acme.example,2026-05-04,2,1,1,60,No\n",
      "m365-usage-report");
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example channel_message.sent teams -",
                                             "amy@acme.example chat.sent teams -",
                                             "amy@acme.example meeting.attended teams - +recurring",
                                             "amy@acme.example meeting.attended teams - +video"));
  activities_.texts.clear();
  // SharePoint's report counts pages, OneDrive's does not.
  Imported(
      "User Principal Name,Last Activity Date,Viewed Or Edited File Count,"
      "Shared Externally File Count,Visited Page Count\namy@acme.example,2026-05-04,5,1,0\n",
      "m365-usage-report");
  Imported(
      "User Principal Name,Last Activity Date,Viewed Or Edited File Count\n"
      "amy@acme.example,2026-05-04,5\n",
      "m365-usage-report");
  EXPECT_THAT(activities_.texts,
              ElementsAre("amy@acme.example file.shared - - +external",
                          "amy@acme.example file.read - - +shared_file +team_site",
                          "amy@acme.example file.read - - +personal_drive"));
  activities_.texts.clear();
  // Mutation: a row's cells, and not the report's columns, say which report it is.
  Imported(
      "User Principal Name,Last Activity Date,Viewed Or Edited File Count,Visited Page Count\n"
      "amy@acme.example,2026-05-04,5,\n",
      "m365-usage-report");
  Imported(R"({"value":[{"reportRefreshDate":"2026-05-04","userPrincipalName":"amy@acme.example",)"
           R"("lastActivityDate":"2026-05-04","viewedOrEditedFileCount":5,)"
           R"("visitedPageCount":null}]})",
           "m365-usage-report");
  Imported(
      "User Principal Name,Last Activity Date,Posted Count,Read Count\n"
      "amy@acme.example,2026-05-04,,5\n",
      "m365-usage-report");
  Imported(R"({"value":[{"reportRefreshDate":"2026-05-04","userPrincipalName":"amy@acme.example",)"
           R"("lastActivityDate":"2026-05-04","postedCount":null,"readCount":5}]})",
           "m365-usage-report");
  EXPECT_THAT(activities_.texts,
              ElementsAre("amy@acme.example file.read - - +shared_file +team_site",
                          "amy@acme.example file.read - - +shared_file +team_site",
                          "amy@acme.example community.read community -",
                          "amy@acme.example community.read community -"));
  activities_.texts.clear();
  const TenantSummary summary = Imported(
      "User Principal Name,Last Activity Date,Windows,Word (Web),Excel (Mac),Teams (Mobile)\n"
      "amy@acme.example,2026-05-04,Yes,Yes,TRUE,No\n",
      "m365-usage-report");
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example app.used word web",
                                             "amy@acme.example app.used excel desktop"));
  EXPECT_THAT(summary.feeds, ElementsAre("mobility"));
}

// Totals say on how many days somebody could have done something, not on which.
TEST_F(ReportsTest, TakesLicencesAloneFromAReportOfSeveralDays) {
  const TenantSummary summary = Imported(
      "User Principal Name,Last Activity Date,Send Count,Is Licensed,Report Period\n"
      "amy@acme.example,2026-05-04,30,Yes,28\nbob@acme.example,,0,No,28\n",
      "m365-usage-report");
  EXPECT_THAT(activities_.texts, IsEmpty());
  EXPECT_THAT(summary.licensed, ElementsAre(Pair("", 1)));
  EXPECT_EQ(summary.Excluded(Exclusion::kSeveralDays), 1);
}

// Anybody may have touched the files. Mutation: the owner's activity made of them.
TEST_F(ReportsTest, TakesLicencesAloneFromAReportOfDrives) {
  const TenantSummary summary = Imported(
      "Report Refresh Date,Site Id,Site URL,Owner Display Name,Is Deleted,Last Activity Date,"
      "File Count,Active File Count,Owner Principal Name,Report Period\n"
      "2026-05-06,1,,Amy,False,2026-05-04,9,2,amy@acme.example,1\n"
      "2026-05-06,2,,Bob,False,,0,0,Bob@acme.example,1\n",
      "");
  EXPECT_THAT(activities_.texts, IsEmpty());
  EXPECT_THAT(summary.licensed, ElementsAre(Pair("", 2)));
  EXPECT_THAT(summary.feeds, IsEmpty());
  EXPECT_EQ(summary.people, 0);
  EXPECT_EQ(summary.Excluded(Exclusion::kOtherEvent), 1);
}

// Who owns a site, or a group, need not be one who uses it.
TEST_F(ReportsTest, RefusesReportsWithoutPeople) {
  for (const char* header :
       {"Site Id,Site URL,Last Activity Date,Page View Count,Owner Principal Name",
        "Group Display Name,Owner Principal Name,Last Activity Date,Group Id"}) {
    const absl::Status status =
        Import(absl::StrCat(header, "\n1,2,2026-05-04,4,5\n"), "m365-usage-report").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << header;
    EXPECT_THAT(std::string(status.message()), HasSubstr("User Principal Name"));
  }
}

// Mutations: JSON is taken for an audit log of which no row can be read; an application, or a
// model, is a device.
TEST_F(ReportsTest, SaysOfReportsOfNobodyWhatToExportAsCsvAndAsJsonAlike) {
  constexpr char kPeople[] = "getEmailActivityUserDetail";
  constexpr char kDevices[] = "userExperienceAnalyticsDeviceStartupHistory";
  struct Case {
    const char* columns;
    const char* advice;
  };
  for (const Case& c : std::vector<Case>{
           // Counts of mails by day, and Copilot's summary and trend.
           {"reportRefreshDate,send,receive,read,reportDate,reportPeriod", kPeople},
           {"reportRefreshDate,anyAppEnabledUsers,anyAppActiveUsers,wordActiveUsers", kPeople},
           {"reportRefreshDate,reportPeriod,adoptionByProduct", kPeople},
           // Groups and sites, who name an owner.
           {"reportRefreshDate,groupDisplayName,ownerPrincipalName,lastActivityDate,groupId",
            kPeople},
           {"reportRefreshDate,siteId,siteUrl,ownerPrincipalName,lastActivityDate,pageViewCount",
            kPeople},
           // Activations say on no day that anybody did anything.
           {"reportRefreshDate,userPrincipalName,displayName,userActivationCounts", kPeople},
           // Scores of models, of versions and of all devices; the crashes of an application.
           {"id,model,manufacturer,modelDeviceCount,endpointAnalyticsScore,appReliabilityScore",
            kDevices},
           {"id,osVersion,osBuildNumber,activeDeviceCount,osVersionAppHealthScore", kDevices},
           {"id,appCrashCount,appName,appPublisher,activeDeviceCount", kDevices},
           {"id,overallScore,deviceBootPerformanceOverallScore,appHealthOverallScore", kDevices},
           {"model,endpointAnalyticsScore,startupPerformanceScore", kDevices}}) {
    const std::vector<std::string> names = absl::StrSplit(c.columns, ',');
    std::string row;
    std::string members;
    for (const std::string& name : names) {
      absl::StrAppend(&row, row.empty() ? "" : ",", "7");
      absl::StrAppend(&members, members.empty() ? "" : ",", "\"", name, "\":\"7\"");
    }
    // CSV has the names in words, as Graph and Intune write them.
    std::string words;
    for (const char letter : std::string(c.columns)) {
      if (absl::ascii_isupper(static_cast<unsigned char>(letter))) words.push_back(' ');
      words.push_back(letter);
    }
    for (const std::string& text :
         {absl::StrCat(words, "\n", row, "\n"), absl::StrCat(c.columns, "\n", row, "\n"),
          absl::StrCat("{\"value\":[{", members, "},{", members, "}]}"),
          absl::StrCat("{", members, "}")}) {
      const absl::Status status = Import(text, "").status();
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text << status;
      EXPECT_THAT(std::string(status.message()), HasSubstr(c.advice)) << text;
    }
  }
  EXPECT_THAT(activities_.texts, IsEmpty());
  // A device's scores say of no day what they are about, and each row says what does.
  for (const std::string& text :
       {std::string("id,deviceName,endpointAnalyticsScore,startupPerformanceScore\n1,a,40,40\n"),
        std::string(R"({"value":[{"id":"1","deviceName":"a","endpointAnalyticsScore":40,)"
                    R"("startupPerformanceScore":40}]})")}) {
    EXPECT_THAT(std::string(CheckReadable(*Import(text, "")).message()),
                HasSubstr("export the start-up history"))
        << text;
  }
  // Without rows there is nothing to say.
  EXPECT_TRUE(Import(R"({"value":[]})", "m365-usage-report").ok());
  EXPECT_TRUE(Import(R"({"value":[]})", "device-telemetry").ok());
}

// Mutation: JSON is asked for a person where CSV is asked for an owner.
TEST_F(ReportsTest, ReadsReportsOfDrivesAndOfActiveUsersAsJsonToo) {
  EXPECT_THAT(Imported(R"({"value":[{"reportRefreshDate":"2026-05-06","siteId":"1","siteUrl":null,)"
                       R"("ownerDisplayName":"Amy","ownerPrincipalName":"amy@acme.example",)"
                       R"("isDeleted":false,"lastActivityDate":"2026-05-04","fileCount":9,)"
                       R"("activeFileCount":2,"reportPeriod":"1"}]})",
                       "")
                  .licensed,
              ElementsAre(Pair("", 1)));
  EXPECT_THAT(Imported(R"({"value":[{"reportRefreshDate":"2026-05-06","userPrincipalName":)"
                       R"("amy@acme.example","isDeleted":false,"hasExchangeLicense":true,)"
                       R"("hasTeamsLicense":false,"exchangeLastActivityDate":null,)"
                       R"("assignedProducts":["MICROSOFT 365 E3"]}]})",
                       "")
                  .listing,
              Listing::kEverybody);
  EXPECT_THAT(activities_.texts, IsEmpty());
}

TEST_F(ReportsTest, RefusesConcealedNamesAndSaysWhatToDo) {
  const absl::StatusOr<ImportSummary> summary = Import(
      "User Principal Name,Last Activity Date,Send Count\n"
      "0123456789ABCDEF0123456789ABCDEF,2026-05-04,3\n",
      "m365-usage-report");
  EXPECT_EQ(summary.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(summary.status().message()), HasSubstr("concealed"));
  EXPECT_THAT(std::string(summary.status().message()), HasSubstr("show names"));
  EXPECT_THAT(activities_.texts, IsEmpty());
}

std::string GoogleActivity(const std::string& application, int unique, const std::string& actor,
                           const std::string& events) {
  return Google(application, unique, absl::StrCat(R"("actor":{)", actor, "}"), events);
}

constexpr char kAmy[] = R"("callerType":"USER","email":"Amy@acme.example")";

// Mutation: parameters read at the top level alone lose every mail.
TEST_F(ReportsTest, ReadsGoogleMailMeetingsChatsAndFiles) {
  const std::string mail = GoogleActivity(
      "gmail", 1, kAmy,
      R"({"name":"delivery","parameters":[{"name":"event_info","messageValue":{"parameter":[)"
      R"({"name":"mail_event_type","intValue":"1"},{"name":"client_context","messageValue":)"
      R"({"parameter":[{"name":"client_type","value":"IOS"}]}}]}},{"name":"message_info",)"
      R"("messageValue":{"parameter":[{"name":"num_message_attachments","intValue":"2"}]}}]})");
  const std::string meeting = GoogleActivity(
      "meet", 2, R"("callerType":"KEY","key":"HANGOUTS_EXTERNAL_OR_ANONYMOUS")",
      R"([{"name":"call_ended","parameters":[{"name":"identifier","value":"bob@acme.example"},)"
      R"({"name":"device_type","value":"web"},{"name":"video_send_seconds","intValue":"0"},)"
      R"({"name":"screencast_send_seconds","intValue":"9"}]}])");
  const std::string chat = GoogleActivity(
      "chat", 3, kAmy,
      R"([{"name":"message_posted","parameters":[{"name":"room_name","value":"Plans"}]},)"
      R"({"name":"message_posted","parameters":[{"name":"room_name","value":""}]}])");
  const std::string file = GoogleActivity(
      "drive", 4, kAmy,
      R"([{"name":"edit","parameters":[{"name":"primary_event","boolValue":true},)"
      R"({"name":"owner","value":"bob@acme.example"},{"name":"visibility","value":"private"}]},)"
      R"({"name":"view","parameters":[{"name":"primary_event","boolValue":false}]},)"
      R"({"name":"change_user_access","parameters":[{"name":"visibility",)"
      R"("value":"shared_externally"}]}])");
  const std::vector<std::string> expected = {
      "amy@acme.example mail.sent other mobile +attachment_copy",
      "bob@acme.example meeting.attended other web +screen_share",
      "amy@acme.example channel_message.sent other -",
      "amy@acme.example chat.sent other -",
      "amy@acme.example file.written other - +shared_file +personal_drive",
      "amy@acme.example file.shared other - +external"};
  // One a line, with one that comes again.
  const TenantSummary lines =
      Imported(absl::StrCat(mail, "\n", meeting, "\n", chat, "\n", file, "\n", mail, "\n"),
               "google-reports");
  EXPECT_EQ(activities_.texts, expected);
  EXPECT_EQ(activities_.seconds[0], kNoon);
  EXPECT_EQ(lines.duplicates, 1);
  EXPECT_EQ(lines.people, 2);
  EXPECT_EQ(lines.Excluded(Exclusion::kOtherEvent), 1) << "not a primary event";
  EXPECT_THAT(lines.feeds, UnorderedElementsAre("communication", "content_collaboration",
                                                "meetings", "mobility", "teamwork"))
      << "the phone of one and the browser of another tell of platforms, too";
  // A page over several lines says the same.
  activities_.texts.clear();
  Imported(absl::StrCat("{\n\"kind\": \"page\",\n\"items\": [\n", mail, ",\n", meeting, ",\n", chat,
                        ",\n", file, "\n]}\n"),
           "google-reports");
  EXPECT_EQ(activities_.texts, expected);
}

// What the assistant offers unasked is nobody's use. Mutation: every event counts.
TEST_F(ReportsTest, ReadsWhatGeminiWasAskedFor) {
  const auto use = [](const char* app, const char* category) {
    return absl::StrCat(
        R"({"name":"feature_utilization","parameters":[{"name":"app_name","value":")", app,
        R"("},{"name":"event_category","value":")", category, R"("}]})");
  };
  const TenantSummary summary = Imported(
      GoogleActivity("gemini_in_workspace_apps", 1, kAmy,
                     absl::StrCat("[", use("gmail", "active_generate"), ",",
                                  use("docs", "active_summarize"), ",", use("docs", "inactive"),
                                  ",", use("gemini_app", "active_conversations"), "]")) +
          "\n",
      "google-reports");
  EXPECT_THAT(activities_.texts, ElementsAre("amy@acme.example assistant.used other - +in_mail",
                                             "amy@acme.example assistant.used other - +in_document",
                                             "amy@acme.example assistant.used assistant -"));
  EXPECT_THAT(summary.feeds, ElementsAre("ai_assistance"));
  EXPECT_EQ(summary.Excluded(Exclusion::kOtherEvent), 1);
}

// Mutation: a first line longer than what is peeked at taken for a text over several lines.
TEST_F(ReportsTest, ReadsPagesOfGoogleThatAreLongLines) {
  const std::string events =
      R"([{"name":"message_posted","parameters":[{"name":"room_name","value":"Plans"}]}])";
  std::string items;
  for (int i = 0; i < 400; ++i) {
    absl::StrAppend(&items, i == 0 ? "" : ",", GoogleActivity("chat", i, kAmy, events));
  }
  ASSERT_GT(items.size(), size_t{64} << 10);
  const std::string last = GoogleActivity("chat", 400, kAmy, events);
  const TenantSummary summary = Imported(
      absl::StrCat("{\"items\":[", items, "]}\n\n{\"items\":[", last, "]}\n"), "google-reports");
  EXPECT_EQ(rejected_, 0);
  EXPECT_EQ(summary.records, 401);
  // A day without anything is no error.
  Imported("\n", "google-reports");
  EXPECT_EQ(rejected_, 0);
}

TEST_F(ReportsTest, LeavesOutKeysAndServiceAccounts) {
  const std::string events =
      R"([{"name":"message_posted","parameters":[{"name":"room_name","value":"Plans"}]}])";
  const TenantSummary summary = Imported(
      absl::StrCat(
          GoogleActivity("chat", 1, R"("callerType":"KEY","key":"robot")", events), "\n",
          GoogleActivity("chat", 2, R"("email":"bot@made.iam.gserviceaccount.com")", events),
          "\n{\"id\": 3}\n{\"id\n"),
      "google-reports");
  EXPECT_THAT(activities_.texts, IsEmpty());
  EXPECT_EQ(summary.Excluded(Exclusion::kNotAPerson), 2);
  EXPECT_EQ(rejected_, 2);
}

TEST_F(ReportsTest, ReadsTelemetryOfDevicesAsCsvAndAsJsonAlike) {
  Imported(
      "Device name,Date,startupPerformanceScore,appReliabilityScore\n"
      "LAPTOP-1,2026-05-04,49,-1\nlaptop-2,2026-05-04,50,10\nlaptop-3,2026-05-04,-1,-1\n",
      "device-telemetry");
  const std::vector<std::string> expected = {"laptop-1 device.started - - +slow_start",
                                             "laptop-2 device.started - -",
                                             "laptop-2 device.app_crashed - -"};
  EXPECT_EQ(activities_.texts, expected);
  activities_.texts.clear();
  const TenantSummary summary = Imported(
      R"({"value":[{"deviceName":"Laptop-1","startupPerformanceScore":49,"appReliabilityScore":-1,)"
      R"("lastReportedDateTime":"2026-05-04T08:00:00Z","model":"X"},)"
      R"({"deviceName":"laptop-2","startupPerformanceScore":50.0,"appReliabilityScore":10,)"
      R"("lastReportedDateTime":"2026-05-04T08:00:00Z"}]})",
      "device-telemetry");
  EXPECT_EQ(activities_.texts, expected);
  EXPECT_THAT(summary.feeds, ElementsAre("endpoint"));
  EXPECT_THAT(summary.subjects, ElementsAre(Pair("devices", 2)));
  EXPECT_EQ(summary.people, 0);
}

// Mutations: of the times of a CSV file one column is read; of an inventory of crashes none.
TEST_F(ReportsTest, ReadsTheFirstTimeOfADeviceThatCanBe) {
  constexpr int64_t kEight = kNoon - 4 * 3600;
  for (const char* date : {"", "0001-01-01T00:00:00Z", "1/1/0001 12:00:00 AM", "soon"}) {
    Imported(absl::StrCat("deviceId,date,lastReportedDateTime,startupPerformanceScore\nd,", date,
                          ",2026-05-04T08:00:00Z,60\n"),
             "");
    EXPECT_THAT(activities_.seconds, ElementsAre(kEight)) << date;
    activities_.seconds.clear();
    Imported(absl::StrCat(R"({"value":[{"deviceId":"d","date":")", date,
                          R"(","lastReportedDateTime":"2026-05-04T08:00:00Z",)",
                          R"("startupPerformanceScore":60}]})"),
             "");
    EXPECT_THAT(activities_.seconds, ElementsAre(kEight)) << date;
    activities_.seconds.clear();
  }
  // A day of which the others of its column say what stands first is one that can be.
  Imported(
      "deviceId,lastReportedDateTime,date,startupPerformanceScore\n"
      "d,2026-05-01T08:00:00Z,5/4/2026,60\ne,,5/13/2026,60\n",
      "");
  EXPECT_THAT(activities_.seconds, ElementsAre(kNoon, kNoon + 9 * 86400));
  activities_.texts.clear();
  for (const std::string& text :
       {std::string("deviceId,deviceDisplayName,appCrashCount,processedDateTime\n"
                    "d,Amy's,3,2026-05-04T08:00:00Z\n"),
        std::string(R"({"value":[{"deviceDisplayName":"Amy's","deviceId":"d","appCrashCount":3,)"
                    R"("processedDateTime":"2026-05-04T08:00:00Z"}]})")}) {
    Imported(text, "");
    EXPECT_THAT(activities_.texts, ElementsAre("d device.started - -", "d device.app_crashed - -"));
    activities_.texts.clear();
  }
}

// Mutation: what a row does not say counts as good of a network, and as a fault of apps.
TEST_F(ReportsTest, JudgesNetworksAndApplications) {
  const TenantSummary summary = Imported(
      R"({"deviceId":"a","date":"2026-05-04","latencyMs":40,"jitterMs":31,"downloadMbps":50})"
      "\n"
      R"({"deviceId":"b","date":"2026-05-04","latencyMs":301,"packetLossPercent":0,"downloadMbps":50})"
      "\n"
      R"({"deviceId":"c","date":"2026-05-04","latencyMs":40,"jitterMs":1,"downloadMbps":1.5})"
      "\n"
      R"({"deviceId":"half","date":"2026-05-04","downloadMbps":1.5})"
      "\n"
      R"({"deviceId":"half","date":"2026-05-04","updateChannel":"Semi-Annual"})"
      "\n"
      R"({"deviceId":"d","date":"2026-05-04","updateChannel":"Monthly Enterprise Channel","isSupported":true})"
      "\n"
      R"({"deviceId":"e","date":"2026-05-04","updateChannel":"Semi-Annual","supportState":"Supported"})"
      "\n"
      R"({"deviceId":"f"})"
      "\n",
      "device-telemetry");
  EXPECT_THAT(activities_.texts,
              ElementsAre("a device.network_measured - - +poor_calls",
                          "b device.network_measured - - +poor_mail +poor_files +poor_calls",
                          "c device.network_measured - - +poor_files",
                          "d device.apps_reported - - +recommended_channel +supported_version",
                          "e device.apps_reported - - +supported_version"));
  EXPECT_THAT(summary.feeds, UnorderedElementsAre("apps_health", "network"));
  EXPECT_EQ(rejected_, 1);
}

// The same person and day, told by an audit log, a usage report and Google.
TEST_F(ReportsTest, GivesTheSameFactsWhateverTheSource) {
  const auto facts = [&] {
    std::vector<std::string> out;
    for (const std::string& text : activities_.texts)
      out.push_back(text.substr(0, text.find(' ', 20)));
    activities_.texts.clear();
    return out;
  };
  Imported(
      "User Principal Name,Last Activity Date,Private Chat Message Count\n"
      "Amy@acme.example,2026-05-04,1\n",
      "m365-usage-report");
  const std::vector<std::string> report = facts();
  Imported(GoogleActivity("chat", 3, kAmy, R"([{"name":"message_posted","parameters":[]}])") + "\n",
           "google-reports");
  EXPECT_EQ(facts(), report);
  ASSERT_THAT(report, ElementsAre("amy@acme.example chat.sent"));
}

TEST_F(ReportsTest, SaysInTheSummaryWhatItCanFeedAndWhoIsLicensed) {
  const TemporaryFile file("User Principal Name,Last Activity Date,Send Count\na@x.example,,0\n");
  ImportOptions options = OptionsFor({file.path()});
  const absl::StatusOr<ImportSummary> summary = RunImport(options, {});
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_THAT(SummaryText(*summary), HasSubstr("can feed: communication; it measures no other"));
  EXPECT_THAT(SummaryText(*summary), HasSubstr("licensed people (--headcount)"));
  EXPECT_THAT(SummaryJson(*summary), HasSubstr(R"("feeds":["communication"],"licensed":{"":1})"));
}

TEST_F(ReportsTest, RefusesReportsOfSeveralSorts) {
  const TemporaryFile report("User Principal Name,Last Activity Date\na@x.example,\n");
  const TemporaryFile log(RecordStart(1, kTenantA, "a@x.example", "Exchange", "Send") + "}\n");
  ImportOptions options = OptionsFor({report.path(), log.path()});
  EXPECT_EQ(RunImport(options, {}).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tutti
