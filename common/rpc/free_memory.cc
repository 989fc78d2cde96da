#include "common/rpc/free_memory.h"

#include <malloc.h>
#include <unistd.h>

#include <cstdio>

namespace tutti {
namespace {

// What the process has in memory that is of no file; 0 when nobody tells.
size_t AnonymousBytes() {
  std::FILE* const file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  size_t total = 0;
  size_t resident = 0;
  size_t shared = 0;
  const int read = std::fscanf(file, "%zu %zu %zu", &total, &resident, &shared);
  std::fclose(file);
  return read == 3 ? (resident - shared) * static_cast<size_t>(sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace

void ReturnFreeMemory() {
  const struct mallinfo2 taken = mallinfo2();
  // Memory that was given back still counts as free, but is resident no longer.
  if (AnonymousBytes() > taken.uordblks + taken.hblkhd + kKeptFreeBytes) malloc_trim(0);
}

}  // namespace tutti
