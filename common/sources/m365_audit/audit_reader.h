#ifndef TUTTI_COMMON_SOURCES_M365_AUDIT_AUDIT_READER_H_
#define TUTTI_COMMON_SOURCES_M365_AUDIT_AUDIT_READER_H_

#include "absl/status/status.h"
#include "common/sources/input/text_input.h"
#include "common/sources/m365_audit/record_decoder.h"
#include "common/sources/source.h"

namespace tutti {

// The audit log of Microsoft 365: CSV with a column AuditData, or JSON in the shape of the
// Management API, of Graph, of Sentinel or wrapped by a collector. Its records name their tenant
// and tell of one another, so it is read twice. What is kept is some 20 bytes a distinct record.
const Source& AuditLogs();

// Reads the audit records of one input in bounded memory, each once, in order. Errors: those of the
// input, of ReadCsv, and of `sink`.
absl::Status ReadAuditLog(TextInput& input, RecordDecoder& decoder, RecordSink& sink);

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_M365_AUDIT_AUDIT_READER_H_
