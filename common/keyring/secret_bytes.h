#ifndef TUTTI_COMMON_KEYRING_SECRET_BYTES_H_
#define TUTTI_COMMON_KEYRING_SECRET_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace tutti {

// A block of memory for keys, of a size fixed at creation: locked (never swapped
// out), left out of core dumps, between guard pages, zeroed when freed
// (sodium_malloc). Costs several pages: make one for many keys. Thread-compatible.
class SecretBytes {
 public:
  // ResourceExhausted when the memory cannot be had, or cannot be locked
  // (RLIMIT_MEMLOCK).
  static absl::StatusOr<SecretBytes> Create(size_t size);

  absl::Span<uint8_t> span() { return {bytes_.get(), size_}; }
  absl::Span<const uint8_t> span() const { return {bytes_.get(), size_}; }
  size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(uint8_t* bytes) const;
  };
  SecretBytes(uint8_t* bytes, size_t size) : bytes_(bytes), size_(size) {}

  std::unique_ptr<uint8_t, Free> bytes_;
  size_t size_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_KEYRING_SECRET_BYTES_H_
