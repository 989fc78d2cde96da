#include "common/process/core_dumps.h"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace tutti {

absl::Status ForbidCoreDumps() {
  // The limit is not asked when dumps go to a program (core_pattern); the flag is.
  const rlimit none = {0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    return absl::InternalError(
        "core dumps cannot be switched off: allow this process setrlimit and prctl");
  }
  return absl::OkStatus();
}

}  // namespace tutti
