#ifndef TUTTI_COMMON_RPC_MEMORY_FILE_H_
#define TUTTI_COMMON_RPC_MEMORY_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tutti {

// A file that is in memory alone, for a library that takes nothing but paths. Its path goes
// on to name it for the life of the process, so it is never closed: a library may look at the
// path at any time. Not thread-safe; readers of the path need no lock.
class MemoryFile {
 public:
  // ResourceExhausted without a descriptor or memory.
  static absl::StatusOr<MemoryFile> Create(absl::string_view text);

  // In /proc, for this process alone.
  std::string path() const;

  // Whoever opens the path sees the old content or the new one, never a part; the time of its
  // last change, in whole seconds, is another with each. As Create; the old content stays then.
  absl::Status Replace(absl::string_view text);

 private:
  explicit MemoryFile(int file) : file_(file) {}

  int file_;
  int version_ = 1;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_MEMORY_FILE_H_
