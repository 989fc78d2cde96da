#ifndef TUTTI_SERVICES_CLI_IMPORT_USAGE_REPORT_H_
#define TUTTI_SERVICES_CLI_IMPORT_USAGE_REPORT_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/cli/import/text_input.h"
#include "services/cli/import/report_sink.h"

namespace tutti {

// Whether the header of a CSV file is that of such a report.
bool IsUsageReport(absl::string_view header);

// Reads a usage report of Microsoft Graph with a row for each licensed person: of
// mail, Teams, SharePoint, OneDrive, Yammer, applications or devices. Which of them
// it is shows in its columns.
//
// A report of OneDrive accounts counts files that anybody touched, not what their owner
// did: it says who has an account, which counts as a licence, and feeds nothing.
//
// Only a report of one day ("date=2026-05-04") says what somebody did on a day: the
// day is its Last Activity Date. Of a report over several days the licences count
// and nothing else, so one file a day is needed. A number above 0, or "Yes" or
// "True" in any spelling, is an activity at noon UTC of the day.
//
// FailedPrecondition when names are concealed (digests in place of addresses):
// such a report cannot be joined with any other source; it says what to do.
// Otherwise errors of ReadCsv and of the sink.
absl::Status ReadUsageReport(TextInput& input, ReportSink& sink);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_IMPORT_USAGE_REPORT_H_
