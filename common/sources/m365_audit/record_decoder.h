#ifndef TUTTI_COMMON_SOURCES_M365_AUDIT_RECORD_DECODER_H_
#define TUTTI_COMMON_SOURCES_M365_AUDIT_RECORD_DECODER_H_

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/sources/input/rejection_reason.h"
#include "common/sources/m365_audit/audit_record.h"

namespace tutti {

// Gets what was read from an audit log.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  // One record, valid during the call. An error ends the reading.
  virtual absl::Status OnRecord(const AuditRecord& record) = 0;
  // One record that cannot be read; reading goes on.
  virtual absl::Status OnRejected(RejectionReason reason) = 0;
};

// Turns a JSON text into audit records. It looks through what exporters wrap
// around a record: arrays; lists in "events", "value", "records"; AuditData or
// auditData as an object or as a string; Elastic's o365audit and event.original;
// the column names of Sentinel's OfficeActivity, with its lists as JSON strings.
// Members of an outer object fill in what the inner one lacks. Not thread-safe.
class RecordDecoder {
 public:
  RecordDecoder();
  ~RecordDecoder();

  // 64 bytes after the end of `json` must be readable. `fallback_id` is used when
  // the record has no id (a CSV file's Identity column). Fails when `sink` does.
  absl::Status Decode(absl::string_view json, absl::string_view fallback_id, RecordSink& sink);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_M365_AUDIT_RECORD_DECODER_H_
