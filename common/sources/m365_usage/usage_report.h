#ifndef TUTTI_COMMON_SOURCES_M365_USAGE_USAGE_REPORT_H_
#define TUTTI_COMMON_SOURCES_M365_USAGE_USAGE_REPORT_H_

#include "absl/status/status.h"
#include "common/sources/input/text_input.h"
#include "common/sources/source.h"

namespace tutti {

// The usage reports of Microsoft Graph.
const Source& UsageReports();

// Reads a usage report of Microsoft Graph with a row for each licensed person: of
// mail, Teams, SharePoint, OneDrive, Yammer, applications, devices or Copilot; as CSV, or as the
// JSON that the beta version gives. Which of them it is shows in its columns: in each header of
// CSV, for files are appended to others, and in the members of each object of JSON.
//
// A report of OneDrive accounts counts files that anybody touched, not what their owner
// did: it says who has an account, which counts as a licence, and feeds nothing. A report of
// active users (getOffice365ActiveUserDetail) likewise says who is licensed.
//
// Only a report of one day ("date=2026-05-04") says what somebody did on a day: the
// day is its Last Activity Date. Of a report over several days the licences count
// and nothing else, so one file a day is needed. A number above 0, or "Yes" or
// "True" in any spelling, is an activity of the day, see TimeRange::Day. A row whose day cannot
// be is rejected; its licences count, for the headcount is of people, not of days.
//
// Copilot's report says of each of its licensees on which day each application's assistant was
// last used, and each is an activity of that day, whatever the report's days; exported daily, it
// has all of them. A last day that is later than every application's is an activity in another one,
// which has no column. Columns of applications that are not known are counted in a warning, and
// what stands in them is an activity in another application; a day that cannot be read costs its
// cell.
//
// How many people there are is told by reports that list everybody: of mail, of Teams and of active
// users, and of those not when they name products and no suite, see LicencesOf. All others list the
// licensees of one product or service alone.
//
// A day in or before 1970 means that there is none ("0001-01-01"). Days like "4/5/2026", as a
// spreadsheet writes them, are read when the days of the input show what stands first, see
// DayOrderFinder; a row of which nobody knows is rejected, as is one with a day after the report's
// refresh date. A row that comes again is a duplicate.
//
// A report without people, of sites, of groups or of counts, ends with InvalidArgument, which says
// what to export instead; JSON by what its beginning names, as CSV by its header.
//
// FailedPrecondition when names are concealed (digests in place of addresses):
// such a report cannot be joined with any other source; it says what to do.
// Otherwise errors of ReadCsv, of the input and of the sink.
absl::Status ReadUsageReport(TextInput& input, SourceSink& sink);

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_M365_USAGE_USAGE_REPORT_H_
