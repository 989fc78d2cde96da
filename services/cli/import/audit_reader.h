#ifndef TUTTI_SERVICES_CLI_IMPORT_AUDIT_READER_H_
#define TUTTI_SERVICES_CLI_IMPORT_AUDIT_READER_H_

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/cli/import/byte_source.h"
#include "services/cli/import/record_decoder.h"

namespace tutti {

// How an input is laid out. The shape of the records themselves (Management API,
// wrapped, Graph, Sentinel) needs no telling: the decoder sees it.
enum class InputShape {
  kDetect,         // from the content
  kAuditCsv,       // CSV with an AuditData column
  kAuditLines,     // audit records, one JSON text a line
  kAuditDocument,  // audit records in JSON arrays, wrappers, or over several lines
  kActivities,     // Tutti activities, one JSON object a line
  // Reports.
  kUsageReport,      // Microsoft Graph, CSV
  kGoogleReports,    // Google Workspace Reports API, JSON
  kDeviceTelemetry,  // CSV or JSON
};

// Whether it is one of the reports.
inline bool IsReport(InputShape shape) { return shape >= InputShape::kUsageReport; }

// The shape of an input that begins with `beginning`: CSV unless the first
// character that is not white space opens an array or an object. A CSV with a column
// "User Principal Name" is a usage report; see IsGoogleReports and IsDeviceTelemetry for
// the others.
InputShape DetectShape(absl::string_view beginning);

// Reads the audit records of one input in bounded memory, each once, in order.
// `shape` is one of the audit log's. Errors: those of the input, of
// ReadCsv, and of `sink`.
absl::Status ReadAuditLog(TextInput& input, InputShape shape, RecordDecoder& decoder,
                          RecordSink& sink);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_IMPORT_AUDIT_READER_H_
