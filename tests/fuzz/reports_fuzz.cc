// Reports and Tutti's own activities: how the bytes come in pieces changes nothing, a row that
// is good is read, whatever is broken beside it, and every row is counted once and leaves a trace.

#include <fuzzer/FuzzedDataProvider.h>
#include <simdjson.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/sources/activities/activities_reader.h"
#include "common/sources/google/google_reports.h"
#include "common/sources/input/byte_source.h"
#include "common/sources/m365_usage/usage_report.h"
#include "common/sources/telemetry/device_telemetry.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/told_rows.h"

namespace tutti {
namespace {

enum class Format { kUsage, kGoogle, kDevices, kActivities, kMaxValue = kActivities };

// What was told, as text, and how many rows there were.
struct Read {
  std::string all;
  size_t pieces = 0;
  std::string last;
};

Read ReadAs(Format format, absl::string_view bytes, size_t piece) {
  TextInput input(std::make_unique<MemorySource>(bytes, piece));
  ToldRows told(Require);
  absl::Status status;
  switch (format) {
    case Format::kUsage:
      status = ReadUsageReport(input, told);
      break;
    case Format::kGoogle:
      status = ReadGoogleReports(input, told);
      break;
    case Format::kDevices:
      status = ReadDeviceTelemetry(input, told);
      break;
    case Format::kActivities:
      status = ReadActivities(input, told);
      break;
  }
  if (status.ok()) told.Finish();
  return {absl::StrCat(told.Text(), status.ToString()), told.pieces(),
          told.lines().empty() ? "" : told.lines().back()};
}

void ReadAnything(FuzzedDataProvider& draw) {
  const Format format = draw.ConsumeEnum<Format>();
  const size_t piece = draw.ConsumeIntegralInRange<size_t>(1, 100);
  const std::string bytes = draw.ConsumeRemainingBytesAsString();
  Require(ReadAs(format, bytes, bytes.size() + 1).all == ReadAs(format, bytes, piece).all,
          "pieces make no difference");
}

// Without U+FFFD, which stands for what could not be read: names with it are refused.
std::string DrawText(FuzzedDataProvider& draw, size_t most) {
  std::string text = absl::StrCat("x", draw.ConsumeRandomLengthString(most));
  const bool readable =
      simdjson::validate_utf8(text.data(), text.size()) && !absl::StrContains(text, "\xef\xbf\xbd");
  return readable ? text : "x";
}

void ReadAnActivity(FuzzedDataProvider& draw) {
  const std::string subject = DrawText(draw, 60);
  const std::string type = DrawText(draw, 20);
  const std::string trait = DrawText(draw, 20);
  std::string before = draw.ConsumeRandomLengthString(200);
  if (!simdjson::validate_utf8(before.data(), before.size()) ||
      before.find('\0') != std::string::npos) {
    before.clear();
  }
  const nlohmann::json activity = {{"subject", subject},
                                   {"type", type},
                                   {"occurredAt", "2026-05-04T09:00:00Z"},
                                   {"traits", {trait}}};
  const std::string file = absl::StrCat("{}\n", before, "\n", activity.dump(), "\n");
  const Read read = ReadAs(Format::kActivities, file, draw.ConsumeIntegralInRange<size_t>(1, 90));
  const std::string rest = absl::StrCat(" ", type, " 1777885200 - - +", trait);
  Require(subject.find('@') != std::string::npos || read.last == absl::StrCat(subject, rest) ||
              (read.last == "duplicate" && absl::StrContains(before, activity.dump())),
          "an activity comes out as it went in, whatever stands before it");
}

// Each object is a row, an activity or a rejection, and one of them; in a page as in lines.
void CountObjects(FuzzedDataProvider& draw) {
  const Format format =
      draw.PickValueInArray({Format::kGoogle, Format::kDevices, Format::kActivities});
  const size_t piece = draw.ConsumeIntegralInRange<size_t>(1, 200);
  const bool page = format != Format::kActivities && draw.ConsumeBool();
  std::string file = page ? (format == Format::kGoogle ? "{\"items\":[" : "{\"value\":[") : "";
  size_t objects = 0;
  while (draw.remaining_bytes() > 0 && objects < 40) {
    const std::string text = DrawText(draw, 20);
    const nlohmann::json id =
        format == Format::kGoogle
            ? nlohmann::json({{"time", "2026-05-04T09:00:00Z"}, {"applicationName", text}})
            : nlohmann::json(text);
    const nlohmann::json object = {{"id", id},
                                   {draw.PickValueInArray({"subject", "date", "actor", "x"}), text},
                                   {"events", nlohmann::json::array({text})}};
    if (page && objects > 0) file += ",";
    absl::StrAppend(&file, object.dump(draw.PickValueInArray({-1, 1})), "\n");
    ++objects;
  }
  if (page) file += "]}";
  Require(ReadAs(format, file, piece).pieces == objects, "every object is counted once");
}

// What is written in quotes has an end, and closes no bracket: after a record that lost its end
// nothing else tells where a text ends.
std::string DrawOpenText(FuzzedDataProvider& draw) {
  std::string text = "x";
  for (const char c : draw.ConsumeRandomLengthString(12)) {
    text += "ab ,:{[\"\\\n"[static_cast<unsigned char>(c) % 10];
  }
  return text;
}

// A record that tells of its number, in the way of its source, with objects and lists inside.
std::string RecordOf(Format format, const std::string& number, FuzzedDataProvider& draw) {
  const std::string text = DrawOpenText(draw);
  const nlohmann::ordered_json inside = nlohmann::ordered_json::array(
      {{{"name", DrawOpenText(draw)}, {"value", {text, "y"}}}, {{"name", nullptr}}});
  const std::string person = absl::StrCat("p", number, "@example.com");
  nlohmann::ordered_json record;
  switch (format) {
    case Format::kGoogle:
      record = {{"id",
                 {{"time", "2026-05-04T09:00:00Z"},
                  {"uniqueQualifier", number},
                  {"applicationName", "chat"}}},
                {"actor", {{"email", person}, {"profileId", text}}},
                {"events", {{{"name", "message_posted"}, {"parameters", inside}}}},
                {"resourceDetails", {{{"id", text}, {"title", text}}, {{"id", "y"}}}}};
      break;
    case Format::kDevices:
      record = {{"id", number},     {"deviceName", text}, {"date", "2026-05-04"}, {"tags", {text}},
                {"inside", inside}, {"latencyMs", 5},     {"coreBootTimeInMs", 1}};
      break;
    case Format::kActivities:
      record = {{"subject", number},
                {"type", text},
                {"occurredAt", "2026-05-04T09:00:00Z"},
                {"traits", {text, "y"}}};
      break;
    case Format::kUsage:
      record = {{"reportRefreshDate", "2026-05-06"},
                {"userPrincipalName", person},
                {"displayName", text},
                {"lastActivityDate", "2026-05-04"},
                {"assignedProducts", {text, "y"}},
                {"details", inside},
                {"sendCount", 1.5}};
      break;
  }
  return record.dump(draw.PickValueInArray({-1, 1}));
}

// Records of a page, of which some are cut off, with or without the comma behind them, but no two
// that follow one another: what is left of the first may be too little to tell that it was one.
void CutRecords(FuzzedDataProvider& draw) {
  const Format format = draw.ConsumeEnum<Format>();
  const size_t piece = draw.ConsumeIntegralInRange<size_t>(1, 500);
  const bool page = draw.ConsumeBool();
  const char* const between = draw.PickValueInArray({"", "\n", "\n  "});
  std::string file = !page ? "[" : format == Format::kGoogle ? "{\"items\":[" : "{\"value\":[";
  std::vector<std::string> whole;
  size_t count = 0;
  bool cut = false;
  while (draw.remaining_bytes() > 0 && count < 12) {
    const std::string number = absl::StrCat(1000 + count);
    std::string record = RecordOf(format, number, draw);
    cut = !cut && draw.ConsumeBool();
    if (cut) record.resize(draw.ConsumeIntegralInRange<size_t>(1, record.size() - 1));
    if (!cut) whole.push_back(number);
    absl::StrAppend(&file, between, record, cut && draw.ConsumeBool() ? "" : ",");
    ++count;
  }
  if (absl::EndsWith(file, ",")) file.pop_back();
  file += page ? "]}" : "]";
  const Read read = ReadAs(format, file, piece);
  for (const std::string& number : whole) {
    Require(absl::StrContains(read.all, number), "what is whole is read");
  }
  Require(read.pieces == count, "what is whole is counted, and what is cut off, once");
}

void ReadADevice(FuzzedDataProvider& draw) {
  const int boot = draw.ConsumeIntegralInRange(1, 1'000'000);
  const nlohmann::json row = {
      {"deviceId", "device-1"}, {"date", "2026-05-04"}, {"coreBootTimeInMs", boot}};
  const Read read = ReadAs(Format::kDevices, absl::StrCat(row.dump(), "\n"), 50);
  Require(absl::StartsWith(read.last, "device-1 device.started ") &&
              absl::EndsWith(read.last, "+slow_start") == (boot > 60'000),
          "a device that starts is reported, and whether slowly");
}

}  // namespace
}  // namespace tutti

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider draw(data, size);
  switch (draw.ConsumeIntegralInRange(0, 7)) {
    case 0:
      tutti::ReadAnActivity(draw);
      break;
    case 1:
      tutti::ReadADevice(draw);
      break;
    case 2:
      tutti::CountObjects(draw);
      break;
    case 3:
      tutti::CutRecords(draw);
      break;
    default:
      tutti::ReadAnything(draw);
  }
  return 0;
}
