// Pages of every source, in which one record is cut off behind each of its bytes: all others are
// read, and all are counted, the broken one as one.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/substitute.h"
#include "common/sources/registry.h"
#include "tests/support/told_rows.h"
#include "tests/unit/common/sources/input/string_source.h"

namespace tutti {
namespace {

// A record of a source, with $0 where the number of one stands, and what pages are around them.
struct Case {
  const char* source;
  const char* record;
  const char* head;
  const char* tail;
};

// Each begins in its own way, and has lists and objects inside that look like records a little.
const Case kCases[] = {
    {"m365-audit",
     R"({"CreationTime":"2026-05-04T09:00:00","Id":"r-$0","Operation":"Send","Workload":"Exchange",)"
     R"("OrganizationId":"aaaaaaaa-0000-4000-8000-000000000001","UserType":0,)"
     R"("UserId":"p$0@example.com","ClientInfoString":"Client=OWA;\"x\"; C:\\y",)"
     R"("Item":{"Id":"i","InternetMessageId":"<$0@m>","Attachments":"a (1b) "},)"
     R"("ExtendedProperties":[{"Name":"n","Value":"[{\"Name\":\"v\"}]"},{"Name":"m","Value":"w"}],)"
     R"("Actor":[{"ID":"p","Type":0},{"ID":"q","Type":5}],"Folders":[{"Id":"f",)"
     R"("FolderItems":[{"Id":"a","Size":1},{"CreationTime":"2026-05-04T09:00:00","Size":2}]}]})",
     "[", "]"},
    {"m365-audit",
     R"({"id":"r-$0","createdDateTime":"2026-05-04T09:00:00Z","auditLogRecordType":"exchangeItem",)"
     R"("operation":"Send","organizationId":"aaaaaaaa-0000-4000-8000-000000000001",)"
     R"("userType":"Regular","service":"Exchange","userPrincipalName":"p$0@example.com",)"
     R"("administrativeUnits":["","a"],"auditData":{"@odata.type":"#microsoft.graph.x",)"
     R"("CreationTime":"2026-05-04T09:00:00","Id":"r-$0","Operation":"Send","Workload":"Exchange",)"
     R"("Parameters":[{"Name":"n","Value":"v"},{"Name":"m","Value":["w",["x",1]]}],"UserType":0}})",
     R"({"@odata.context":"https://x/$metadata#y[{","@odata.count":3,"value":[)",
     R"(],"@odata.nextLink":"https://x/y?$skiptoken={z}"})"},
    {"m365-audit",
     R"({"event":{"original":"{\"Id\":\"r-$0\",\"List\":[{\"a\":1},{}]}"},)"
     R"("o365audit":{"CreationTime":"2026-05-04T09:00:00","Id":"r-$0","Operation":"Send",)"
     R"("Workload":"Exchange","OrganizationId":"aaaaaaaa-0000-4000-8000-000000000001",)"
     R"("UserType":0,"UserId":"p$0@example.com","Actor":[{"ID":"p"},{"ID":"q"}]}})",
     R"({"events":[)", "]}"},
    {"m365-audit",
     R"({"RecordType":"ExchangeItem","CreationDate":"2026-05-04T09:00:00Z",)"
     R"("UserIds":"p$0@example.com","Operations":"Send","AuditData":"{\"Id\":\"r-$0\",)"
     R"(\"OrganizationId\":\"aaaaaaaa-0000-4000-8000-000000000001\",)"
     R"(\"CreationTime\":\"2026-05-04T09:00:00\",\"Operation\":\"Send\",)"
     R"(\"Workload\":\"Exchange\",\"UserType\":0,\"UserId\":\"p$0@example.com\",)"
     R"(\"List\":[{\"a\":\"b\"},{\"c\":[1]}]}","ResultIndex":$0,"Identity":"r-$0",)"
     R"("Tags":["a","b"],"IsValid":true})",
     "[", "]"},
    {"m365-usage-report",
     R"({"reportRefreshDate":"2026-05-06","userPrincipalName":"p$0@example.com",)"
     R"("displayName":"P $0, \"x\"","isDeleted":false,"deletedDate":null,)"
     R"("lastActivityDate":"2026-05-04","sendCount":$0,"readCount":1.5e1,)"
     R"("assignedProducts":["MICROSOFT 365 E3","y"],"details":[{"reportPeriod":7,"x":[1,2]}],)"
     R"("reportPeriod":"7"})",
     R"({"@odata.context":"https://x/$metadata#y","value":[)", R"(],"@odata.nextLink":"z"})"},
    {"google-reports",
     R"({"kind":"admin#reports#activity","id":{"time":"2026-05-04T09:00:00Z",)"
     R"("uniqueQualifier":"$0","applicationName":"drive","customerId":"C1"},"etag":"\"x\"",)"
     R"("actor":{"callerType":"USER","email":"p$0@example.com","profileId":"$0"},)"
     R"("events":[{"type":"access","name":"edit","parameters":[{"name":"primary_event",)"
     R"("boolValue":true},{"name":"n","multiValue":["a","b"]},{"name":"m","messageValue":)"
     R"({"parameter":[{"name":"o","intValue":"1"},{"name":"p","value":"{[,]}"}]}}]},)"
     R"({"type":"access","name":"x"}],"resourceDetails":[{"id":"d","title":"t",)"
     R"("appliedLabels":[{"id":"l","fieldValues":[{"id":"v"},{"id":"w"}]}]},{"id":"e"}]})",
     R"({"kind":"admin#reports#activities","etag":"x","items":[)", R"(],"nextPageToken":"y"})"},
    {"google-reports",
     R"({"id":{"time":"2026-05-04T09:00:00Z","uniqueQualifier":"$0","applicationName":"chat"},)"
     R"("actor":{"email":"p$0@example.com"},"events":[{"type":"user_action",)"
     R"("name":"message_posted","parameters":[{"name":"room_id","value":"r"},{"name":"id"}]}],)"
     R"("resourceDetails":[{"id":"d","title":"t"},{"id":"e","title":"u"}]})",
     R"({"items":[)", "]}"},
    {"device-telemetry",
     R"({"id":"i-$0","deviceName":"d-$0","startupPerformanceScore":40.5,"tags":["a","b"],)"
     R"("lastReportedDateTime":"2026-05-04T09:00:00Z","models":[{"id":"m","v":{"x":[1]}}],)"
     R"("appReliabilityScore":null})",
     R"({"@odata.context":"x","value":[)", "]}"},
    {"device-telemetry",
     R"({"deviceId":"d-$0","date":"2026-05-04","latencyMs":20,"packetLossPercent":0.1,)"
     R"("downloadMbps":90,"links":[{"name":"x"},{"name":"y"}],"jitterMs":1})",
     "[", "]"},
    {"activities",
     R"({"subject":"p$0","type":"mail.sent","occurredAt":"2026-05-04T09:00:00Z",)"
     R"("app":"outlook","traits":["mention","x"],"platform":"web"})",
     R"({"activities":[)", "]}"},
    {"activities",
     R"({"subject":"p$0","traits":["mention"],"type":"mail.sent",)"
     R"("occurredAt":"2026-05-04T09:00:00Z"})",
     "[", "]"},
};

