#ifndef TUTTI_COMMON_SOURCES_CHECKED_TIME_H_
#define TUTTI_COMMON_SOURCES_CHECKED_TIME_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/sources/input/audit_time.h"
#include "common/sources/input/rejection_reason.h"

namespace tutti {

// A time that an import can take, or why it cannot.
struct CheckedTime {
  absl::optional<int64_t> seconds = {};                       // since 1970
  RejectionReason problem = RejectionReason::kMalformedTime;  // when there are no seconds
};

// The times that an import takes: from 2000-01-03 until now, with five minutes for clocks that
// differ. Whatever a source says of when something happened goes through here.
class TimeRange {
 public:
  explicit TimeRange(absl::Time now) : now_(absl::ToUnixSeconds(now)) {}

  bool Holds(int64_t seconds) const;

  // A time of day, see ParseAuditTime.
  CheckedTime Instant(absl::string_view text) const;

  // A day, see ParseReportDay, of which nobody knows more: noon UTC, which is in that day nearly
  // everywhere; now while noon is still to come, since what receives it refuses the future. The
  // day is a report's own: it is in the future when it has begun nowhere on earth, where it
  // begins up to 14 hours before it does in UTC.
  // kAmbiguousDay when it can be read in two ways and `order` says of neither that it is right, or
  // that both are.
  CheckedTime Day(absl::string_view text, DayOrder order = DayOrder::kUnknown) const;

 private:
  int64_t now_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_CHECKED_TIME_H_
