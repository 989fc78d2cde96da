#ifndef TUTTI_SERVICES_CLI_IMPORT_REPORT_SINK_H_
#define TUTTI_SERVICES_CLI_IMPORT_REPORT_SINK_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/cli/import/activity_kinds.h"
#include "services/cli/import/import_summary.h"
#include "services/cli/import/rejection_reason.h"

namespace tutti {

// Gets what a report says, row by row. An error ends the reading.
class ReportSink {
 public:
  virtual ~ReportSink() = default;
  // A row that can be read. `key` is the same for a row that comes again, or empty.
  // False when the row was seen before: it says nothing new.
  virtual bool OnRow(absl::string_view key) = 0;
  // A piece that cannot be read.
  virtual absl::Status OnRejected(RejectionReason reason) = 0;
  // A row, or an event of one, that is no activity.
  virtual void OnExcluded(Exclusion why) = 0;
  // Something that a row says.
  virtual absl::Status OnReported(const MappedActivity& activity) = 0;
  // Somebody has a licence for a product; "" for one of the organisation's at all.
  virtual void OnLicensed(absl::string_view product, absl::string_view subject) = 0;
  // The input can feed a category of the shipped catalogue.
  virtual void OnFeeds(absl::string_view category) = 0;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_IMPORT_REPORT_SINK_H_
