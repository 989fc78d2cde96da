#ifndef TUTTI_COMMON_UPLOAD_IMPORT_TRACE_H_
#define TUTTI_COMMON_UPLOAD_IMPORT_TRACE_H_

#include "absl/status/status.h"
#include "common/upload/import_summary.h"

namespace tutti {

// Whether every row that was read left a trace, once: as rejected, as of a tenant or customer
// that was not asked for, as a duplicate, or as a record that is an activity, was left out for a
// reason, or means nothing here. Internal, with the numbers, when one did not: a fault of a reader,
// which would otherwise look like people who did nothing. Holds at the end of every import that was
// not ended by an error.
absl::Status CheckTrace(const ImportSummary& summary);

}  // namespace tutti

#endif  // TUTTI_COMMON_UPLOAD_IMPORT_TRACE_H_
