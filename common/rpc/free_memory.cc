#include "common/rpc/free_memory.h"

#include <malloc.h>
#include <unistd.h>

#include <fstream>

namespace tutti {
namespace {

// What the process has in memory that is of no file; 0 when nobody tells.
size_t AnonymousBytes() {
  size_t total = 0;
  size_t resident = 0;
  size_t shared = 0;
  if (!(std::ifstream("/proc/self/statm") >> total >> resident >> shared)) return 0;
  return (resident - shared) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

void ReturnFreeMemory() {
  const struct mallinfo2 taken = mallinfo2();
  // Memory that was given back still counts as free, but is resident no longer.
  if (AnonymousBytes() > taken.uordblks + taken.hblkhd + kKeptFreeBytes) malloc_trim(0);
}

}  // namespace tutti
