#include "services/aggregate/slot_counts.h"

#include <bit>
#include <cstring>

namespace tutti {
namespace {

uint64_t WordAt(absl::string_view bitmap, size_t byte) {
  uint64_t word = 0;
  if (byte < bitmap.size()) {
    std::memcpy(&word, bitmap.data() + byte, std::min(sizeof word, bitmap.size() - byte));
  }
  return word;
}

}  // namespace

std::vector<int64_t> CountPatterns(absl::string_view bitmap, uint32_t kept,
                                   absl::Span<const uint32_t> columns) {
  std::vector<int64_t> counts(size_t{1} << columns.size(), 0);
  std::vector<uint64_t> words(columns.size());
  // Columns begin on a word, so the order of the bits inside one does not matter. No
  // step depends on the bits: how long this takes must not tell how many are set.
  for (size_t byte = 0; byte < kept / 8; byte += sizeof(uint64_t)) {
    uint64_t any = 0;
    for (size_t i = 0; i < columns.size(); ++i) {
      words[i] = WordAt(bitmap, size_t{columns[i]} * (kept / 8) + byte);
      any |= words[i];
    }
    counts[0] += 64 - std::popcount(any);
    for (size_t pattern = 1; pattern < counts.size(); ++pattern) {
      uint64_t match = any;
      for (size_t i = 0; i < columns.size(); ++i) {
        match &= ((pattern >> i) & 1U) != 0 ? words[i] : ~words[i];
      }
      counts[pattern] += std::popcount(match);
    }
  }
  return counts;
}

}  // namespace tutti
