// Reports and Tutti's own activities: how the bytes come in pieces changes nothing, a row that
// is good is read, and every one is counted once.

#include <fuzzer/FuzzedDataProvider.h>
#include <simdjson.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "services/cli/import/activities_reader.h"
#include "services/cli/import/device_telemetry.h"
#include "services/cli/import/google_reports.h"
#include "services/cli/import/usage_report.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/pieces.h"

namespace tutti {
namespace {

// What was read, as text.
class Reported final : public ReportSink, public ActivityLineSink {
 public:
  bool OnRow(absl::string_view key) override {
    ++pieces_;
    absl::StrAppend(&all_, "row ", key, "\n");
    return true;
  }
  absl::Status OnRejected(RejectionReason reason) override {
    ++pieces_;
    absl::StrAppend(&all_, "rejected ", static_cast<int>(reason), "\n");
    return absl::OkStatus();
  }
  void OnExcluded(Exclusion why) override {
    absl::StrAppend(&all_, "excluded ", static_cast<int>(why), "\n");
  }
  absl::Status OnReported(const MappedActivity& activity) override {
    Require(!activity.subject.empty() && !activity.type.empty(), "an activity is whole");
    absl::StrAppend(&all_, activity.subject, " ", activity.type, " ", activity.seconds, " ",
                    activity.app, activity.platform, activity.traits, "\n");
    return absl::OkStatus();
  }
  void OnLicensed(absl::string_view product, absl::string_view subject) override {
    absl::StrAppend(&all_, "licensed ", product, " ", subject, "\n");
  }
  void OnFeeds(absl::string_view category) override {
    absl::StrAppend(&all_, "feeds ", category, "\n");
  }
  absl::Status OnActivityLine(ingest::v1::Activity activity) override {
    ++pieces_;
    absl::StrAppend(&all_, activity.SerializeAsString(), "\n");
    last_ = std::move(activity);
    return absl::OkStatus();
  }

  std::string& all() { return all_; }
  const ingest::v1::Activity& last() const { return last_; }
  // Rows, activities and rejections.
  size_t pieces() const { return pieces_; }

 private:
  std::string all_;
  ingest::v1::Activity last_;
  size_t pieces_ = 0;
};

enum class Format { kUsage, kGoogle, kDevices, kActivities, kMaxValue = kActivities };

Reported Read(Format format, absl::string_view bytes, size_t piece) {
  TextInput input(std::make_unique<PieceSource>(bytes, piece));
  Reported read;
  absl::Status status;
  switch (format) {
    case Format::kUsage:
      status = ReadUsageReport(input, read);
      break;
    case Format::kGoogle:
      status = ReadGoogleReports(input, read);
      break;
    case Format::kDevices:
      status = ReadDeviceTelemetry(input, read);
      break;
    case Format::kActivities:
      status = ReadActivities(input, read);
      break;
  }
  absl::StrAppend(&read.all(), status.ToString());
  return read;
}

void ReadAnything(FuzzedDataProvider& draw) {
  const Format format = draw.ConsumeEnum<Format>();
  const size_t piece = draw.ConsumeIntegralInRange<size_t>(1, 100);
  const std::string bytes = draw.ConsumeRemainingBytesAsString();
  Require(Read(format, bytes, bytes.size() + 1).all() == Read(format, bytes, piece).all(),
          "pieces make no difference");
}

std::string DrawText(FuzzedDataProvider& draw, size_t most) {
  std::string text = absl::StrCat("x", draw.ConsumeRandomLengthString(most));
  return simdjson::validate_utf8(text.data(), text.size()) ? text : "x";
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
  const Reported read = Read(Format::kActivities, file, draw.ConsumeIntegralInRange<size_t>(1, 90));
  Require(read.last().subject() == subject && read.last().type() == type &&
              read.last().traits_size() == 1 && read.last().traits(0) == trait &&
              read.last().occurred_at().seconds() == 1'777'885'200,
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
  Require(Read(format, file, piece).pieces() == objects, "every object is counted once");
}

void ReadADevice(FuzzedDataProvider& draw) {
  const int boot = draw.ConsumeIntegralInRange(1, 1'000'000);
  const nlohmann::json row = {
      {"deviceId", "device-1"}, {"date", "2026-05-04"}, {"coreBootTimeInMs", boot}};
  Reported read = Read(Format::kDevices, absl::StrCat(row.dump(), "\n"), 50);
  const std::string slow = absl::StrCat(boot > 60'000 ? kTraitSlowStart : TraitSet{0}, "\n");
  Require(read.all().find("device-1 ") != std::string::npos &&
              read.all().find(slow) != std::string::npos,
          "a device that starts is reported, and whether slowly");
}

}  // namespace
}  // namespace tutti

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider draw(data, size);
  switch (draw.ConsumeIntegralInRange(0, 6)) {
    case 0:
      tutti::ReadAnActivity(draw);
      break;
    case 1:
      tutti::ReadADevice(draw);
      break;
    case 2:
      tutti::CountObjects(draw);
      break;
    default:
      tutti::ReadAnything(draw);
  }
  return 0;
}
