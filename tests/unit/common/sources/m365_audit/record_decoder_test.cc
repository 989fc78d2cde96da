#include "common/sources/m365_audit/record_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/sources/m365_audit/audit_reader.h"
#include "tests/unit/common/sources/input/string_source.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;

// A made-up mail, as the Management API gives it.
constexpr absl::string_view kMail =
    R"({"Id":"r-1","OrganizationId":"aaaaaaaa-0000-4000-8000-000000000001",)"
    R"("CreationTime":"2026-05-04T09:00:00","Operation":"Send","Workload":"Exchange",)"
    R"("RecordType":2,"UserType":0,"UserId":"amy@example.com",)"
    R"("Item":{"InternetMessageId":"<m1>","Attachments":"a.pdf"}})";

constexpr absl::string_view kRead = "r-1 Send Exchange amy@example.com 0 2026-05-04T09:00:00 <m1>";

class Records : public RecordSink {
 public:
  absl::Status OnRecord(const AuditRecord& record) override {
    texts.push_back(absl::StrCat(record[Field::kId], " ", record[Field::kOperation], " ",
                                 record[Field::kWorkload], " ", record[Field::kUser], " ",
                                 record.user_type, " ", record[Field::kCreated], " ",
                                 record[Field::kMailMessage]));
    recipients.clear();
    for (absl::string_view address : record.recipients) recipients.emplace_back(address);
    access = std::string(record[Field::kMailAccess]);
    return absl::OkStatus();
  }
  absl::Status OnRejected(RejectionReason reason) override {
    texts.push_back(absl::StrCat("!", RejectionReasonName(reason)));
    return absl::OkStatus();
  }
  std::vector<std::string> texts;
  std::vector<std::string> recipients;  // of the last record
  std::string access;
};

Records ReadInput(std::string text) {
  TextInput input(MakeStringSource(std::move(text)));
  RecordDecoder decoder;
  Records records;
  EXPECT_TRUE(ReadAuditLog(input, decoder, records).ok());
  return records;
}

