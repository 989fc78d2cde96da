#ifndef TUTTI_COMMON_SOURCES_M365_AUDIT_AUDIT_READER_H_
#define TUTTI_COMMON_SOURCES_M365_AUDIT_AUDIT_READER_H_

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/sources/input/text_input.h"
#include "common/sources/m365_audit/record_decoder.h"

namespace tutti {

// How an input is laid out. The shape of the records themselves (Management API,
// wrapped, Graph, Sentinel) needs no telling: the decoder sees it.
enum class InputShape {
  kDetect,      // from the content
  kAuditCsv,    // CSV with an AuditData column
  kAuditJson,   // audit records in JSON, however it is laid out
  kActivities,  // Tutti activities in JSON
  // Reports.
  kUsageReport,      // Microsoft Graph, CSV
  kGoogleReports,    // Google Workspace Reports API, JSON
  kDeviceTelemetry,  // CSV or JSON
};

// Whether it is one of the reports.
inline bool IsReport(InputShape shape) { return shape >= InputShape::kUsageReport; }

// The shape of an input that begins with `beginning`. Of JSON the first records that can be
// read tell; a broken one before them, or a page without any, does not. Of CSV the header
// does: a column "User Principal Name" is a usage report's; see IsDeviceTelemetry.
InputShape DetectShape(absl::string_view beginning);

// Reads the audit records of one input in bounded memory, each once, in order.
// `shape` is one of the audit log's. Errors: those of the input, of
// ReadCsv, and of `sink`.
absl::Status ReadAuditLog(TextInput& input, InputShape shape, RecordDecoder& decoder,
                          RecordSink& sink);

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_M365_AUDIT_AUDIT_READER_H_
