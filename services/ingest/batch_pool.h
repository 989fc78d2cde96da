#ifndef TUTTI_SERVICES_INGEST_BATCH_POOL_H_
#define TUTTI_SERVICES_INGEST_BATCH_POOL_H_

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "services/ingest/batch_view.h"

namespace tutti {

// A message that came, in one piece, and how it reads. Its bytes hold identifiers:
// they are zeroed when the object is let go. Not thread-safe.
class ReceivedBatch {
 public:
  ReceivedBatch() = default;
  ~ReceivedBatch() { Scrub(); }
  ReceivedBatch(const ReceivedBatch&) = delete;
  ReceivedBatch& operator=(const ReceivedBatch&) = delete;

  // Makes room for a message and returns where to write it. What was there before
  // is gone, and the view is empty.
  char* Resize(size_t size);
  absl::string_view bytes() const { return {bytes_.get(), size_}; }

  BatchView& view() { return view_; }

 private:
  friend class BatchPool;

  void Scrub();

  std::unique_ptr<char[]> bytes_;
  size_t size_ = 0;
  size_t capacity_ = 0;
  BatchView view_;
};

// Keeps what batches were read into for use again, so that taking a batch allocates
// next to nothing. What holds much memory is not kept. Thread-safe; outlives what
// it lends.
class BatchPool {
 public:
  // Comes back by itself, zeroed, when nobody holds it any more.
  std::shared_ptr<ReceivedBatch> Take();

 private:
  static constexpr size_t kMaxFree = 16;
  static constexpr size_t kMaxBytes = size_t{1} << 20;

  void TakeBack(ReceivedBatch* released);

  std::mutex mutex_;
  std::vector<std::unique_ptr<ReceivedBatch>> free_;  // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_BATCH_POOL_H_
