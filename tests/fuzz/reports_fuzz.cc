// Reports and Tutti's own activities: how the bytes come in pieces changes nothing, a row that
// is good is read, and every row is counted once and leaves a trace.

#include <fuzzer/FuzzedDataProvider.h>
#include <simdjson.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/sources/activities/activities_reader.h"
#include "common/sources/actor.h"
#include "common/sources/google/google_reports.h"
#include "common/sources/m365_usage/usage_report.h"
#include "common/sources/telemetry/device_telemetry.h"
#include "common/upload/import_trace.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/pieces.h"

namespace tutti {
namespace {

// What was read, as text; and what became of each row.
class Reported final : public ReportSink, public ActivityLineSink {
 public:
  absl::StatusOr<bool> OnCustomer(absl::string_view customer) override {
    absl::StrAppend(&all_, "customer ", customer, "\n");
    return true;
  }
  bool OnRow(absl::string_view key) override {
    ++pieces_;
    absl::StrAppend(&all_, "row ", key, "\n");
    subject_.clear();
    traced_.fates.Begin();
    ++traced_.records;
    return true;
  }
  absl::Status OnRejected(RejectionReason reason) override {
    ++pieces_;
    absl::StrAppend(&all_, "rejected ", static_cast<int>(reason), "\n");
    return absl::OkStatus();
  }
  absl::Status OnRowRejected(RejectionReason reason) override {
    traced_.fates.Drop();
    --traced_.records;
    return OnRejected(reason);
  }
  void OnExcluded(Exclusion why) override {
    absl::StrAppend(&all_, "excluded ", static_cast<int>(why), "\n");
    traced_.Exclude(why);
  }
  bool OnPerson(const Actor& actor) override {
    subject_.clear();
    const ActorKind kind = ClassifyActor(actor, {});
    if (kind == ActorKind::kPerson) {
      subject_ = absl::AsciiStrToLower(actor.name);
    } else {
      OnExcluded(ExclusionOf(kind));
    }
    return kind == ActorKind::kPerson;
  }
  void OnDevice(absl::string_view device) override { subject_ = absl::AsciiStrToLower(device); }
  absl::Status OnReported(const MappedActivity& activity) override {
    Require(!subject_.empty() && !activity.type.empty(), "an activity is whole");
    Require(times_.Holds(activity.seconds), "a time is checked before it is told");
    absl::StrAppend(&all_, subject_, " ", activity.type, " ", activity.seconds, " ", activity.app,
                    activity.platform, activity.traits, "\n");
    traced_.Count(activity.type);
    return absl::OkStatus();
  }
  void OnLicensed(absl::string_view product) override {
    Require(!subject_.empty(), "somebody has a licence");
    absl::StrAppend(&all_, "licensed ", product, " ", subject_, "\n");
  }
  void OnFeeds(absl::string_view category) override {
    absl::StrAppend(&all_, "feeds ", category, "\n");
  }
  const TimeRange& times() const override { return times_; }
  absl::Status OnActivityLine(ingest::v1::Activity activity) override {
    ++pieces_;
    absl::StrAppend(&all_, activity.SerializeAsString(), "\n");
    last_ = std::move(activity);
    return absl::OkStatus();
  }

  // The input has ended, by no error.
  void Finish() {
    traced_.fates.End();
    ImportSummary summary;
    summary.rows = traced_.records;
    summary.tenants.push_back(traced_);
    Require(CheckTrace(summary).ok(), "every row leaves a trace");
  }

  std::string& all() { return all_; }
  const ingest::v1::Activity& last() const { return last_; }
  // Rows, activities and rejections.
  size_t pieces() const { return pieces_; }

 private:
  const TimeRange times_{absl::FromUnixSeconds(1'782'000'000)};  // 2026-06-21
  std::string all_;
  std::string subject_;
  TenantSummary traced_;
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
  if (status.ok()) read.Finish();
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
