#ifndef TUTTI_COMMON_SOURCES_INPUT_SPOOL_H_
#define TUTTI_COMMON_SOURCES_INPUT_SPOOL_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/sources/input/byte_source.h"

namespace tutti {

// A copy of what is read from an input that can be read only once, so that it can be read again.
// It is a file without a name in TMPDIR (or /tmp) that nobody else can open and that is gone
// with the process, however that ends; until Keep is called, it is in memory. Not thread-safe.
class Spool {
 public:
  Spool() = default;
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // The same bytes as `source`, each of them copied here when it is read. `spool` may be null.
  static std::unique_ptr<ByteSource> Copying(std::unique_ptr<ByteSource> source,
                                             std::shared_ptr<Spool> spool);

  // From now on the copy is in a file. FailedPrecondition when there can be none, saying what to
  // do.
  absl::Status Keep();

  // Nobody will read it again: the copy is dropped, and no more is copied.
  void Forget();

  // Copies more. FailedPrecondition when the file has no more room.
  absl::Status Append(absl::string_view bytes);

  // What was copied, from its beginning. Keep must have been called; one reader at a time.
  absl::StatusOr<std::unique_ptr<ByteSource>> Open() const;

 private:
  enum class State { kInMemory, kInFile, kForgotten };

  State state_ = State::kInMemory;
  std::string memory_;
  int descriptor_ = -1;
  uint64_t size_ = 0;  // of the file
};

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_INPUT_SPOOL_H_
