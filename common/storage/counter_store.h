#ifndef TUTTI_COMMON_STORAGE_COUNTER_STORE_H_
#define TUTTI_COMMON_STORAGE_COUNTER_STORE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/storage/bitmap_id.h"
#include "common/storage/lease_token.h"

namespace tutti {

// Bits to set in one bitmap.
struct BitmapDelta {
  BitmapId id;
  absl::Span<const uint32_t> positions;  // ascending; may be empty
};

enum class MergeOutcome {
  kMerged,   // the bits are set and durable
  kLate,     // the window is closed: nothing was set
  kMissing,  // the bitmap does not exist (it was lost): nothing is left set
  // Nothing is known: the part of the store that has the organisation is away. Others' is not.
  kUnavailable,
};

// Habit counts of one closed day: the table's id to the number of slots that show it, of each
// kind of which all that happened was counted; the other kinds are lost.
struct DayTally {
  std::map<std::string, int64_t> counts;
  std::set<std::string> lost_kinds;
  // All of it is lost. Read only: an earlier edition stored no kinds.
  bool lost = false;

  bool Lost(const std::string& kind) const { return lost || lost_kinds.count(kind) > 0; }
};

// Keeps the bitmaps of open windows and the tallies of closed days. Thread-safe.
// Every method that returns a status may return Unavailable. Nothing here ever reports whether a
// bit had been set before.
class CounterStore {
 public:
  virtual ~CounterStore() = default;

  // Sets bits, and returns when they are durable (on disk, and on every
  // configured replica). Makes at least one durable write for every call that
  // names an organisation, whether or not anything was new. One outcome for each
  // delta, in order; Unavailable when that would be the outcome of all.
  virtual absl::StatusOr<std::vector<MergeOutcome>> Merge(absl::Span<const BitmapDelta> deltas) = 0;

  // Closes a window against writes, atomically and for 40 days: every bitmap of
  // it moves aside, and later merges are kLate. This process remembers nothing more of it. False
  // when the window was dropped before: what happened in it was not counted. Idempotent.
  virtual absl::StatusOr<bool> Seal(const WindowBitmaps& window) = 0;

  // Reads a bitmap that Seal moved aside. NotFound when there is none.
  virtual absl::StatusOr<std::string> ReadSealed(const BitmapId& id) = 0;

  // Deletes sealed bitmaps of a window. Idempotent.
  virtual absl::Status DropSealed(const WindowBitmaps& window) = 0;

  // Deletes bitmaps of a window that is never published (an organisation is paused). The
  // window stays closed as after Seal, which tells that it was dropped.
  virtual absl::Status Drop(const WindowBitmaps& window) = 0;

  // Stores the tally of a closed day window and deletes its sealed bitmaps in one atomic step,
  // unless somebody else has the closing lease or nobody has it: Aborted. `lease` is the
  // caller's. Idempotent.
  virtual absl::Status StoreTally(const WindowBitmaps& day, const DayTally& tally,
                                  const LeaseToken& lease) = 0;

  // Deletes the tally and the sealed bitmaps of a closed day window in one atomic step, whoever
  // has the closing lease: no publication takes the day any more, or ever did. Idempotent.
  virtual absl::Status DiscardDay(const WindowBitmaps& day) = 0;

  // Reads the tallies of all days that are still kept.
  virtual absl::StatusOr<std::map<Day, DayTally>> ReadTallies(const std::string& organization) = 0;

  // Deletes the tallies of all days.
  virtual absl::Status DropTallies(const std::string& organization) = 0;

  // Forgets whatever this process remembers of an organisation's bitmaps; the store's keys
  // are left as they are. Does not reach the store.
  virtual void Forget(const std::string& organization) = 0;

  // Forgets what this process remembers of bitmaps that nobody asked for of late. Does not reach
  // the store.
  virtual void ForgetIdle() = 0;

  // The number of bytes that this process remembers of bitmaps.
  virtual size_t remembered_bytes() = 0;

  // Has the store, and its replicas, rewrite their files so that nothing lingers in them
  // that was deleted before the call. Returns when all have done so, which may take
  // minutes. Unavailable when one failed, and then nothing is known of any; Cancelled
  // when `stop`, which is asked now and then, says so.
  virtual absl::Status ScrubFiles(const std::function<bool()>& stop) = 0;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_STORAGE_COUNTER_STORE_H_
