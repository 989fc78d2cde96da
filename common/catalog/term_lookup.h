#ifndef TUTTI_COMMON_CATALOG_TERM_LOOKUP_H_
#define TUTTI_COMMON_CATALOG_TERM_LOOKUP_H_

#include <cstdint>
#include <cstring>
#include <vector>

#include "absl/strings/string_view.h"

namespace tutti {

// Finds the position of a short word in a fixed list: a few nanoseconds, where a
// general hash map takes some forty. The words must outlive this. Immutable and
// thread-safe.
//
// A word's first and last eight bytes stand for it, which is all of it up to 16
// bytes; longer ones are compared in full. The hash needs no secret: what is in
// the table comes from the catalogue, and a search never goes further than the
// table's own clusters.
class TermLookup {
 public:
  // Words are distinct; their positions are those in the list.
  explicit TermLookup(const std::vector<absl::string_view>& words);

  // The position, or -1.
  int Find(absl::string_view word) const {
    const Ends ends = EndsOf(word);
    for (uint32_t place = Hash(ends, word.size()) & mask_;; place = (place + 1) & mask_) {
      const Slot& slot = slots_[place];
      if (slot.position < 0) return -1;
      if (slot.ends.first == ends.first && slot.ends.last == ends.last &&
          slot.size == word.size() &&
          (word.size() <= 16 || std::memcmp(slot.word, word.data(), word.size()) == 0)) {
        return slot.position;
      }
    }
  }

 private:
  struct Ends {
    uint64_t first = 0;
    uint64_t last = 0;
  };
  struct Slot {
    Ends ends;
    const char* word = nullptr;
    uint32_t size = 0;
    int position = -1;
  };

  template <typename Word>
  static uint64_t Read(const char* at) {
    Word word;
    std::memcpy(&word, at, sizeof(word));
    return word;
  }

  // Different for different words of the same size, up to 16 bytes.
  static Ends EndsOf(absl::string_view word) {
    const size_t size = word.size();
    const char* const begin = word.data();
    if (size >= 8) return {Read<uint64_t>(begin), Read<uint64_t>(begin + size - 8)};
    if (size >= 4) return {Read<uint32_t>(begin), Read<uint32_t>(begin + size - 4)};
    if (size >= 2) return {Read<uint16_t>(begin), Read<uint16_t>(begin + size - 2)};
    if (size == 1) return {Read<uint8_t>(begin), 0};
    return {};
  }

  static uint32_t Hash(const Ends& ends, size_t size) {
    // Odd constants: the golden ratio's and a prime's bits.
    const uint64_t mixed =
        (ends.first + size) * 0x9E3779B97F4A7C15U ^ ends.last * 0xC2B2AE3D27D4EB4FU;
    return static_cast<uint32_t>(mixed >> 32);
  }

  std::vector<Slot> slots_;  // a power of two, at most a quarter used
  uint32_t mask_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_CATALOG_TERM_LOOKUP_H_
