#ifndef TUTTI_COMMON_SOURCES_INPUT_TEXT_INPUT_H_
#define TUTTI_COMMON_SOURCES_INPUT_TEXT_INPUT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/sources/input/byte_source.h"

namespace tutti {

// Whether text that begins so is JSON rather than CSV, even when its first line is broken.
bool IsJson(absl::string_view beginning);

// The text of one input as UTF-8, always well formed, in chunks of bounded size. A byte order
// mark at the beginning is dropped. UTF-16 and UTF-32 are recognised by their marks, UTF-16 also
// by the zero bytes of its first characters; what they cannot mean becomes U+FFFD. All else is
// UTF-8; bytes in it that are none become U+FFFD in JSON, which is UTF-8 by definition, and in
// CSV the characters of Windows-1252 that they probably are. Not thread-safe.
class TextInput {
 public:
  explicit TextInput(std::unique_ptr<ByteSource> source);
  ~TextInput();

  // The first part of the text: up to 64 KiB, less at the end of the input. What
  // was peeked is still given by Next.
  absl::StatusOr<absl::string_view> Peek();

  // The next chunk, valid until the next call; empty at the end.
  absl::StatusOr<absl::string_view> Next();

  // Bytes of the input read so far, and in all (0: not known). See ByteSource.
  uint64_t bytes_read() const { return source_->position(); }
  uint64_t size() const { return source_->size(); }

  // See ByteSource.
  bool unpacked() const { return source_->unpacked(); }

  // Bytes so far that were not UTF-8: those that became U+FFFD, and those of which Windows-1252
  // was guessed.
  int64_t replaced_bytes() const { return replaced_bytes_; }
  int64_t guessed_bytes() const { return guessed_bytes_; }

  // Notes a line, from 1, that whoever reads the text could not read to its end for a quote.
  void NoteBrokenLine(int64_t line);
  // The first of them, in order.
  const std::vector<int64_t>& broken_lines() const { return broken_lines_; }
  static constexpr size_t kNotedLines = 10;

 private:
  class Converter;

  absl::Status Fill();
  absl::Status ReadMore();
  void DetectEncoding();
  void TakeUtf8();
  void TakeByte(char byte);

  std::unique_ptr<ByteSource> source_;
  std::unique_ptr<Converter> converter_;  // of an encoding that is not UTF-8
  bool detected_ = false;
  bool guess_ = false;  // Windows-1252 where it is not UTF-8
  std::string raw_;     // read, not yet converted
  std::string text_;    // converted
  std::string buffer_;
  int64_t replaced_bytes_ = 0;
  int64_t guessed_bytes_ = 0;
  std::vector<int64_t> broken_lines_;
  bool given_ = false;  // text_ was handed out by Next
  bool ended_ = false;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_INPUT_TEXT_INPUT_H_
