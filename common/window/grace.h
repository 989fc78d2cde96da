#ifndef TUTTI_COMMON_WINDOW_GRACE_H_
#define TUTTI_COMMON_WINDOW_GRACE_H_

#include "absl/time/time.h"

namespace tutti {

// How long windows may take late events, and so keep their keys, beyond the day after their last.
inline constexpr absl::Duration kLongestGrace = absl::Hours(24 * 14);

}  // namespace tutti

#endif  // TUTTI_COMMON_WINDOW_GRACE_H_
