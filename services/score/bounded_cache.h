#ifndef TUTTI_SERVICES_SCORE_BOUNDED_CACHE_H_
#define TUTTI_SERVICES_SCORE_BOUNDED_CACHE_H_

#include <cstddef>
#include <list>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace tutti {

// The values that were asked for last, up to a number of bytes. A value that is given out
// outlives its place here. Not thread-safe.
template <typename Key, typename Value>
class BoundedCache {
 public:
  using Shared = std::shared_ptr<const Value>;

  // What is kept beside each value, about.
  static constexpr size_t kBytesOfAnEntry = 300;

  explicit BoundedCache(size_t max_bytes) : max_bytes_(max_bytes) {}

  // Null when it is not kept.
  Shared Find(const Key& key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return nullptr;
    ages_.splice(ages_.begin(), ages_, found->second.age);
    return found->second.value;
  }

  // Keeps a value of so many bytes, unless there is one of that key: the one that is kept. The
  // newest is kept however large it is.
  Shared Keep(const Key& key, Shared value, size_t bytes) {
    const auto [slot, fresh] = entries_.try_emplace(key);
    if (!fresh) return slot->second.value;
    ages_.push_front(key);
    slot->second = {value, bytes + kBytesOfAnEntry, ages_.begin()};
    bytes_ += slot->second.bytes;
    while (bytes_ > max_bytes_ && ages_.size() > 1) {
      const auto oldest = entries_.find(ages_.back());
      bytes_ -= oldest->second.bytes;
      entries_.erase(oldest);
      ages_.pop_back();
    }
    return value;
  }

 private:
  struct Entry {
    Shared value;
    size_t bytes = 0;
    typename std::list<Key>::iterator age;
  };

  const size_t max_bytes_;
  std::list<Key> ages_;  // newest first
  absl::flat_hash_map<Key, Entry> entries_;
  size_t bytes_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_SCORE_BOUNDED_CACHE_H_
