#ifndef TUTTI_COMMON_PROCESS_CORE_DUMPS_H_
#define TUTTI_COMMON_PROCESS_CORE_DUMPS_H_

#include "absl/status/status.h"

namespace tutti {

// Sees to it that no core dump of this process is written, to a file or to a program,
// and that nobody but root may attach a debugger: for processes whose memory holds what no
// file may. Before any of that is read. Internal when it cannot be done.
absl::Status ForbidCoreDumps();

}  // namespace tutti

#endif  // TUTTI_COMMON_PROCESS_CORE_DUMPS_H_
