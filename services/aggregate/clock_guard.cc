#include "services/aggregate/clock_guard.h"

#include "absl/strings/str_cat.h"
#include "common/status/status_macros.h"

namespace tutti {

absl::Status ClockGuard::Check() {
  // Read first: a store that answers late makes it look behind, never ahead.
  const absl::Time own = own_.Now();
  ASSIGN_OR_RETURN(const absl::Time store, store_.Now());
  const absl::Duration ahead = own - store;
  if (ahead <= kMaxAhead) return absl::OkStatus();
  const std::string by =
      absl::FormatDuration(absl::Trunc(ahead + absl::Milliseconds(500), absl::Seconds(1)));
  return absl::FailedPreconditionError(absl::StrCat(
      "aggregate's clock is ", by, " ahead of the store's, and at most ",
      absl::FormatDuration(kMaxAhead),
      " are allowed: windows would be closed before their time, so none is. Set the clocks right "
      "(NTP), on this machine and on each that runs redis-server"));
}

}  // namespace tutti
