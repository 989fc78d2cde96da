#ifndef TUTTI_COMMON_SOURCES_INPUT_BYTE_SOURCE_H_
#define TUTTI_COMMON_SOURCES_INPUT_BYTE_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tutti {

// Gives the bytes of one input, once. Not thread-safe.
class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // Reads up to `capacity` bytes; 0 is the end.
  virtual absl::StatusOr<size_t> Read(char* buffer, size_t capacity) = 0;

  // The size of the input in bytes, as it is stored; 0 when it is not known (a pipe).
  virtual uint64_t size() const = 0;

  // How many of those were read so far.
  virtual uint64_t position() const = 0;

  // Whether opening it again begins anew: a pipe is read once.
  virtual bool repeatable() const { return true; }

  // Whether the bytes are what gzip data held.
  virtual bool unpacked() const { return false; }
};

// Opens a regular file, a pipe (named, or the shell's <(command)), or standard input, whatever
// that is, when `path` is "-" or "/dev/stdin". Somebody who opens a named pipe to write is waited
// for, for 20 seconds, and what they write for as long as it takes. /dev/null is empty. NotFound,
// PermissionDenied or InvalidArgument, naming the path, for anything else: a folder has no bytes,
// and a device may have no end.
absl::StatusOr<std::unique_ptr<ByteSource>> OpenSource(const std::string& path);

// The bytes of an open file from where it stands, until its end. Closes it.
std::unique_ptr<ByteSource> MakeFileSource(int descriptor, uint64_t size);

// Bytes in memory, in pieces of at most `piece` bytes, as a pipe may give them.
class MemorySource final : public ByteSource {
 public:
  // The bytes outlive this.
  explicit MemorySource(absl::string_view bytes, size_t piece = absl::string_view::npos)
      : bytes_(bytes), piece_(piece) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t capacity) override {
    const size_t count = bytes_.substr(position_, piece_).copy(buffer, capacity);
    position_ += count;
    return count;
  }
  uint64_t size() const override { return bytes_.size(); }
  uint64_t position() const override { return position_; }

 private:
  const absl::string_view bytes_;
  const size_t piece_;
  size_t position_ = 0;
};

// The bytes of another source, of which the first can be looked at before they are read.
class PeekedSource final : public ByteSource {
 public:
  explicit PeekedSource(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

  // The first `size` bytes, fewer at the end of the source; valid until the next Read.
  absl::StatusOr<absl::string_view> Peek(size_t size);

  absl::StatusOr<size_t> Read(char* buffer, size_t capacity) override;
  uint64_t size() const override { return source_->size(); }
  uint64_t position() const override { return source_->position(); }
  bool repeatable() const override { return source_->repeatable(); }
  bool unpacked() const override { return source_->unpacked(); }

 private:
  std::unique_ptr<ByteSource> source_;
  std::string head_;
  size_t given_ = 0;  // of head_
};

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_INPUT_BYTE_SOURCE_H_
