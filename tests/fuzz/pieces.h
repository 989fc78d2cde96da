#ifndef TUTTI_TESTS_FUZZ_PIECES_H_
#define TUTTI_TESTS_FUZZ_PIECES_H_

#include <algorithm>
#include <cstring>

#include "absl/strings/string_view.h"
#include "common/sources/input/byte_source.h"

namespace tutti {

// Gives bytes in pieces of one size, as a pipe may.
class PieceSource final : public ByteSource {
 public:
  // The bytes outlive this.
  PieceSource(absl::string_view bytes, size_t piece) : bytes_(bytes), piece_(piece) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t capacity) override {
    const size_t size = std::min({capacity, piece_, bytes_.size()});
    if (size > 0) std::memcpy(buffer, bytes_.data(), size);
    bytes_.remove_prefix(size);
    position_ += size;
    return size;
  }
  uint64_t size() const override { return 0; }
  uint64_t position() const override { return position_; }

 private:
  absl::string_view bytes_;
  const size_t piece_;
  uint64_t position_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_TESTS_FUZZ_PIECES_H_
