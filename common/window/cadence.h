#ifndef TUTTI_COMMON_WINDOW_CADENCE_H_
#define TUTTI_COMMON_WINDOW_CADENCE_H_

#include "absl/strings/string_view.h"
#include "tutti/window/v1/window.pb.h"

namespace tutti {

// Whether a cadence is in effect as it stands: daily, weekly or four-weekly, not AUTO.
inline bool IsConcrete(window::v1::Cadence cadence) {
  return cadence == window::v1::CADENCE_DAILY || cadence == window::v1::CADENCE_WEEKLY ||
         cadence == window::v1::CADENCE_FOUR_WEEKLY;
}

// The days from one end day to the next: 1, 7 or 28; of a cadence that is not concrete 1, the
// period that may cost least.
inline int PeriodDays(window::v1::Cadence cadence) {
  if (cadence == window::v1::CADENCE_FOUR_WEEKLY) return 28;
  return cadence == window::v1::CADENCE_WEEKLY ? 7 : 1;
}

// The name that catalogues use: "daily", "weekly" or "four_weekly".
inline absl::string_view CadenceName(window::v1::Cadence cadence) {
  if (cadence == window::v1::CADENCE_FOUR_WEEKLY) return "four_weekly";
  return cadence == window::v1::CADENCE_WEEKLY ? "weekly" : "daily";
}

// The same for people: "four-weekly".
inline absl::string_view CadenceWord(window::v1::Cadence cadence) {
  return cadence == window::v1::CADENCE_FOUR_WEEKLY ? "four-weekly" : CadenceName(cadence);
}

}  // namespace tutti

#endif  // TUTTI_COMMON_WINDOW_CADENCE_H_
