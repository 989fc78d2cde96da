#include "common/redis/bit_mirror.h"

#include <algorithm>

namespace tutti {
namespace {

constexpr size_t kEntryBytes = 256;  // of an entry without its words

}  // namespace

void BitMirror::Use(Entry& entry) {
  ages_.splice(ages_.begin(), ages_, entry.age);
  entry.used = clock_.SinceStart();
}

void BitMirror::Erase(Entries::iterator entry) {
  bytes_ -= kEntryBytes + entry->second.words.size() * sizeof(uint64_t);
  ages_.erase(entry->second.age);
  entries_.erase(entry);
}

std::vector<uint32_t> BitMirror::Unknown(const BitmapId& id, absl::Span<const uint32_t> positions,
                                         uint64_t epoch, bool& known) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto entry = entries_.find(id);
  known = entry != entries_.end();
  if (known && entry->second.epoch < epoch) {
    Erase(entry);
    known = false;
  }
  if (!known) return {positions.begin(), positions.end()};
  Use(entry->second);
  const auto& words = entry->second.words;
  std::vector<uint32_t> unknown;
  for (const uint32_t position : positions) {
    const size_t word = position / 64;
    if (word >= words.size() || ((words[word] >> (position % 64)) & 1U) == 0) {
      unknown.push_back(position);
    }
  }
  return unknown;
}

void BitMirror::Learn(const BitmapId& id, absl::Span<const uint32_t> positions, uint64_t epoch) {
  const std::lock_guard<std::mutex> lock(mutex_);
  // What was learnt in another epoch may be lost, and this, too, when the other is later.
  if (const auto old = entries_.find(id); old != entries_.end() && old->second.epoch != epoch) {
    if (old->second.epoch > epoch) return;
    Erase(old);
  }
  const auto [entry, fresh] = entries_.try_emplace(id);
  if (fresh) {
    entry->second.epoch = epoch;
    ages_.push_front(id);
    entry->second.age = ages_.begin();
    bytes_ += kEntryBytes;
  }
  Use(entry->second);
  auto& words = entry->second.words;
  const size_t size = positions.empty() ? 0 : positions.back() / 64 + 1;
  if (size > words.size()) {
    bytes_ += (size - words.size()) * sizeof(uint64_t);
    words.reserve(size);  // exactly: resize alone may take twice as much
    words.resize(size);
  }
  for (const uint32_t position : positions) words[position / 64] |= uint64_t{1} << (position % 64);
  Shrink();
}

void BitMirror::Forget(const BitmapId& id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (const auto entry = entries_.find(id); entry != entries_.end()) Erase(entry);
}

void BitMirror::Forget(const std::string& organization) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto current = entry++;
    if (current->first.organization == organization) Erase(current);
  }
}

void BitMirror::ForgetIdle() {
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::Duration now = clock_.SinceStart();
  while (!ages_.empty()) {
    const auto oldest = entries_.find(ages_.back());
    if (now - oldest->second.used < limits_.max_idle) break;
    Erase(oldest);
  }
}

void BitMirror::Shrink() {
  while (bytes_ > limits_.max_bytes && !ages_.empty()) Erase(entries_.find(ages_.back()));
}

size_t BitMirror::bytes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return bytes_;
}

}  // namespace tutti
