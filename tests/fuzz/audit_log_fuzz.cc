// Audit logs in every shape: how the bytes come in pieces changes nothing, a broken line
// costs that line alone, every row is counted once and leaves a trace, and a record's members come
// out as they went in.

#include <fuzzer/FuzzedDataProvider.h>
#include <simdjson.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/sources/input/byte_source.h"
#include "common/sources/input/csv_reader.h"
#include "common/sources/m365_audit/audit_mapper.h"
#include "common/sources/m365_audit/audit_reader.h"
#include "common/sources/m365_audit/tenant_facts.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/told_rows.h"

namespace tutti {
namespace {

constexpr char kGood[] =
    R"({"Id":"good","OrganizationId":"aaaaaaaa-0000-4000-8000-000000000001",)"
    R"("CreationTime":"2026-05-04T09:00:00","Operation":"Send","Workload":"Exchange",)"
    R"("UserType":0,"UserId":"amy@example.com"})";

// What was read, as text.
class Records final : public RecordSink {
 public:
  Records() = default;
  Records(const Records&) = delete;
  Records& operator=(const Records&) = delete;

  absl::Status OnRecord(const AuditRecord& record) override {
    ++count_;
    facts_.Observe(record);
    Require(mapper_.Map(record, 1'777'885'200, told_).ok(), "a record can be mapped");
    good_ = good_ || (record[Field::kId] == "good" && record[Field::kUser] == "amy@example.com");
    for (const absl::string_view text : record.text) absl::StrAppend(&all_, text.size(), ":", text);
    absl::StrAppend(&all_, record.user_type, " ", record.recipients.size(), " ",
                    record.attendees.size(), record.video, record.has_prompt, "\n");
    last_.clear();
    for (const absl::string_view text : record.text) last_.emplace_back(text);
    return absl::OkStatus();
  }
  absl::Status OnRejected(RejectionReason reason) override {
    ++count_;
    absl::StrAppend(&all_, "rejected ", static_cast<int>(reason), "\n");
    return absl::OkStatus();
  }

  // The input has ended.
  void Finish() { told_.Finish(); }

  bool good() const { return good_; }
  // Records and rejections.
  size_t count() const { return count_; }
  const std::string& all() const { return all_; }
  const std::vector<std::string>& last() const { return last_; }

 private:
  const ReadingOptions options_ = {};
  TenantFacts facts_{options_.accepted_domains};
  AuditMapper mapper_{options_, facts_};
  ToldRows told_{Require};
  bool good_ = false;
  size_t count_ = 0;
  std::string all_;
  std::vector<std::string> last_;
};

std::unique_ptr<Records> Read(absl::string_view bytes, size_t piece) {
  TextInput input(std::make_unique<MemorySource>(bytes, piece));
  RecordDecoder decoder;
  auto records = std::make_unique<Records>();
  const bool json = IsJson(*input.Peek());
  const absl::Status read = ReadAuditLog(input, decoder, *records);
  records->Finish();
  // Headers without their columns, and fields without an end.
  Require(read.ok() || !json, "only CSV can be refused as a whole");
  return records;
}

void ReadAnything(FuzzedDataProvider& draw) {
  const size_t piece = draw.ConsumeIntegralInRange<size_t>(1, 100);
  const bool text = draw.ConsumeBool();
  std::string bytes = draw.ConsumeRemainingBytesAsString();
  const auto whole = Read(bytes, bytes.size() + 1);
  Require(whole->all() == Read(bytes, piece)->all(), "pieces make no difference");
  // Where it is clear what encoding the bytes have.
  if (!text || !simdjson::validate_utf8(bytes.data(), bytes.size())) return;
  bytes = absl::StrReplaceAll(bytes, {{absl::string_view("\0", 1), " "}});
  const std::string line = absl::StrCat("{}\n", bytes, "\n", kGood, "\n");
  Require(Read(line, line.size())->good(), "a good line is read, whatever the others are");
  const std::string log = absl::StrCat(kGood, "\n", bytes);
  Require(Read(log, log.size())->good(), "a good object is read, whatever follows");
}

// A text that JSON can hold.
std::string DrawText(FuzzedDataProvider& draw) {
  std::string text = draw.ConsumeRandomLengthString(60);
  if (!simdjson::validate_utf8(text.data(), text.size())) text = absl::StrCat("x", text.size());
  return text;
}

void ReadWhatIsWellFormed(FuzzedDataProvider& draw) {
  const std::string id = absl::StrCat("i", DrawText(draw));
  const std::string user = absl::StrCat("u", DrawText(draw));
  const std::string operation = absl::StrCat("o", DrawText(draw));
  const std::string object = absl::StrCat("b", DrawText(draw));
  const nlohmann::json record = {{"Id", id},
                                 {"OrganizationId", "aaaaaaaa-0000-4000-8000-000000000001"},
                                 {"CreationTime", "2026-05-04T09:00:00"},
                                 {"UserId", user},
                                 {"Operation", operation},
                                 {"ObjectId", object}};
  const std::string json = record.dump(draw.PickValueInArray({-1, 2}));
  const std::string wrapped =
      draw.ConsumeBool() ? absl::StrCat("{\"value\":[", json, "]}") : absl::StrCat("[", json, "]");
  const auto records = Read(wrapped, draw.ConsumeIntegralInRange<size_t>(1, 200));
  const auto is = [&](Field field, const std::string& text) {
    Require(!records->last().empty() && records->last()[static_cast<size_t>(field)] == text,
            "a member comes out as it went in");
  };
  is(Field::kId, id);
  is(Field::kUser, user);
  is(Field::kOperation, operation);
  is(Field::kObjectId, object);
}

// Each row of a file and each object of a text is a record or a rejection, and one of them.
void CountRows(FuzzedDataProvider& draw) {
  const bool csv = draw.ConsumeBool();
  const size_t piece = draw.ConsumeIntegralInRange<size_t>(1, 200);
  std::string file = csv ? "AuditData;Id\n" : "";
  size_t rows = 0;
  while (draw.remaining_bytes() > 0 && rows < 40) {
    const std::string text = DrawText(draw);
    const nlohmann::json value = draw.PickValueInArray<int>({0, 1, 2, 3}) == 0
                                     ? nlohmann::json::array({text})
                                     : nlohmann::json(text);
    const nlohmann::json record = {
        {"Id", text},
        {"OrganizationId", "aaaaaaaa-0000-4000-8000-000000000001"},
        {draw.PickValueInArray({"Attendees", "UserType", "CopilotEventData", "Item", "UserId"}),
         value}};
    ++rows;
    if (csv) {
      // Zeros make an encoding of two bytes likely.
      const std::string cell =
          draw.ConsumeBool()
              ? record.dump()
              : absl::StrCat("x", absl::StrReplaceAll(text, {{absl::string_view("\0", 1), "0"}}));
      absl::StrAppend(&file, "\"", absl::StrReplaceAll(cell, {{"\"", "\"\""}}), "\";x\r\n");
    } else {
      absl::StrAppend(&file, record.dump(draw.PickValueInArray({-1, 1})), "\n");
    }
  }
  const auto records = Read(file, piece);
  Require(records->count() == rows, "every row is counted once, whatever is in its cells");
}

void ReadCsvRows(FuzzedDataProvider& draw) {
  std::vector<std::vector<std::string>> rows;
  const std::string separator = draw.PickValueInArray({",", ";", "\t", "|"});
  std::string file = absl::StrReplaceAll("b,unwanted,A\r\n", {{",", separator}});
  const auto quoted = [](const std::string& field) {
    return absl::StrCat("\"", absl::StrReplaceAll(field, {{"\"", "\"\""}}), "\"");
  };
  const char* const end = draw.PickValueInArray({"\r\n", "\n"});
  while (draw.remaining_bytes() > 0 && rows.size() < 50) {
    rows.push_back({DrawText(draw), DrawText(draw)});
    for (std::string& field : rows.back()) {
      field = absl::StrReplaceAll(field, {{absl::string_view("\0", 1), "0"}});
      // Many lines with as many separators as the header are rows after a broken quote.
      if (std::count_if(field.begin(), field.end(), [](char c) { return c == '\n' || c == '\r'; }) >
          3) {
        field = absl::StrReplaceAll(field, {{"\n", " "}, {"\r", " "}});
      }
    }
    absl::StrAppend(&file, quoted(rows.back()[1]), separator, "\"x\"", separator,
                    quoted(rows.back()[0]), end);
  }
  TextInput input(std::make_unique<MemorySource>(file, draw.ConsumeIntegralInRange<size_t>(1, 90)));
  const std::vector<std::vector<std::string>> columns = {{"a"}, {"c", "b"}};
  std::vector<std::vector<std::string>> read;
  const absl::Status status = ReadCsv(
      input, {columns, 2},
      [&](absl::Span<const absl::string_view> row) {
        read.push_back({std::string(row[0]), std::string(row[1])});
        return absl::OkStatus();
      },
      [](RejectionReason) { return absl::InternalError("no row is too long"); });
  Require(status.ok() && read == rows, "rows come out as they went in");
}

}  // namespace
}  // namespace tutti

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider draw(data, size);
  switch (draw.ConsumeIntegralInRange(0, 4)) {
    case 0:
      tutti::ReadWhatIsWellFormed(draw);
      break;
    case 1:
      tutti::ReadCsvRows(draw);
      break;
    case 2:
      tutti::CountRows(draw);
      break;
    default:
      tutti::ReadAnything(draw);
  }
  return 0;
}
