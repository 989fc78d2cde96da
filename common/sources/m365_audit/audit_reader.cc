#include "common/sources/m365_audit/audit_reader.h"

#include <simdjson.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "common/sources/google/google_reports.h"
#include "common/sources/input/csv_reader.h"
#include "common/sources/input/json_framer.h"
#include "common/sources/input/lenient_json.h"
#include "common/sources/input/text_match.h"
#include "common/sources/m365_usage/usage_report.h"
#include "common/sources/telemetry/device_telemetry.h"

namespace tutti {
namespace {

// Hands JSON texts on to a decoder.
class DecodingSink : public JsonSink {
 public:
  DecodingSink(RecordDecoder& decoder, RecordSink& sink) : decoder_(decoder), sink_(sink) {}
  absl::Status OnJson(absl::string_view json) override { return decoder_.Decode(json, {}, sink_); }
  absl::Status OnRejected(RejectionReason reason) override { return sink_.OnRejected(reason); }

 private:
  RecordDecoder& decoder_;
  RecordSink& sink_;
};

// Members of the pages of every source, and of the records of every source.
constexpr absl::string_view kAnyLists[] = {"events", "value", "records", "Records", "items"};
constexpr absl::string_view kAnyRecordMembers[] = {"Operation",
                                                   "operation",
                                                   "Operations",
                                                   "AuditData",
                                                   "auditData",
                                                   "o365audit",
                                                   "event",
                                                   "CreationTime",
                                                   "createdDateTime",
                                                   "actor",
                                                   "id",
                                                   "subject",
                                                   "type",
                                                   "occurredAt",
                                                   "occurred_at",
                                                   "deviceId",
                                                   "deviceName",
                                                   "reportRefreshDate",
                                                   "userPrincipalName",
                                                   "ownerPrincipalName"};
constexpr JsonLayout kAnyLayout = {kAnyLists, kAnyRecordMembers};

constexpr absl::string_view kLists[] = {"events", "value", "records", "Records"};
constexpr absl::string_view kRecordMembers[] = {"Operation",    "operation",      "Operations",
                                                "AuditData",    "auditData",      "o365audit",
                                                "CreationTime", "createdDateTime"};
constexpr JsonLayout kLayout = {kLists, kRecordMembers};

// Whether an object has a member of one of these names.
bool HasAny(simdjson::dom::object members, absl::Span<const absl::string_view> names) {
  return std::any_of(names.begin(), names.end(), [members](absl::string_view name) {
    return members[std::string_view(name.data(), name.size())].error() == simdjson::SUCCESS;
  });
}

// Looks at records until one tells what it is of.
class ShapeSink final : public JsonSink {
 public:
  absl::Status OnJson(absl::string_view json) override {
    simdjson::dom::element value;
    simdjson::dom::object members;
    if (!ParseLenient(parser_, json, true, &value)) return absl::OkStatus();
    if (value.get(members) != simdjson::SUCCESS) return absl::OkStatus();
    if (IsGoogleReports(json)) {
      shape_ = InputShape::kGoogleReports;
    } else if (IsUsageReport(json)) {
      shape_ = InputShape::kUsageReport;
    } else if (HasAny(members, kRecordMembers)) {
      shape_ = InputShape::kAuditJson;
    } else if (HasAny(members, {"subject"}) && HasAny(members, {"type"})) {
      shape_ = InputShape::kActivities;
    } else if (IsDeviceTelemetry(json)) {
      shape_ = InputShape::kDeviceTelemetry;
    } else {
      return absl::OkStatus();
    }
    return absl::CancelledError("it is known");
  }
  absl::Status OnRejected(RejectionReason /*reason*/) override { return absl::OkStatus(); }

  InputShape shape() const { return shape_; }

 private:
  simdjson::dom::parser parser_;
  InputShape shape_ = InputShape::kDetect;
};

InputShape ShapeOfJson(absl::string_view beginning) {
  ShapeSink records;
  JsonFramer framer(kAnyLayout, records);
  if (!framer.Feed(beginning).ok()) return records.shape();
  // No record is whole: it may be long.
  if (IsGoogleReports(beginning)) return InputShape::kGoogleReports;
  if (IsUsageReport(beginning)) return InputShape::kUsageReport;
  if (!ContainsIgnoringCase(beginning, "\"operation\"") && IsDeviceTelemetry(beginning)) {
    return InputShape::kDeviceTelemetry;
  }
  return InputShape::kAuditJson;
}

}  // namespace

InputShape DetectShape(absl::string_view beginning) {
  if (IsJson(beginning)) return ShapeOfJson(beginning);
  const absl::string_view header = CsvHeader(beginning);
  if (ContainsIgnoringCase(header, "auditdata")) return InputShape::kAuditCsv;
  if (IsUsageReport(header)) return InputShape::kUsageReport;
  return IsDeviceTelemetry(header) ? InputShape::kDeviceTelemetry : InputShape::kAuditCsv;
}

absl::Status ReadAuditLog(TextInput& input, InputShape shape, RecordDecoder& decoder,
                          RecordSink& sink) {
  DecodingSink decoding(decoder, sink);
  switch (shape) {
    case InputShape::kAuditJson:
      return ReadJson(input, kLayout, decoding);
    case InputShape::kAuditCsv: {
      const std::vector<std::vector<std::string>> columns = {{"AuditData"},
                                                             {"Identity", "RecordId", "Id"}};
      return ReadCsv(
          input, columns, 1,
          [&](absl::Span<const absl::string_view> row) {
            return decoder.Decode(row[0], row[1], sink);
          },
          [&](RejectionReason reason) { return sink.OnRejected(reason); });
    }
    case InputShape::kDetect:
    case InputShape::kActivities:
    case InputShape::kUsageReport:
    case InputShape::kGoogleReports:
    case InputShape::kDeviceTelemetry:
      break;
  }
  return absl::InvalidArgumentError("this input is not an audit log");
}

}  // namespace tutti
