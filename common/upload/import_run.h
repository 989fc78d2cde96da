#ifndef TUTTI_COMMON_UPLOAD_IMPORT_RUN_H_
#define TUTTI_COMMON_UPLOAD_IMPORT_RUN_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/sources/m365_audit/audit_mapper.h"
#include "common/sources/m365_audit/audit_reader.h"
#include "common/upload/activity_uploader.h"
#include "common/upload/import_plan.h"
#include "common/upload/import_summary.h"
#include "common/upload/progress.h"

namespace tutti {

struct ImportOptions {
  // Files and pipes, at least one; "-" is standard input. All are one import: a record that
  // two of them hold counts once.
  std::vector<std::string> inputs;
  InputShape shape = InputShape::kDetect;  // of every input
  TenantChoice tenants;
  // The customer whose records of Google's reports are taken (a customerId); empty: the only one.
  std::string customer = {};
  MappingOptions mapping;
  std::function<absl::Time()> now;  // absl::Now when absent
};

// What the summary and the activities are fed to.
struct ImportTargets {
  ActivityUploader* uploader = nullptr;  // null: nothing is sent (a rehearsal)
  ProgressSink* progress = nullptr;      // may be null
  ActivitySink* observer = nullptr;  // may be null; sees each mapped activity of logs and reports
  // May be null; gets the summary of what was done before an error ended the import.
  ImportSummary* unfinished = nullptr;
};

// Reads the inputs and sends their activities. Audit logs are read twice: first
// for what a record tells about others (TenantFacts), then to map them; Google's reports first
// for their customers. Memory is some 20 bytes a distinct record and does not grow with their
// size. Of those that can be read only once (standard input, pipes) a copy is kept meanwhile, see
// Spool. Activities (InputShape::kActivities) and reports, several files of one shape, go to
// `tenants.organization`.
//
// Errors: InvalidArgument (options; a CSV file without its columns; inputs of several
// sorts in one import), FailedPrecondition (several tenants or customers, none chosen; an
// organisation without a place to send to), NotFound (no such file, or no record of
// the tenant or customer that was asked for), Internal (a record that left no trace, see
// CheckTrace), and those of the uploader. The input at fault is
// named by its path and, among several, its number, from 1. No message repeats anything that a
// record says but the ids of tenants and customers. What was sent before an error stays: running
// the import again is safe.
absl::StatusOr<ImportSummary> RunImport(const ImportOptions& options, const ImportTargets& targets);

}  // namespace tutti

#endif  // TUTTI_COMMON_UPLOAD_IMPORT_RUN_H_
