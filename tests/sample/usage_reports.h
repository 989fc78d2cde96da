#ifndef TUTTI_TESTS_SAMPLE_USAGE_REPORTS_H_
#define TUTTI_TESTS_SAMPLE_USAGE_REPORTS_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/sample/audit_log.h"
#include "tests/sample/sample_organization.h"

namespace tutti {

// Takes a file of reports: "email-activity-2026-05-04.csv" and its bytes.
using ReportFileSink =
    std::function<absl::Status(const std::string& name, const std::string& bytes)>;

// Tells what people did as usage reports of Microsoft Graph, a CSV file a day and
// kind of report, with a row for each licensed person, whether active or not. Days
// are those of UTC, as in real reports, so in other zones what is done late or early
// is told of a neighbouring day. The report of the assistant has a row for each of its
// licensees, and the last day of each application. Not told, because no report has it: group
// calls, and what somebody did to a file (only that they viewed or edited it).
// Holds at most three days in memory. Their rows are its records.
absl::StatusOr<AuditLogCounts> TellUsageReports(const SampleOrganization& organization,
                                                const ReportFileSink& take);

}  // namespace tutti

#endif  // TUTTI_TESTS_SAMPLE_USAGE_REPORTS_H_
