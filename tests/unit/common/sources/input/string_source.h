#ifndef TUTTI_TESTS_UNIT_COMMON_SOURCES_INPUT_STRING_SOURCE_H_
#define TUTTI_TESTS_UNIT_COMMON_SOURCES_INPUT_STRING_SOURCE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "common/sources/input/byte_source.h"

namespace tutti {

// Bytes in memory, in pieces of at most `piece` bytes, as a pipe may give them.
class StringSource final : public ByteSource {
 public:
  explicit StringSource(std::string bytes, size_t piece = std::numeric_limits<size_t>::max())
      : bytes_(std::move(bytes)), piece_(piece) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t capacity) override {
    const size_t count = std::min({capacity, piece_, bytes_.size() - at_});
    std::copy_n(bytes_.data() + at_, count, buffer);
    at_ += count;
    return count;
  }
  uint64_t size() const override { return bytes_.size(); }
  uint64_t position() const override { return at_; }

 private:
  std::string bytes_;
  size_t piece_;
  size_t at_ = 0;
};

inline std::unique_ptr<ByteSource> MakeStringSource(
    std::string bytes, size_t piece = std::numeric_limits<size_t>::max()) {
  return std::make_unique<StringSource>(std::move(bytes), piece);
}

}  // namespace tutti

#endif  // TUTTI_TESTS_UNIT_COMMON_SOURCES_INPUT_STRING_SOURCE_H_
