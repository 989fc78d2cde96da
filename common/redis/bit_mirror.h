#ifndef TUTTI_COMMON_REDIS_BIT_MIRROR_H_
#define TUTTI_COMMON_REDIS_BIT_MIRROR_H_

#include <strings.h>

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/clock/clock.h"
#include "common/retention/lifetimes.h"
#include "common/storage/bitmap_id.h"

namespace tutti {

// How much a mirror keeps, and for how long.
struct MirrorLimits {
  size_t max_bytes = size_t{256} << 20;
  // After something last went into a bitmap; kLongestMirrorIdle at most.
  absl::Duration max_idle = kLongestMirrorIdle;
};

// Gives memory back zeroed.
template <typename T>
struct ZeroingAllocator {
  using value_type = T;
  ZeroingAllocator() = default;
  template <typename U>
  explicit ZeroingAllocator(const ZeroingAllocator<U>&) {}

  T* allocate(size_t count) { return std::allocator<T>().allocate(count); }
  void deallocate(T* memory, size_t count) {
    explicit_bzero(memory, count * sizeof(T));
    std::allocator<T>().deallocate(memory, count);
  }
  friend bool operator==(const ZeroingAllocator&, const ZeroingAllocator&) { return true; }
};

// Remembers which bits of which bitmaps are known to be set and durable, so that
// they are not written again. Forgets the bitmaps that were used least recently
// when it grows above its bound, those that nobody asked for of late (see ForgetIdle), and
// a bitmap that is asked for in a later epoch: the store may have lost what it had. An epoch
// is of one bitmap and grows: with every run of the server that has it, and when another server
// has it. What is forgotten is zeroed. Thread-safe.
class BitMirror {
 public:
  // `clock` outlives this.
  BitMirror(MirrorLimits limits, const SteadyClock& clock) : limits_(limits), clock_(clock) {}

  // The positions that are not known to be set. `known` says whether anything was
  // remembered of the bitmap in this epoch: that it exists.
  std::vector<uint32_t> Unknown(const BitmapId& id, absl::Span<const uint32_t> positions,
                                uint64_t epoch, bool& known);

  // Remembers that the bitmap exists and that the positions are set. Nothing is learnt of an
  // earlier epoch than that in which something was.
  void Learn(const BitmapId& id, absl::Span<const uint32_t> positions, uint64_t epoch);

  // Forgets a bitmap.
  void Forget(const BitmapId& id);

  // Forgets every bitmap of an organisation.
  void Forget(const std::string& organization);

  // Forgets the bitmaps that were not asked for within max_idle. To be called now and then.
  void ForgetIdle();

  // The memory of everything that is remembered; 0 when nothing is.
  size_t bytes() const;

 private:
  struct Entry {
    std::vector<uint64_t, ZeroingAllocator<uint64_t>> words;
    std::list<BitmapId>::iterator age;
    absl::Duration used;  // by the clock
    uint64_t epoch = 0;   // in which it was learnt
  };
  using Entries = absl::flat_hash_map<BitmapId, Entry>;

  // mutex_ is held.
  void Use(Entry& entry);
  void Erase(Entries::iterator entry);
  void Shrink();

  const MirrorLimits limits_;
  const SteadyClock& clock_;
  mutable std::mutex mutex_;
  size_t bytes_ = 0;          // guarded by mutex_
  std::list<BitmapId> ages_;  // last used first; guarded by mutex_
  Entries entries_;           // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_BIT_MIRROR_H_
