#ifndef TUTTI_SERVICES_CLI_IMPORT_IMPORT_OUTCOME_H_
#define TUTTI_SERVICES_CLI_IMPORT_IMPORT_OUTCOME_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/cli/import/import_summary.h"

namespace tutti {

// What has to be done before an import is repeated, when ingest refused activities for a
// reason ("KEY_MISSING", of ingest.v1.Reason) that an operator or time can repair: what was
// refused is lost for good once the back-fill is finished. Empty for reasons that lie in the
// data, or that stay: activities that come too late, or before the first day.
absl::string_view RepairOf(absl::string_view reason);

// What a script has to notice of an import that came to its end. NotFound when activities were
// refused for a reason that can be repaired, however many were accepted: what they need is not
// there yet. InvalidArgument when no row could be read, FailedPrecondition when all activities
// were refused.
absl::Status OutcomeOf(const ImportSummary& summary);

// The same of an error that ended an import, for which ingest gave a reason or none (empty).
absl::Status OutcomeOf(const absl::Status& error, absl::string_view reason);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_IMPORT_IMPORT_OUTCOME_H_