std::string InString(absl::string_view json) {
  return absl::StrCat("\"", absl::StrReplaceAll(json, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

std::string InCsv(absl::string_view json) {
  return absl::StrCat("\"", absl::StrReplaceAll(json, {{"\"", "\"\""}}), "\"");
}

TEST(ReadAuditLog, ReadsTheSameRecordFromEveryShape) {
  const std::string mail(kMail);
  const std::string shapes[] = {
      mail,
      mail + "\n\n",
      absl::StrCat("[", mail, "]"),
      absl::StrCat("\xef\xbb\xbf[\r\n  ", absl::StrReplaceAll(mail, {{",", ",\r\n    "}}), "\r\n]"),
      absl::StrCat(R"({"events":[)", mail, "]}"),
      absl::StrCat("{\n  \"events\": [\n {\"o365audit\":", mail,
                   ",\"event\":{\"original\":\"{\"}}\n]}"),
      absl::StrCat("{\"events\":[{\"event\":{\"original\":", InString(mail), "}}]}"),
      absl::StrCat(R"({"RecordType":"ExchangeItem","CreationDate":"/Date(1728344797000)/",)",
                   R"("UserIds":"x","Operations":"y","AuditData":)", mail, "}"),
      absl::StrCat("[{\"CreationDate\":\"x\",\"AuditData\":", InString(mail), "}]"),
      absl::StrCat(R"({"@odata.context":"c","value":[{"id":"g","createdDateTime":"t",)",
                   R"("operation":"o","userPrincipalName":"p","auditData":)", mail, "}]}"),
      absl::StrCat("AuditData\n", InCsv(mail), "\n"),
      absl::StrCat("#TYPE Deserialized\r\n\"Identity\",\"RecordType\",\"AUDITDATA\"\r\n",
                   "\"r-1\",\"ExchangeItem\",", InCsv(mail), "\r\n"),
      absl::StrCat("RecordId,CreationDate,RecordType,Operation,UserId,AuditData\n",
                   "r-1,5/4/2026,2,Send,amy,", InCsv(mail), "\n"),
  };
  for (const std::string& shape : shapes) {
    EXPECT_THAT(ReadInput(shape).texts, ElementsAre(std::string(kRead))) << shape;
  }
}

// Mutations: one wrapper alone; what is around a record taken for it where it says nothing.
TEST(ReadAuditLog, ReadsWhatOtherProductsPutAroundARecord) {
  const std::string mail(kMail);
  const std::string shapes[] = {
      // Splunk's exports and what is sent to it.
      absl::StrCat(R"({"preview":false,"result":{"_raw":)", InString(mail), R"(,"host":"h"}})"),
      absl::StrCat(R"({"time":1777885200,"sourcetype":"o365","event":)", mail, "}"),
      // Elastic's documents.
      absl::StrCat(R"({"_index":"x","_source":{"event":{"original":)", InString(mail), "}}}"),
      absl::StrCat(R"({"_source":{"o365":{"audit":)", mail, R"(},"event":{"kind":"event"}}})"),
  };
  for (const std::string& shape : shapes) {
    EXPECT_THAT(ReadInput(shape).texts, ElementsAre(kRead)) << shape;
  }
  EXPECT_THAT(ReadInput(R"({"event":{"kind":"event"},"result":"success"})").texts,
              ElementsAre("!no record id"));
}

TEST(ReadAuditLog, ReadsSentinelsColumnNamesAndListsInStrings) {
  const Records records = ReadInput(
      R"({"TenantId":"w","OfficeId":"r-1","OrganizationId":"aaaaaaaa-0000-4000-8000-000000000001",)"
      R"("TimeGenerated":"2026-05-04T09:00:00Z","Operation":"MailItemsAccessed","RecordType":"50",)"
      R"("UserType":"Regular","OfficeWorkload":"Exchange","UserId_":"amy@example.com",)"
      R"("OperationProperties":"[{\"Name\":\"MailAccessType\",\"Value\":\"Bind\"}]"})");
  EXPECT_THAT(
      records.texts,
      ElementsAre("r-1 MailItemsAccessed Exchange amy@example.com 0 2026-05-04T09:00:00Z "));
  EXPECT_EQ(records.access, "Bind");
}

TEST(ReadAuditLog, TakesFromTheEnvelopeWhatTheRecordLacks) {
  EXPECT_THAT(
      ReadInput(R"([{"id":"g-1","createdDateTime":"2026-05-04T09:00:00Z","operation":"Send",)"
                R"("organizationId":"aaaaaaaa-0000-4000-8000-000000000001","service":"Exchange",)"
                R"("userType":"regular","userPrincipalName":"amy@example.com",)"
                R"("auditData":{"Item":{"InternetMessageId":"<m1>"}}}])")
          .texts,
      ElementsAre("g-1 Send Exchange amy@example.com 0 2026-05-04T09:00:00Z <m1>"));
}

// Mutation: of a list of records, none is read or one.
TEST(ReadAuditLog, ReadsEachOfSeveralRecordsInAnEnvelope) {
  const std::string one = R"({"Id":"r-1","Operation":"Send"})";
  const std::string other = R"({"Id":"r-2","Operation":"Bind"})";
  for (const std::string& data :
       {absl::StrCat("[", one, ",", other, "]"),
        absl::StrCat("[", one, R"(,"{\"Id\":\"r-2\",)", R"(\"Operation\":\"Bind\"}"])")}) {
    EXPECT_THAT(
        ReadInput(absl::StrCat(R"({"OrganizationId":"aaaaaaaa-0000-4000-8000-000000000001",)",
                               R"("Workload":"Exchange","UserId":"amy@example.com","UserType":0,)",
                               R"("CreationTime":"2026-05-04T09:00:00","AuditData":)", data, "}"))
            .texts,
        ElementsAre("r-1 Send Exchange amy@example.com 0 2026-05-04T09:00:00 ",
                    "r-2 Bind Exchange amy@example.com 0 2026-05-04T09:00:00 "))
        << data;
  }
}

TEST(ReadAuditLog, AcceptsAllSpellingsOfRecipients) {
  const std::string start = R"({"Id":"r","OrganizationId":"aaaaaaaa-0000-4000-8000-000000000001",)";
  for (const char* rest : {R"("Item":{"Recipients":[{"Address":"a@x.com","Name":"n"}]}})",
                           R"("Item":{"recipientList":["a@x.com"]}})",
                           R"("recipientList":["a@x.com"],"recipientCount":1})",
                           R"("Recipients":[{"Address":"a@x.com"}]})"}) {
    EXPECT_THAT(ReadInput(start + rest).recipients, ElementsAre("a@x.com")) << rest;
  }
}

TEST(ReadAuditLog, RejectsBadRecordsOneByOne) {
  const std::string mail(kMail);
  EXPECT_THAT(ReadInput(absl::StrCat("Identity,AuditData\n1,\n2,", InCsv(mail.substr(0, 90)),
                                     "\n3,", InCsv(mail), "\n4,\"  \"\n5,7\n"))
                  .texts,
              ElementsAre("!empty AuditData", "!malformed or truncated JSON", std::string(kRead),
                          "!empty AuditData", "!not a JSON object"));
  EXPECT_THAT(ReadInput(absl::StrCat(mail.substr(0, 50), "\n", mail, "\n{}\n", R"({"Id":"x"})",
                                     "\n", R"({"Id":"x","OrganizationId":"not a guid"})", "\n",
                                     R"({"AuditData":"","UserIds":"u"})", "\n",
                                     R"({"AuditData":null})", "\n", R"({"AuditData":"{\"Id\":"})"))
                  .texts,
              ElementsAre("!malformed or truncated JSON", std::string(kRead), "!no record id",
                          "!no OrganizationId", "!no OrganizationId", "!empty AuditData",
                          "!empty AuditData", "!malformed or truncated JSON"));
}

// Mutations: what is around a record without data is lost; half of it is a record.
TEST(ReadAuditLog, TakesTheEnvelopeWhereItsDataIsNull) {
  const std::string envelope =
      R"({"id":"g-1","createdDateTime":"2026-05-04T09:00:00Z","operation":"Send",)"
      R"("organizationId":"aaaaaaaa-0000-4000-8000-000000000001","service":"Exchange",)"
      R"("userType":"regular","userPrincipalName":"amy@example.com","auditData":)";
  const std::string read = "g-1 Send Exchange amy@example.com 0 2026-05-04T09:00:00Z ";
  EXPECT_THAT(ReadInput(absl::StrCat(envelope, "null}\n", envelope, "\"\"}\n",
                                     R"({"operation":"Send","auditData":null})"))
                  .texts,
              ElementsAre(read, read, "!empty AuditData"));
}

// Graph's page of auditLogRecord: auditData is the record itself, the rest is what Graph says of
// it. Mutation: what stands around a record wins.
TEST(ReadAuditLog, BelievesTheRecordBeforeItsEnvelope) {
  const auto both = [](const char* outer, const char* inner) {
    return absl::StrCat(R"({"userType":")", outer, R"(","auditData":{"Id":"r-1","UserType":)",
                        inner, R"(,"OrganizationId":"aaaaaaaa-0000-4000-8000-000000000001"}})");
  };
  EXPECT_THAT(ReadInput(both("regular", "10")).texts, ElementsAre("r-1    10  "));
  EXPECT_THAT(ReadInput(both("guest", "0")).texts, ElementsAre("r-1    0  "));
  EXPECT_THAT(ReadInput(both("guest", "null")).texts, ElementsAre("r-1    10  "));
  // A type that nobody knows is not the envelope's.
  EXPECT_THAT(ReadInput(both("regular", "77")).texts, ElementsAre("r-1    -1  "));
  EXPECT_THAT(ReadInput(both("regular", "\"Robot\"")).texts, ElementsAre("r-1    -1  "));
}

// Mutation: a cell that Excel cut is told from no other broken one.
TEST(ReadAuditLog, SaysWhatAWorkbookCutOff) {
  std::string record(kMail.substr(0, kMail.size() - 1));
  record += ",\"x\":\"\xc3\xbc\xf0\x9f\x98\x80";
  const auto characters = record.size() - 3;  // in UTF-16
  record.append(32767 - characters, 'x');
  const std::string cut =
      "!AuditData cut off at 32,767 characters, which is all that a cell of "
      "Excel holds: import the export as it was downloaded";
  EXPECT_THAT(
      ReadInput(absl::StrCat("Id,AuditData\n1,", InCsv(record), "\n2,", InCsv(record + "x"), "\n"))
          .texts,
      ElementsAre(cut, "!malformed or truncated JSON"));
  EXPECT_THAT(ReadInput(absl::StrCat(R"({"AuditData":)", InString(record), "}")).texts,
              ElementsAre(cut));
}

TEST(ReadAuditLog, UsesTheIdentityColumnWhereTheRecordHasNoId) {
  EXPECT_THAT(
      ReadInput(absl::StrCat("Identity,AuditData\nr-9,",
                             InCsv(R"({"OrganizationId":"aaaaaaaa-0000-4000-8000-000000000001"})"),
                             "\n"))
          .texts,
      ElementsAre("r-9    -1  "));
}

TEST(RecordDecoder, UnderstandsEveryUserType) {
  const std::pair<const char*, int> types[] = {
      {"0", 0},         {"2", 2},          {"10", 10},  {"\"4\"", 4},      {"\"Regular\"", 0},
      {"\"admin\"", 2}, {"\"Guest\"", 10}, {"11", -1},  {"\"Other\"", -1}, {"null", -1},
      {"0.0", 0},       {"\"2.0\"", 2},    {"4.5", -1}, {"1e99", -1},      {"[]", -1}};
  for (const auto& [text, type] : types) {
    const Records records = ReadInput(
        absl::StrCat(R"({"Id":"r","OrganizationId":"aaaaaaaa-0000-4000-8000-000000000001",)",
                     "\"UserType\":", text, "}"));
    EXPECT_THAT(records.texts, ElementsAre(absl::StrCat("r    ", type, "  "))) << text;
  }
}

// Mutations: null is a broken record, or no row at all.
TEST(ReadAuditLog, RejectsAuditDataInWhichNothingIs) {
  constexpr char kEmpty[] = "!empty AuditData";
  EXPECT_THAT(
      ReadInput("Identity,AuditData\n1,null\n2,\n3,\"\"\n4,\" \"\n5,NULL\n6,\"\"\"null\"\"\"\n7\n")
          .texts,
      ElementsAre(kEmpty, kEmpty, kEmpty, kEmpty, kEmpty, kEmpty, kEmpty));
  for (const char* nothing : {"null", "\"\"", "\" \"", "\"null\""}) {
    EXPECT_THAT(ReadInput(absl::StrCat(R"({"Identity":"1","AuditData":)", nothing, "}\n")).texts,
                ElementsAre(kEmpty))
        << nothing;
  }
}

}  // namespace
}  // namespace tutti
