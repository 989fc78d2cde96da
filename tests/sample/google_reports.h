#ifndef TUTTI_TESTS_SAMPLE_GOOGLE_REPORTS_H_
#define TUTTI_TESTS_SAMPLE_GOOGLE_REPORTS_H_

#include "absl/status/statusor.h"
#include "tests/sample/audit_log.h"
#include "tests/sample/sample_organization.h"
#include "tests/sample/usage_reports.h"

namespace tutti {

// Tells what people did as activities of the Google Workspace Reports API: of gmail,
// chat, meet and gemini_in_workspace_apps a file of lines for each day, of drive pages as
// the API gives them. "events" is an array or one object, parameters are nested, numbers
// are texts, whole activities come again, and much means nothing: received mails,
// secondary events, keys, service accounts, people outside, what the assistant offered
// unasked. Not told, because no application has it: communities, and calls.
// Holds one day in memory. Its records are activities, re-delivered ones included.
absl::StatusOr<AuditLogCounts> TellGoogleReports(const SampleOrganization& organization,
                                                 const ReportFileSink& take);

}  // namespace tutti

#endif  // TUTTI_TESTS_SAMPLE_GOOGLE_REPORTS_H_
