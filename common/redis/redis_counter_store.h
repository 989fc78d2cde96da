#ifndef TUTTI_COMMON_REDIS_REDIS_COUNTER_STORE_H_
#define TUTTI_COMMON_REDIS_REDIS_COUNTER_STORE_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/redis/bit_mirror.h"
#include "common/redis/redis_router.h"
#include "common/storage/counter_store.h"

namespace tutti {

// Keeps bitmaps and tallies in Redis. Bits are written by BITFIELD, many to a
// command, one transaction for each organisation and all that one node has of a call in one
// pipeline; a dense delta as a whole bitmap.
//
// A closed window has a list under its bitmap's name, so a write that comes late
// fails by its type, atomically and for nothing. That a bitmap exists is checked
// before the first write of each epoch: within an epoch it can vanish only by
// being closed. Thread-safe.
class RedisCounterStore final : public CounterStore {
 public:
  // References outlive this.
  RedisCounterStore(RedisRouter& router, MirrorLimits mirror, const SteadyClock& clock)
      : router_(router), mirror_(mirror, clock) {}

  absl::StatusOr<std::vector<MergeOutcome>> Merge(absl::Span<const BitmapDelta> deltas) override;
  absl::StatusOr<bool> Seal(const WindowBitmaps& window) override;
  absl::StatusOr<std::string> ReadSealed(const BitmapId& id) override;
  absl::Status DropSealed(const WindowBitmaps& window) override;
  absl::Status Drop(const WindowBitmaps& window) override;
  absl::Status StoreTally(const WindowBitmaps& day, const DayTally& tally,
                          const LeaseToken& lease) override;
  absl::Status DiscardDay(const WindowBitmaps& day) override;
  absl::StatusOr<std::map<Day, DayTally>> ReadTallies(const std::string& organization) override;
  absl::Status DropTallies(const std::string& organization) override;
  void Forget(const std::string& organization) override;
  void ForgetIdle() override { mirror_.ForgetIdle(); }
  size_t remembered_bytes() override { return mirror_.bytes(); }
  absl::Status ScrubFiles(const std::function<bool()>& stop) override;

  // What this process remembers of bitmaps.
  BitMirror& mirror() { return mirror_; }

 private:
  class MergeTask;

  void Forget(const WindowBitmaps& window);

  RedisRouter& router_;
  BitMirror mirror_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_REDIS_COUNTER_STORE_H_
