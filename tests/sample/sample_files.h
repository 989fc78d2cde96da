#ifndef TUTTI_TESTS_SAMPLE_SAMPLE_FILES_H_
#define TUTTI_TESTS_SAMPLE_SAMPLE_FILES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/catalog/catalog.h"
#include "tests/sample/audit_log.h"
#include "tests/sample/sample_options.h"

namespace tutti {

// What was written.
struct SampleFiles {
  AuditLogCounts counts;            // of all shapes; in reports: their rows
  int64_t licensed_people = 0;      // entitled to the assistant
  std::vector<std::string> inputs;  // for the importer, shape by shape
  std::vector<std::string> paths;   // files, and folders in place of theirs
};

// Writes a made-up organisation into a folder, which is made when it is missing:
//   audit.csv, audit.ndjson, activities.jsonl, remaining.jsonl, telemetry.csv and
//   telemetry.jsonl, the folders usage and google
//                 what people did, and what is known of things: those of the shapes
//   groups.txt    addresses of group mailboxes, one a line, for the importer
//   truth.json    the exact truth of every figure; only with a catalogue. It is that of
//                 what all these files together tell
//   README.txt    that all of it is generated
// Files of these names are replaced. `catalog` may be null. InvalidArgument
// (options), Internal or PermissionDenied (a file cannot be written; names it).
absl::StatusOr<SampleFiles> WriteSample(const SampleOptions& options, const Catalog* catalog,
                                        const std::string& folder);

}  // namespace tutti

#endif  // TUTTI_TESTS_SAMPLE_SAMPLE_FILES_H_
