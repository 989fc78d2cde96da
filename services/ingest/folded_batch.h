#ifndef TUTTI_SERVICES_INGEST_FOLDED_BATCH_H_
#define TUTTI_SERVICES_INGEST_FOLDED_BATCH_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "services/ingest/acknowledged_cache.h"
#include "services/ingest/day_verdicts.h"

namespace tutti {

// The accepted activities of a batch, folded: one entry for each subject and day, with the
// columns of all that the subject did on it. Folding costs as much whoever is known or has
// opted out; what comes after it, and does not, is then paid for each subject once. Zeroes
// its digests at its end. Not thread-safe.
class FoldedBatch {
 public:
  // `words` for each set of columns; at most `activities` are added.
  FoldedBatch(size_t words, size_t activities);
  ~FoldedBatch();
  FoldedBatch(const FoldedBatch&) = delete;
  FoldedBatch& operator=(const FoldedBatch&) = delete;

  // Adds what a subject did on a day of that verdict. True when there was no entry of the
  // two yet: it is the last one then. The verdict outlives this.
  bool Add(const SubjectDay& subject, const DayVerdict& verdict, const uint64_t* columns);
  // Nothing of the last entry is to be kept.
  void OptOutLast() { entries_.back().opted_out = true; }

  // Ends the adding: from here on subjects can be visited.
  void Fold();

  size_t size() const { return entries_.size(); }
  absl::Span<const SubjectDay> subjects() const { return subjects_; }
  absl::Span<uint64_t> columns() { return absl::MakeSpan(columns_); }
  const uint64_t* columns(size_t entry) const { return &columns_[entry * words_]; }
  const DayVerdict& verdict(size_t entry) const { return *entries_[entry].verdict; }

  // Calls visit(entries) for each subject, with the places of its entries.
  template <typename Visit>
  void ForEachSubject(Visit visit) const {
    std::vector<size_t> own;
    for (size_t first = 0; first < entries_.size(); ++first) {
      if (!entries_[first].first) continue;
      own.clear();
      for (size_t entry = first; entry != kNone; entry = entries_[entry].next) own.push_back(entry);
      visit(absl::MakeConstSpan(own));
    }
  }

  bool IsEmpty(size_t entry) const;
  void Clear(size_t entry);
  // Clears the entries of those who opted out.
  void ClearOptedOut();
  // Drops the entries without columns; subjects can be visited no more.
  void DropEmpty();

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  struct Entry {
    const DayVerdict* verdict = nullptr;
    uint32_t next = kNone;  // of the same subject
    bool first = true;      // of its subject
    bool opted_out = false;
  };

  // Where entries stand, by a hash: no digest is copied. Open-addressed, at most half full.
  class Places {
   public:
    explicit Places(size_t most);
    // The place for which same(entry) is true, or kNone: a free one, to be set.
    template <typename Same>
    uint32_t& Find(uint64_t hash, Same same) {
      for (size_t at = static_cast<size_t>(hash);; ++at) {
        uint32_t& place = places_[at & mask_];
        if (place == kNone || same(place)) return place;
      }
    }

   private:
    size_t mask_ = 0;
    std::vector<uint32_t> places_;
  };

  const size_t words_;
  std::vector<Entry> entries_;
  std::vector<SubjectDay> subjects_;  // of each entry
  std::vector<uint64_t> columns_;     // words_ for each entry
  Places places_;                     // by subject and day
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_FOLDED_BATCH_H_
