// What the same records come to, however they are wrapped, appended and mixed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/substitute.h"
#include "tests/unit/common/upload/report_fixture.h"

namespace tutti {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

using Shapes = ReportImport;

// A text of JSON that holds this.
std::string TextOf(const std::string& json) {
  return absl::StrCat("\"", absl::StrReplaceAll(json, {{"\\", R"(\\)"}, {"\"", R"(\")"}}), "\"");
}

std::string Listed(const std::string& list, int count) {
  return absl::StrCat(R"({"value":)", list, R"(,"Count":)", count, "}");
}

std::string UsageRow(const std::string& name) {
  return absl::Substitute(
      R"({"reportRefreshDate":"2026-06-20","userPrincipalName":"$0@example.com",)"
      R"("lastActivityDate":"2026-06-18","sendCount":2,"assignedProducts":["OFFICE"],)"
      R"("reportPeriod":"1"})",
      name);
}

std::string Mail(int unique, const std::string& parameters, const std::string& events) {
  return Google("gmail", unique, GoogleUser(absl::StrCat("p", unique, "@example.com")),
                absl::Substitute(events, parameters));
}

// Of every source two records.
std::vector<std::string> TwoOfEach() {
  const std::string kind = R"({"name":"event_info","messageValue":{"parameter":)"
                           R"({"name":"mail_event_type","intValue":"1"}}})";
  const std::string events = R"([{"name":"delivery","parameters":[$0]}])";
  const auto telemetry = [](const char* device) {
    return absl::Substitute(
        R"({"deviceId":"$0","startTime":"2026-06-18T08:00:00Z","coreBootTimeInMs":3000})", device);
  };
  const auto activity = [](const char* who) {
    return absl::Substitute(
        R"({"subject":"$0@example.com","type":"mail.sent","occurredAt":"2026-06-18T08:00:00Z"})",
        who);
  };
  const auto audit = [](int number) {
    return RecordStart(number, kTenantA, absl::StrCat("p", number, "@example.com"), "Yammer",
                       "MessageCreation") +
           "}";
  };
  return {
      UsageRow("amy") + "," + UsageRow("ben"),
      Mail(1, kind, events) + "," + Mail(2, kind, events),
      telemetry("d1") + "," + telemetry("d2"),
      activity("amy") + "," + activity("ben"),
      audit(1) + "," + audit(2),
  };
}

// Mutations: what holds a page is one record; a list in a text is a table.
TEST_F(Shapes, ReadPagesInObjectsAndTextsOfEverySource) {
  for (const std::string& two : TwoOfEach()) {
    const std::string list = absl::StrReplaceAll(absl::StrCat("[", two, "]"), {{"\n", ""}});
    for (const std::string& page :
         {list, Listed(list, 2), Listed(Listed(list, 2), 1), TextOf(list), TextOf(Listed(list, 2)),
          TextOf(Listed(list, 2)) + "\n", Listed(TextOf(list), 2)}) {
      SCOPED_TRACE(page);
      Imported(page);
      EXPECT_EQ(rows_, 2);
      EXPECT_EQ(rejected_, 0);
      EXPECT_EQ(activities_.texts.size(), 2);
    }
  }
}

// Mutation: the first list inside is the record's.
TEST_F(Shapes, ReadAuditRecordsBehindTwoNames) {
  const std::string record =
      RecordStart(1, kTenantA, "amy@example.com", "Yammer", "MessageCreation") + "}";
  for (const char* page : {R"({"took":1,"hits":{"total":{"value":1},"hits":[{"_source":$0}]}})",
                           R"({"d":{"results":[$0]}})", R"({"d":{"results":[$0],"__next":"x"}})"}) {
    Imported(absl::Substitute(page, record));
    EXPECT_EQ(rows_, 1);
    EXPECT_THAT(activities_.texts, ElementsAre(HasSubstr("amy@example.com community.posted")));
  }
}

// Mutation: events and parameters are one when they are no array.
TEST_F(Shapes, ReadListsOfGoogleHoweverTheyAreWritten) {
  const std::string type = R"({"name":"mail_event_type","intValue":"1"})";
  const std::string info = R"({"name":"event_info","messageValue":{"parameter":$0}})";
  const std::string event = R"({"name":"delivery","parameters":$0})";
  const auto lists = [](const std::string& one) {
    const std::string list = absl::StrCat("[", one, "]");
    return std::vector<std::string>{one,          list,       Listed(list, 1), Listed(one, 1),
                                    TextOf(list), TextOf(one)};
  };
  for (const std::string& inner : lists(type)) {
    for (const std::string& parameters : lists(absl::Substitute(info, inner))) {
      for (const std::string& events : lists(absl::Substitute(event, parameters))) {
        Imported(Google("gmail", 1, GoogleUser("amy@example.com"), events));
        EXPECT_THAT(activities_.texts, ElementsAre("amy@example.com mail.sent other -")) << events;
      }
    }
  }
  const TenantSummary none =
      Imported(Google("gmail", 1, GoogleUser("amy@example.com"), "null") +
               Google("gmail", 2, GoogleUser("amy@example.com"), "[]") +
               Google("gmail", 3, GoogleUser("amy@example.com"), R"(["x"])"));
  EXPECT_EQ(none.Excluded(Exclusion::kOtherEvent), 3);
}

// Mutation: a page's members alone make a page, also in a list of records.
TEST_F(Shapes, RejectWhatSaysNothingAmongRecords) {
  for (const std::string& two : TwoOfEach()) {
    const std::string list =
        absl::StrCat("[", two, R"(,{"value":null},{"kind":"k","etag":"e"},{"@odata.type":"x"}])");
    Imported(list);
    EXPECT_EQ(rows_, 5) << list;
    EXPECT_EQ(rejected_, 3) << list;
  }
}

constexpr char kCopilotHeader[] =
    "Report Refresh Date,User Principal Name,Last Activity Date,Word Copilot Last Activity Date,"
    "Report Period\n";
constexpr char kCopilotRow[] = "2026-06-20,cleo@example.com,2026-06-17,2026-06-17,7\n";
constexpr char kDrivesHeader[] =
    "Report Refresh Date,Site URL,Owner Display Name,Is Deleted,Last Activity Date,File Count,"
    "Active File Count,Owner Principal Name,Report Period\n";
constexpr char kDrivesRow[] = "2026-06-20,https://x/1,D,False,2026-06-18,9,3,dan@example.com,1\n";

// Mutation: the first header decides for all.
TEST_F(Shapes, TellWhichUsageReportAnewAtEachHeader) {
  const std::string mail = kMailHeader + MailRow("amy@example.com", "2026-06-18");
  const std::string copilot = absl::StrCat(kCopilotHeader, kCopilotRow);
  const std::string drives = absl::StrCat(kDrivesHeader, kDrivesRow);
  for (const std::string& both : {mail + copilot, copilot + mail}) {
    TenantSummary told = Imported(both);
    EXPECT_THAT(activities_.texts,
                UnorderedElementsAre("amy@example.com mail.sent outlook -",
                                     "amy@example.com mail.read outlook -",
                                     HasSubstr("cleo@example.com assistant.used word -")));
    EXPECT_EQ(told.licensed[""], 1);
    EXPECT_EQ(told.licensed["assistant"], 1);
    EXPECT_EQ(told.listing, Listing::kEverybody);
  }
  for (const std::string& both : {mail + drives, drives + mail}) {
    TenantSummary told = Imported(both);
    EXPECT_EQ(rejected_, 0);
    EXPECT_EQ(activities_.texts.size(), 2);
    EXPECT_EQ(told.licensed[""], 2);
    EXPECT_EQ(told.listing, Listing::kPart);
  }
}

// Mutation: the columns are those of the first header.
TEST_F(Shapes, ReadAnAssistantsColumnThatALaterHeaderAdds) {
  Imported(absl::StrCat(kCopilotHeader, kCopilotRow,
                        "Report Refresh Date,User Principal Name,Loom Copilot Last Activity Date,"
                        "Last Activity Date,Word Copilot Last Activity Date\n",
                        "2026-06-20,dan@example.com,2026-06-15,2026-06-16,2026-06-16\n"));
  EXPECT_THAT(activities_.texts, ElementsAre(HasSubstr("cleo@example.com assistant.used word"),
                                             HasSubstr("dan@example.com assistant.used word"),
                                             "dan@example.com assistant.used other -"));
}

// Mutations: the kind is that of the first object; what people and products are called counts.
TEST_F(Shapes, TellWhichUsageReportByTheMembersOfEachObject) {
  const std::string copilot =
      R"({"reportRefreshDate":"2026-06-20","userPrincipalName":"cleo@example.com",)"
      R"("lastActivityDate":"2026-06-17","wordCopilotLastActivityDate":"2026-06-17"})";
  const std::string idle =
      R"({"reportRefreshDate":"2026-06-20","userPrincipalName":"dan@example.com"})";
  for (const std::string& all :
       {UsageRow("amy") + copilot + idle, copilot + idle + UsageRow("amy")}) {
    TenantSummary told = Imported(all);
    EXPECT_THAT(activities_.texts,
                UnorderedElementsAre("amy@example.com mail.sent outlook -",
                                     HasSubstr("cleo@example.com assistant.used word -")));
    EXPECT_EQ(told.licensed[""], 1);
    EXPECT_EQ(told.licensed["assistant"], 2);
  }
  TenantSummary told =
      Imported(R"([{"userPrincipalName":"amy@example.com","reportRefreshDate":"2026-06-20",)"
               R"("displayName":"Send Count","assignedProducts":["OFFICE","COPILOT"],)"
               R"("lastActivityDate":"2026-06-18","viewedOrEditedFileCount":2}])");
  EXPECT_THAT(activities_.texts, ElementsAre(HasSubstr("amy@example.com file.read")));
  EXPECT_EQ(told.licensed[""], 1);
  EXPECT_EQ(told.listing, Listing::kPart);
}

// Mutation: all of the rows in an object are one.
TEST_F(Shapes, RejectAnObjectOfSeveralPeople) {
  Imported(absl::StrCat(R"({"reportRefreshDate":"2026-06-20","rows":[)", UsageRow("amy"), ",",
                        UsageRow("ben"), "]}"));
  EXPECT_EQ(rows_, 1);
  EXPECT_EQ(rejected_, 1);
  EXPECT_THAT(activities_.texts, IsEmpty());
}

// Mutation: what holds nothing is an audit log.
TEST_F(Shapes, LetWhatHoldsNothingBeOfAnySource) {
  for (const std::string& two : TwoOfEach()) {
    for (const char* nothing : {"[]", R"({"value":[]})", R"({"items":[]})", " \n",
                                R"({"@odata.context":"x","value":null})", "[[],[]]"}) {
      const absl::StatusOr<ImportSummary> summary =
          Run({nothing, absl::StrCat("[", two, "]"), nothing});
      ASSERT_TRUE(summary.ok()) << summary.status() << nothing;
      EXPECT_EQ(summary->rows, 2);
      EXPECT_EQ(activities_.texts.size(), 2);
      EXPECT_THAT(summary->warnings, IsEmpty());
    }
  }
  const auto google = Run({R"({"kind":"admin#reports#activities","items":[]})"});
  ASSERT_TRUE(google.ok());
  EXPECT_EQ(google->source->name(), "google-reports");
}

// Mutation: a person's column makes a usage report.
TEST_F(Shapes, AreNotToldByWhatOthersHaveToo) {
  const std::string quoted = absl::StrReplaceAll(
      RecordStart(1, kTenantA, "amy@example.com", "Yammer", "MessageCreation") + "}",
      {{"\"", "\"\""}});
  Imported(absl::StrCat("Id,AuditData,UserPrincipalName\n1,\"", quoted, "\",amy@example.com\n"));
  EXPECT_EQ(activities_.texts.size(), 1);
  Imported(
      "userPrincipalName,deviceId,startTime,coreBootTimeInMs\n"
      "amy@example.com,d1,2026-06-18T08:00:00Z,3000\n");
  EXPECT_THAT(activities_.texts, ElementsAre(HasSubstr("device.started")));
  for (const char* inside :
       {R"(,"Item":{"Subject":"Report refresh date"})", R"(,"Query":{"filterStartDateTime":"x"})",
        R"(,"Subject":"filterStartDateTime","Name":"reportRefreshDate")",
        R"(,"Path":"\"uniqueQualifier\":1,\"applicationName\":2")"}) {
    Imported(absl::StrCat(RecordStart(1, kTenantA, "amy@example.com", "Yammer", "MessageCreation"),
                          inside, "}\n"));
    EXPECT_EQ(activities_.texts.size(), 1) << inside;
  }
}

}  // namespace
}  // namespace tutti
