#ifndef TUTTI_COMMON_SOURCES_REPORT_SINK_H_
#define TUTTI_COMMON_SOURCES_REPORT_SINK_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/sources/activity_kinds.h"
#include "common/sources/actor.h"
#include "common/sources/checked_time.h"
#include "common/sources/input/rejection_reason.h"
#include "common/upload/import_summary.h"

namespace tutti {

// Gets what a report says, row by row. A reader says of each row that it begins, who did what
// follows, and then what; of every row it says something, so that none is lost in silence. An
// error ends the reading.
class ReportSink {
 public:
  virtual ~ReportSink() = default;
  // Whether rows of this customer ("" when a row names none) are wanted; one that is not needs
  // nothing more. Only sources whose rows name a customer ask.
  virtual absl::StatusOr<bool> OnCustomer(absl::string_view customer) = 0;
  // A row that can be read begins. `key` is the same for a row that comes again, or empty.
  // False when the row was seen before: it says nothing new.
  virtual bool OnRow(absl::string_view key) = 0;
  // A piece that cannot be read, and is no row that has begun.
  virtual absl::Status OnRejected(RejectionReason reason) = 0;
  // The row that has begun turns out not to be readable: it counts as rejected, once. What it
  // has said of licences stays.
  virtual absl::Status OnRowRejected(RejectionReason reason) = 0;
  // A row, or an event of one, that is no activity.
  virtual void OnExcluded(Exclusion why) = 0;
  // Who did what follows, or has the licences that follow: false, and counted as left out, when
  // that is no person of the organisation.
  virtual bool OnPerson(const Actor& actor) = 0;
  // The device that what follows is about.
  virtual void OnDevice(absl::string_view device) = 0;
  // Something that the last person or device of this row did; the sink knows the subject. The
  // time has come through times().
  virtual absl::Status OnReported(const MappedActivity& activity) = 0;
  // The last person has a licence for a product; "" for one of the organisation's at all.
  virtual void OnLicensed(absl::string_view product) = 0;
  // The input can feed a category of the shipped catalogue.
  virtual void OnFeeds(absl::string_view category) = 0;
  // What times are taken.
  virtual const TimeRange& times() const = 0;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_REPORT_SINK_H_
