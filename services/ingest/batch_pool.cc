#include "services/ingest/batch_pool.h"

#include <sodium.h>

#include <utility>

namespace tutti {

char* ReceivedBatch::Resize(size_t size) {
  Scrub();
  if (size > capacity_) {
    bytes_.reset(new char[size]);
    capacity_ = size;
  }
  size_ = size;
  return bytes_.get();
}

void ReceivedBatch::Scrub() {
  view_.Clear();
  if (size_ > 0) sodium_memzero(bytes_.get(), size_);
  size_ = 0;
}

std::shared_ptr<ReceivedBatch> BatchPool::Take() {
  std::unique_ptr<ReceivedBatch> batch;
  {
    const std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      batch = std::move(free_.back());
      free_.pop_back();
    }
  }
  if (batch == nullptr) batch = std::make_unique<ReceivedBatch>();
  return {batch.release(), [this](ReceivedBatch* released) { TakeBack(released); }};
}

void BatchPool::TakeBack(ReceivedBatch* released) {
  std::unique_ptr<ReceivedBatch> batch(released);
  batch->Scrub();
  if (batch->capacity_ > kMaxBytes) return;
  const std::lock_guard lock(mutex_);
  if (free_.size() < kMaxFree) free_.push_back(std::move(batch));
}

}  // namespace tutti
