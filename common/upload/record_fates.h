#ifndef TUTTI_COMMON_UPLOAD_RECORD_FATES_H_
#define TUTTI_COMMON_UPLOAD_RECORD_FATES_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace tutti {

// What became of a record that was read. Of several things that are said of one, the last in
// this order counts.
enum class Fate : uint8_t {
  kNone,            // nothing is known: a fault of this program
  kWithoutMeaning,  // an operation that means nothing to the catalogue
  kLeftOut,         // no activity of a person, for a reason that is counted
  kActivity,        // at least one activity
};

// Counts records by what became of them, each once, whatever the number of its events, cells or
// attendees.
class RecordFates {
 public:
  // A record begins; the one before has ended.
  void Begin() {
    End();
    open_ = true;
    fate_ = Fate::kNone;
  }
  // Something is known of the record that has begun.
  void Mark(Fate fate) { fate_ = std::max(fate_, fate); }
  void End() {
    if (open_) ++counts_[static_cast<size_t>(fate_)];
    open_ = false;
  }
  // The record that has begun counts elsewhere.
  void Drop() { open_ = false; }

  int64_t Of(Fate fate) const { return counts_[static_cast<size_t>(fate)]; }

 private:
  bool open_ = false;
  Fate fate_ = Fate::kNone;
  std::array<int64_t, 4> counts_ = {};
};

}  // namespace tutti

#endif  // TUTTI_COMMON_UPLOAD_RECORD_FATES_H_
