#ifndef TUTTI_COMMON_RPC_FREE_MEMORY_H_
#define TUTTI_COMMON_RPC_FREE_MEMORY_H_

#include <cstddef>

namespace tutti {

// Gives the system back what the allocator keeps after a burst, once that is more than
// kKeptFreeBytes: by itself it keeps every arena as large as it ever was. To be called every few
// seconds, by a thread that serves nobody; not where memory is locked, for that stays.
void ReturnFreeMemory();

constexpr size_t kKeptFreeBytes = 16 << 20;

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_FREE_MEMORY_H_
