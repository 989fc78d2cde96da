#ifndef TUTTI_SERVICES_INGEST_ACKNOWLEDGED_CACHE_H_
#define TUTTI_SERVICES_INGEST_ACKNOWLEDGED_CACHE_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "common/identity/digester.h"

namespace tutti {

// A set of columns, as words of 64 bits: those of reach windows first, then those
// of day windows. How many words there are is the user's affair.
using ColumnWords = absl::Span<uint64_t>;

// One subject on one day.
struct SubjectDay {
  Digest digest;
  int32_t day = 0;  // days since 1970-01-01
};

// Remembers which columns of a subject and day are durable, so that repeats cost
// neither slots nor messages. Lives in memory only; what it forgets is merely sent
// again.
//
// Entries live for one to two generations, however often they are used: a store
// that lost bits gets them again after that. Both generations together hold at most
// the given number of entries; a full one gives way early. Forgotten entries are
// zeroed. Thread-safe: a batch takes each shard's lock once.
class AcknowledgedCache {
 public:
  // `words` for each set of columns, 1 to 16; `max_entries` is rounded up to a
  // power of two, at least 1,024.
  AcknowledgedCache(size_t words, size_t max_entries);
  ~AcknowledgedCache();
  AcknowledgedCache(const AcknowledgedCache&) = delete;
  AcknowledgedCache& operator=(const AcknowledgedCache&) = delete;

  size_t words() const { return words_; }

  // Removes from each set what is known to be durable. `columns` holds words() for
  // each subject, one after the other.
  void RemoveKnown(absl::Span<const SubjectDay> subjects, absl::Span<uint64_t> columns);

  // Remembers that these columns are durable.
  void Add(absl::Span<const SubjectDay> subjects, absl::Span<const uint64_t> columns);

  // Forgets everything when this is not the text that was said last of the store: it may have
  // come back without what it had, and who sends that again must not be told that it has it.
  void NoteStore(const std::string& servers);

  // Begins the next generation and forgets the last but one.
  void NextGeneration();

  size_t bytes() const;

 private:
  // An open-addressed table: {digest (2 words), day + 2^32, columns...} a slot; a
  // zero third word is an empty slot.
  struct Generation {
    std::unique_ptr<uint64_t[]> slots;
    size_t used = 0;
  };
  struct Shard {
    std::mutex mutex;
    Generation current;
    Generation previous;
  };

  static constexpr size_t kShards = 64;
  static constexpr size_t kKeyWords = 3;

  size_t stride() const { return kKeyWords + words_; }
  // Calls visit(shard, index of the subject) for each subject, a shard at a time
  // with its lock held.
  template <typename Visit>
  void ForEachByShard(absl::Span<const SubjectDay> subjects, Visit visit);
  // Has the memory fetched that Find looks at first: a table is larger than the
  // processor's caches, and waiting for one slot after the other costs more than
  // all the rest.
  void Prefetch(const Generation& generation, const SubjectDay& subject) const;
  // The subject's slot, or the empty one where it belongs.
  uint64_t* Find(const Generation& generation, const SubjectDay& subject) const;
  void Advance(Shard& shard);

  const size_t words_;
  const size_t slots_;     // in each shard and generation; a power of two
  const size_t max_used_;  // 3/4 of them
  std::unique_ptr<Shard[]> shards_;
  std::mutex mutex_;
  std::string servers_;  // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_ACKNOWLEDGED_CACHE_H_
