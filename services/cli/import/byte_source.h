#ifndef TUTTI_SERVICES_CLI_IMPORT_BYTE_SOURCE_H_
#define TUTTI_SERVICES_CLI_IMPORT_BYTE_SOURCE_H_

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

  // The size in bytes, 0 when it is not known (a pipe).
  virtual uint64_t size() const = 0;

  // Whether opening it again begins anew: a pipe is read once.
  virtual bool repeatable() const { return true; }
};

// Opens a regular file, an unnamed pipe (the shell's <(command)), or standard input, whatever
// that is, when `path` is "-". NotFound, PermissionDenied or InvalidArgument, naming the
// path, for anything else: a named pipe would be waited for, and a device has no end.
absl::StatusOr<std::unique_ptr<ByteSource>> OpenSource(const std::string& path);

// A source over bytes in memory.
std::unique_ptr<ByteSource> MakeStringSource(std::string bytes);

// The text of one input as UTF-8 in chunks of bounded size. A byte order mark is
// dropped; UTF-16 of either byte order, recognised by its mark or by the zero
// bytes of its first characters, is converted. Bad sequences of UTF-16 become
// U+FFFD. Not thread-safe.
class TextInput {
 public:
  explicit TextInput(std::unique_ptr<ByteSource> source);

  // The first part of the text: up to 64 KiB, less at the end of the input. What
  // was peeked is still given by Next.
  absl::StatusOr<absl::string_view> Peek();

  // The next chunk, valid until the next call; empty at the end.
  absl::StatusOr<absl::string_view> Next();

  // Raw bytes read so far, and in all (0: not known).
  uint64_t bytes_read() const { return bytes_read_; }
  uint64_t size() const { return source_->size(); }

  // See ByteSource.
  bool repeatable() const { return source_->repeatable(); }

 private:
  enum class Encoding { kUnknown, kUtf8, kUtf16Little, kUtf16Big };

  absl::Status Fill();
  void DetectEncoding();
  void ConvertUtf16();
  void AppendUtf8(uint32_t code_point);

  std::unique_ptr<ByteSource> source_;
  Encoding encoding_ = Encoding::kUnknown;
  std::string raw_;   // read, not yet converted
  std::string text_;  // converted
  uint32_t high_surrogate_ = 0;
  uint64_t bytes_read_ = 0;
  bool given_ = false;  // text_ was handed out by Next
  bool ended_ = false;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_IMPORT_BYTE_SOURCE_H_
