// What PowerShell's ConvertTo-Json makes of records: it writes lists of texts as texts, and what is
// nested more deeply than its -Depth as a text of its own.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/sources/input/cut_text.h"
#include "common/sources/m365_audit/audit_reader.h"
#include "tests/unit/common/sources/input/string_source.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// What a record says of what may be cut, as text.
class Records : public RecordSink {
 public:
  absl::Status OnRecord(const AuditRecord& record) override {
    std::string text;
    for (const Attendee& one : record.attendees) {
      absl::StrAppend(&text, "attendee ", one.upn, one.kind.empty() ? "" : " ", one.kind, ";");
    }
    for (const absl::string_view one : record.recipients) absl::StrAppend(&text, "to ", one, ";");
    for (const auto& [name, field] :
         std::vector<std::pair<absl::string_view, Field>>{{"mail", Field::kMailMessage},
                                                          {"attached", Field::kAttachments},
                                                          {"access", Field::kMailAccess},
                                                          {"agent", Field::kDeviceAgent},
                                                          {"system", Field::kDeviceSystem},
                                                          {"client", Field::kClientAppName},
                                                          {"host", Field::kAppHost},
                                                          {"context", Field::kContextType}}) {
      if (!record[field].empty()) absl::StrAppend(&text, name, " ", record[field], ";");
    }
    if (record.video) absl::StrAppend(&text, "video;");
    if (record.screen_share) absl::StrAppend(&text, "screen;");
    if (record.has_messages) absl::StrAppend(&text, record.has_prompt ? "prompt;" : "no prompt;");
    texts.push_back(text);
    return absl::OkStatus();
  }
  absl::Status OnRejected(RejectionReason reason) override {
    texts.push_back(absl::StrCat("!", RejectionReasonName(reason)));
    return absl::OkStatus();
  }
  std::vector<std::string> texts;
};

std::vector<std::string> ReadInput(std::string text) {
  TextInput input(MakeStringSource(std::move(text)));
  RecordDecoder decoder;
  Records records;
  EXPECT_TRUE(ReadAuditLog(input, decoder, records).ok());
  return records.texts;
}

std::string Record(absl::string_view members) {
  return absl::StrCat(R"({"Id":"r","OrganizationId":"aaaaaaaa-0000-4000-8000-000000000001",)",
                      R"("CreationTime":"2026-05-04T09:00:00","Operation":"x",)", members, "}");
}

