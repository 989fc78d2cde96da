#ifndef TUTTI_COMMON_STATUS_GRAVER_H_
#define TUTTI_COMMON_STATUS_GRAVER_H_

#include "absl/status/status.h"

namespace tutti {

// Collects the errors of several things that are asked: `found` becomes `other` if that is
// graver. Unavailable, which passes by itself, is graver than OK, and every other error, on which
// somebody must act, than Unavailable. Of two that are as grave the first stays.
inline void KeepGraver(const absl::Status& other, absl::Status& found) {
  if (absl::IsUnavailable(found) && !other.ok() && !absl::IsUnavailable(other)) {
    found = other;
  } else {
    found.Update(other);
  }
}

}  // namespace tutti

#endif  // TUTTI_COMMON_STATUS_GRAVER_H_
