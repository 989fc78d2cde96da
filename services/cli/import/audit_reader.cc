#include "services/cli/import/audit_reader.h"

#include <simdjson.h>

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "services/cli/import/csv_reader.h"
#include "services/cli/import/device_telemetry.h"
#include "services/cli/import/google_reports.h"
#include "services/cli/import/json_framer.h"
#include "services/cli/import/text_match.h"
#include "services/cli/import/usage_report.h"

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

absl::string_view FirstLine(absl::string_view text, absl::string_view* rest) {
  const size_t end = text.find('\n');
  *rest = end == absl::string_view::npos ? absl::string_view() : text.substr(end + 1);
  return absl::StripAsciiWhitespace(text.substr(0, end));
}

bool IsActivity(const simdjson::dom::element& value) {
  return value["subject"].error() == simdjson::SUCCESS &&
         value["type"].error() == simdjson::SUCCESS &&
         value["Operation"].error() != simdjson::SUCCESS;
}

}  // namespace

InputShape DetectShape(absl::string_view beginning) {
  beginning = absl::StripLeadingAsciiWhitespace(beginning);
  if (beginning.empty() || (beginning[0] != '{' && beginning[0] != '[')) {
    const absl::string_view header = beginning.substr(0, beginning.find('\n'));
    if (absl::StrContains(header, "AuditData")) return InputShape::kAuditCsv;
    if (IsUsageReport(header)) return InputShape::kUsageReport;
    return IsDeviceTelemetry(header) ? InputShape::kDeviceTelemetry : InputShape::kAuditCsv;
  }
  if (IsGoogleReports(beginning)) return InputShape::kGoogleReports;
  if (IsUsageReport(beginning)) return InputShape::kUsageReport;
  if (!ContainsIgnoringCase(beginning, "\"operation\"") && IsDeviceTelemetry(beginning)) {
    return InputShape::kDeviceTelemetry;
  }
  absl::string_view rest;
  const absl::string_view line = FirstLine(beginning, &rest);
  simdjson::dom::parser parser;
  simdjson::dom::element first;
  if (parser.parse(line.data(), line.size(), true).get(first) == simdjson::SUCCESS) {
    if (IsActivity(first)) return InputShape::kActivities;
    // An array on one line may be all of a large document.
    return line[0] == '{' ? InputShape::kAuditLines : InputShape::kAuditDocument;
  }
  // A broken first line of a file of lines: what follows starts an object again.
  rest = absl::StripLeadingAsciiWhitespace(rest);
  const bool lines = line.size() > 1 && line[0] == '{' && absl::StartsWith(rest, "{\"");
  return lines ? InputShape::kAuditLines : InputShape::kAuditDocument;
}

absl::Status ReadAuditLog(TextInput& input, InputShape shape, RecordDecoder& decoder,
                          RecordSink& sink) {
  DecodingSink decoding(decoder, sink);
  switch (shape) {
    case InputShape::kAuditLines:
      return ReadJsonLines(input, decoding);
    case InputShape::kAuditDocument:
      return ReadJsonDocument(input, decoding);
    case InputShape::kAuditCsv: {
      const std::vector<std::vector<std::string>> columns = {{"AuditData"},
                                                             {"Identity", "RecordId", "Id"}};
      return ReadCsv(input, columns, 1, [&](absl::Span<const absl::string_view> row) {
        return decoder.Decode(row[0], row[1], sink);
      });
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