std::string InString(absl::string_view json) {
  return absl::StrCat("\"", absl::StrReplaceAll(json, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

// Mutations: one object of each text; a text in a list is one item; a member of what was cut is
// nothing; what was cut off is a message without a prompt.
TEST(PowerShell, IsReadWhereItCutObjectsOff) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("Attendees":"@{UPN=amy@x.example; RecipientType=User} @{UPN=ben@x.example}")",
       "attendee amy@x.example User;attendee ben@x.example;"},
      {R"("Attendees":["@{UPN=amy@x.example} @{UPN=ben@x.example}","@{UPN=cy@x.example}"])",
       "attendee amy@x.example;attendee ben@x.example;attendee cy@x.example;"},
      {R"("Attendees":"amy@x.example ben@x.example")",
       "attendee amy@x.example;attendee ben@x.example;"},
      {R"("Attendees":["Amy <amy@x.example>; ben@x.example","cy@x.example, dee@x.example"])",
       "attendee amy@x.example;attendee ben@x.example;attendee cy@x.example;attendee "
       "dee@x.example;"},
      {R"("Attendees":"System.Object[]")", ""},
      {R"("Attendees":[null,5,[]])", ""},
      {R"("ExtraProperties":"@{Key=OsName; Value=ios} @{Key=UserAgent; Value=Bot}")",
       "agent Bot;system ios;"},
      {R"("ExtraProperties":{"UserAgent":"Bot","OsName":"ios"})", "agent Bot;system ios;"},
      {R"("OperationProperties":"@{Name=IsThrottled; Value=No} @{Name=MailAccessType; Value=Sync}")",
       "access Sync;"},
      {R"("OperationProperties":{"MailAccessType":"Sync"})", "access Sync;"},
      {R"("OperationProperties":"@{MailAccessType=Sync; IsThrottled=No}")", "access Sync;"},
      {R"("ArtifactsShared":"@{ArtifactSharedName=videoTransmitted} @{ArtifactSharedName=screenShared}")",
       "video;screen;"},
      {R"("Item":"@{InternetMessageId=<m@x>; Attachments=a.pdf (5b); Recipients=System.Object[]}")",
       "mail <m@x>;attached a.pdf (5b);"},
      {R"("Item":{"InternetMessageId":"<m@x>","Recipients":"@{Address=a@x.example} @{Address=b@x.example}"})",
       "to a@x.example;to b@x.example;mail <m@x>;"},
      {R"("AppAccessContext":"@{ClientAppName=Teams; UniqueTokenId=}")", "client Teams;"},
      {R"("CopilotEventData":"@{AppHost=Word; Messages=System.Object[]; Contexts=System.Object[]}")",
       "host Word;"},
      {R"("CopilotEventData":{"AppHost":"Word","Messages":["@{Id=1; isPrompt=True}"]})",
       "host Word;prompt;"},
      {R"("CopilotEventData":{"AppHost":"Word","Messages":"@{Id=1; isPrompt=False} @{Id=2; isPrompt=True}"})",
       "host Word;prompt;"},
      {R"("CopilotEventData":{"AppHost":"Word","Messages":["@{Id=1; isPrompt=False}"]})",
       "host Word;no prompt;"},
      {R"("CopilotEventData":{"AppHost":"Word","Messages":"System.Object[]"})", "host Word;"},
      {R"("CopilotEventData":{"Contexts":"@{Id=1; Type=docx} @{Id=2; Type=xlsx}"})",
       "context docx;"},
  };
  for (const auto& [members, said] : cases) {
    EXPECT_THAT(ReadInput(Record(members)), ElementsAre(said)) << members;
  }
}

// Mutations: a text in a text is none; a list of one record is no record.
TEST(PowerShell, IsReadWhereItWroteRecordsAsTexts) {
  const std::string record = Record(R"("Attendees":["amy@x.example"])");
  const std::string text = InString(record);
  for (const std::string& shape :
       {text, absl::StrCat("[", text, "]"), absl::StrCat(R"({"AuditData":)", InString(text), "}"),
        absl::StrCat(R"({"AuditData":)", InString(absl::StrCat("[", record, "]")), "}"),
        absl::StrCat(R"({"value":)", text, R"(,"PSPath":"x","ReadCount":1})"),
        absl::StrCat("AuditData\n\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"\n"),
        absl::StrCat(R"({"results":[)", record, "]}"), absl::StrCat(R"({"data":[)", text, "]}"),
        absl::StrCat(R"({"d":{"results":[)", record, "]}}"),
        absl::StrCat(R"({"took":1,"hits":{"total":1,"hits":[{"_source":)", record, "}]}}")}) {
    EXPECT_THAT(ReadInput(shape), ElementsAre("attendee amy@x.example;")) << shape;
  }
  EXPECT_THAT(ReadInput(R"(["amy@x.example","7"])"),
              ElementsAre("!not a JSON object", "!not a JSON object"));
  // A page without a record is none.
  EXPECT_THAT(ReadInput(R"(["amy@x.example","[]"])"), ElementsAre("!not a JSON object"));
}

TEST(CutText, HasItsItemsAndTheirMembers) {
  EXPECT_THAT(ItemsOfCut("@{A=1; B=2} @{A=3}"), ElementsAre("@{A=1; B=2}", "@{A=3}"));
  EXPECT_THAT(ItemsOfCut("a b"), ElementsAre("a b"));
  EXPECT_THAT(ItemsOfCut("@{A=} @{"), ElementsAre("@{A=}", "@{"));
  EXPECT_EQ(PartOfCut("@{A=1; B=2; C=}", "B"), "2");
  EXPECT_THAT(PartOfCut("@{A=1; B=2; C=}", "C"), IsEmpty());
  EXPECT_THAT(PartOfCut("@{A=1; BB=2}", "B"), IsEmpty());
  EXPECT_THAT(PartOfCut("@{", "B"), IsEmpty());
}

}  // namespace
}  // namespace tutti
