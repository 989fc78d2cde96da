#ifndef TUTTI_COMMON_KEYRING_SWAP_H_
#define TUTTI_COMMON_KEYRING_SWAP_H_

#include <string>

#include "absl/status/status.h"

namespace tutti {

// Whether memory of this process that is not locked stays out of swap: OK when the
// machine has none (/proc/swaps lists none), or when the process's cgroup, or one that
// holds it, may not swap (memory.swap.max is 0, cgroup v2). FailedPrecondition when it
// may be swapped out, and when that cannot be found out.
//
// That is so now: swap may be switched on later, and a cgroup be allowed to swap, so
// whoever relies on it asks again. `root` is the folder that stands for "/".
absl::Status CheckNoSwap(const std::string& root = "");

}  // namespace tutti

#endif  // TUTTI_COMMON_KEYRING_SWAP_H_