struct Told {
  std::vector<std::string> lines;
  size_t pieces = 0;

  bool Names(size_t number) const {
    return std::any_of(lines.begin(), lines.end(), [number](const std::string& line) {
      return absl::StrContains(line, absl::StrCat(number));
    });
  }
};

Told Read(const Source& source, const std::string& text) {
  const ReadingOptions options;
  const auto reader = source.MakeReader(options);
  TextInput input(MakeStringSource(text));
  ToldRows told([](bool holds, const char* what) { EXPECT_TRUE(holds) << what; });
  EXPECT_TRUE(reader->Read(input, told).ok());
  told.Finish();
  return {told.lines(), told.pieces()};
}

// What stands before each record of a page: the page is a line, has one in each line, or is
// indented.
constexpr const char* kBetween[] = {"", "\n", "\n    "};

// One member to a line.
std::string Indented(const std::string& json) {
  std::string out;
  std::string line = "\n      ";
  bool quoted = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"' && (i == 0 || json[i - 1] != '\\')) quoted = !quoted;
    if (!quoted && (c == '}' || c == ']')) {
      line.resize(line.size() - 2);
      out += line;
    }
    out += c;
    if (quoted) continue;
    if (c == '{' || c == '[') line += "  ";
    if (c == '{' || c == '[' || c == ',') out += line;
    if (c == ':') out += ' ';
  }
  return out;
}

constexpr size_t kRecords = 3;  // of a page
constexpr size_t kFirst = 1000;

std::vector<std::string> RecordsOf(const Case& one, const std::string& between) {
  std::vector<std::string> records;
  for (size_t i = 0; i < 2 * kRecords; ++i) {
    records.push_back(absl::Substitute(one.record, kFirst + i));
    if (between.size() > 1) records.back() = Indented(records.back());
  }
  return records;
}

// Two pages, one after the other. A record is told from the next by a comma; the one that is cut
// off may have lost that, too.
std::string FileOf(const Case& one, const std::string& between,
                   const std::vector<std::string>& records, size_t without_comma) {
  std::string file;
  for (size_t i = 0; i < records.size(); ++i) {
    const bool begins = i % kRecords == 0;
    const bool ends = (i + 1) % kRecords == 0;
    absl::StrAppend(&file, begins ? one.head : "", between, records[i]);
    absl::StrAppend(&file, ends || i == without_comma ? "" : ",", ends ? one.tail : "");
    if (ends) absl::StrAppend(&file, between.substr(0, 1));
  }
  return file;
}

// Says what is wrong, in the first of the files where something is.
std::string CutEverywhere(const Case& one, const std::string& between) {
  const Source& source = *ShippedSources().Find(one.source);
  const std::vector<std::string> whole = RecordsOf(one, between);
  if (Read(source, FileOf(one, between, whole, whole.size())).pieces != whole.size()) {
    return "what is whole is not read";
  }
  for (const size_t victim : {size_t{0}, size_t{1}, kRecords - 1}) {
    std::vector<std::string> records = whole;
    for (size_t size = whole[victim].size() - 1; size > 0; --size) {
      records[victim].resize(size);
      if (absl::EndsWith(records[victim], "  ")) continue;
      for (const size_t without_comma : {victim, whole.size()}) {
        if (victim == kRecords - 1 && without_comma == victim) continue;
        const std::string file = FileOf(one, between, records, without_comma);
        const Told told = Read(source, file);
        bool good = told.pieces == whole.size();
        for (size_t i = 0; i < whole.size(); ++i) {
          good = good && (i == victim || told.Names(kFirst + i));
        }
        if (!good) return absl::StrCat(file, "\n", absl::StrJoin(told.lines, "\n"));
      }
    }
  }
  return "";
}

// Mutations: what follows a record that is cut off in a list is more of that list; what was broken
// is looked for without the names that records begin with, or with them alone; the value of a
// member is never the next record.
TEST(CutPages, LoseNoOtherRecordAndCountEach) {
  for (const Case& one : kCases) {
    for (const char* between : kBetween) EXPECT_EQ(CutEverywhere(one, between), "");
  }
}

}  // namespace
}  // namespace tutti
