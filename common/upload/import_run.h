#ifndef TUTTI_COMMON_UPLOAD_IMPORT_RUN_H_
#define TUTTI_COMMON_UPLOAD_IMPORT_RUN_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/catalog/catalog.h"
#include "common/sources/registry.h"
#include "common/sources/source.h"
#include "common/upload/activity_uploader.h"
#include "common/upload/import_plan.h"
#include "common/upload/import_summary.h"
#include "common/upload/progress.h"

namespace tutti {

struct ImportOptions {
  // Files and pipes, at least one; "-" is standard input. All are one import: a record that
  // two of them hold counts once.
  std::vector<std::string> inputs;
  // What the services go by, or will: what feeds which category, and which types people do. Not
  // null; outlives the import.
  const Catalog* catalog = nullptr;
  const SourceRegistry* sources = &ShippedSources();
  const Source* source = nullptr;  // of every input; null: found out
  TenantChoice tenants = {};
  // The customer whose records are taken (a customerId of Google's); empty: the only one.
  std::string customer = {};
  ReadingOptions reading = {};
  std::function<absl::Time()> now = {};  // absl::Now when absent
};

// What the summary and the activities are fed to.
struct ImportTargets {
  ActivityUploader* uploader = nullptr;  // null: nothing is sent (a rehearsal)
  ProgressSink* progress = nullptr;      // may be null
  ActivitySink* observer = nullptr;      // may be null; sees each activity
  // May be null; gets the summary of what was done before an error ended the import.
  ImportSummary* unfinished = nullptr;
};

// Reads the inputs, which are of one source, and sends their activities. A source whose rows have
// owners is read twice: first for whose they are and what they tell of one another, then for good.
// Of inputs that can be read only once (standard input, pipes) a copy is kept meanwhile, see
// Spool. Memory is some 20 bytes a distinct record and does not grow with their
// size. What has no tenants goes to `tenants.organization`.
//
// Errors: InvalidArgument (options; a CSV file without its columns; inputs of several
// sources in one import), FailedPrecondition (several tenants or customers, none chosen; an
// organisation without a place to send to), NotFound (no such file),
// OutOfRange (no record is of the tenant, the customer or a domain that was asked for: it was
// called wrongly), Internal (a record that left no trace, see
// CheckTrace), and those of the uploader. The input at fault is
// named by its path and, among several, its number, from 1. No message repeats anything that a
// record says but the ids of tenants and customers. What was sent before an error stays: running
// the import again is safe.
absl::StatusOr<ImportSummary> RunImport(const ImportOptions& options, const ImportTargets& targets);

}  // namespace tutti

#endif  // TUTTI_COMMON_UPLOAD_IMPORT_RUN_H_
