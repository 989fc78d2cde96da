#ifndef TUTTI_COMMON_REDIS_BIT_MIRROR_H_
#define TUTTI_COMMON_REDIS_BIT_MIRROR_H_

#include <cstdint>
#include <list>
#include <mutex>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "common/storage/bitmap_id.h"

namespace tutti {

// Remembers which bits of which bitmaps are known to be set and durable, so that
// they are not written again. Forgets the bitmaps that were used least recently
// when it grows above its bound, and everything when the epoch changes: the store
// may have lost what it had. Thread-safe.
class BitMirror {
 public:
  explicit BitMirror(size_t max_bytes) : max_bytes_(max_bytes) {}

  // The positions that are not known to be set. `known` says whether anything was
  // remembered of the bitmap in this epoch: that it exists.
  std::vector<uint32_t> Unknown(const BitmapId& id, absl::Span<const uint32_t> positions,
                                uint64_t epoch, bool& known);

  // Remembers that the bitmap exists and that the positions are set.
  void Learn(const BitmapId& id, absl::Span<const uint32_t> positions, uint64_t epoch);

  // Forgets a bitmap.
  void Forget(const BitmapId& id);

  size_t bytes() const;

 private:
  struct Entry {
    std::vector<uint64_t> words;
    std::list<BitmapId>::iterator age;
  };

  void EnterEpoch(uint64_t epoch);  // mutex_ is held
  void Shrink();                    // mutex_ is held

  const size_t max_bytes_;
  mutable std::mutex mutex_;
  uint64_t epoch_ = 0;                            // guarded by mutex_
  size_t bytes_ = 0;                              // guarded by mutex_
  std::list<BitmapId> ages_;                      // newest first; guarded by mutex_
  absl::flat_hash_map<BitmapId, Entry> entries_;  // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_BIT_MIRROR_H_
