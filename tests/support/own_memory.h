#ifndef TUTTI_TESTS_SUPPORT_OWN_MEMORY_H_
#define TUTTI_TESTS_SUPPORT_OWN_MEMORY_H_

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "absl/types/span.h"

namespace tutti {

// With this a secret that is searched for is kept masked, byte by byte, so that the
// search does not find itself.
inline constexpr uint8_t kMemoryMask = 0x5a;

// Reads the process's own writable memory, as a debugger would, and counts where
// a secret stands.
inline int CountInMemory(absl::Span<const uint8_t> masked) {
  // AddressSanitizer maps terabytes of shadow, which holds no data.
  constexpr size_t kMostBytes = size_t{1} << 30;
  struct Region {
    size_t first = 0;
    size_t last = 0;
    size_t size() const { return last - first; }
  };
  std::vector<Region> regions;
  size_t largest = 0;
  std::ifstream maps("/proc/self/maps");
  std::string line;
  while (std::getline(maps, line)) {
    Region region;
    char access[5] = {};
    if (std::sscanf(line.c_str(), "%zx-%zx %4s", &region.first, &region.last, access) != 3)
      continue;
    if (access[0] != 'r' || access[1] != 'w' || region.size() > kMostBytes) continue;
    regions.push_back(region);
    largest = std::max(largest, region.size());
  }
  // A mapping of its own, made now, so that no copy stands in what is searched.
  void* const copy =
      mmap(nullptr, largest, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const auto* const bytes = static_cast<const uint8_t*>(copy);
  const int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  int count = 0;
  for (const Region& region : regions) {
    const ssize_t n = pread(memory, copy, region.size(), static_cast<off_t>(region.first));
    for (size_t i = 0; n > 0 && i + masked.size() <= static_cast<size_t>(n); ++i) {
      size_t equal = 0;
      while (equal < masked.size() && (bytes[i + equal] ^ kMemoryMask) == masked[equal]) ++equal;
      count += equal == masked.size() ? 1 : 0;
    }
  }
  close(memory);
  munmap(copy, largest);
  return count;
}

}  // namespace tutti

#endif  // TUTTI_TESTS_SUPPORT_OWN_MEMORY_H_
