#include "services/ingest/acknowledged_cache.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace tutti {
namespace {

// Slots of a shard and generation so that both generations of all shards hold
// `max_entries` when they are full.
size_t SlotsFor(size_t max_entries, size_t shards) {
  size_t slots = 8;
  while (slots * shards * 2 < max_entries) slots *= 2;
  return slots;
}

uint64_t Word(const SubjectDay& subject, size_t index) {
  uint64_t word = 0;
  std::memcpy(&word, subject.digest.bytes.data() + index * sizeof(word), sizeof(word));
  return word;
}

// Never zero, which stands for an empty slot.
uint64_t DayWord(const SubjectDay& subject) {
  return (uint64_t{1} << 32) | static_cast<uint32_t>(subject.day);
}

// Digests are uniform; days are spread by an odd multiplier.
uint64_t HashOf(const SubjectDay& subject) {
  return Word(subject, 0) + DayWord(subject) * 0x9e3779b97f4a7c15;
}

}  // namespace

AcknowledgedCache::AcknowledgedCache(size_t words, size_t max_entries)
    : words_(words),
      slots_(SlotsFor(max_entries, kShards)),
      max_used_(slots_ / 4 * 3),
      shards_(std::make_unique<Shard[]>(kShards)) {
  for (size_t i = 0; i < kShards; ++i) {
    shards_[i].current.slots = std::make_unique<uint64_t[]>(slots_ * stride());
    shards_[i].previous.slots = std::make_unique<uint64_t[]>(slots_ * stride());
  }
}

AcknowledgedCache::~AcknowledgedCache() {
  NextGeneration();
  NextGeneration();
}

template <typename Visit>
void AcknowledgedCache::ForEachByShard(absl::Span<const SubjectDay> subjects, Visit visit) {
  const auto shard_of = [&subjects](size_t i) {
    return static_cast<size_t>(HashOf(subjects[i]) >> 58);
  };
  static_assert(kShards == size_t{1} << (64 - 58));
  if (subjects.size() == 1) {
    Shard& shard = shards_[shard_of(0)];
    const std::lock_guard lock(shard.mutex);
    visit(shard, size_t{0});
    return;
  }
  // A counting sort: one pass to count, one to place.
  std::array<uint32_t, kShards + 1> begin = {};
  for (size_t i = 0; i < subjects.size(); ++i) ++begin[shard_of(i) + 1];
  for (size_t i = 0; i < kShards; ++i) begin[i + 1] += begin[i];
  std::array<uint32_t, kShards + 1> next = begin;
  std::vector<uint32_t> order(subjects.size());
  for (size_t i = 0; i < subjects.size(); ++i) {
    order[next[shard_of(i)]++] = static_cast<uint32_t>(i);
  }
  for (size_t s = 0; s < kShards; ++s) {
    if (begin[s] == begin[s + 1]) continue;
    Shard& shard = shards_[s];
    const std::lock_guard lock(shard.mutex);
    for (uint32_t at = begin[s]; at < begin[s + 1]; ++at) {
      Prefetch(shard.current, subjects[order[at]]);
    }
    for (uint32_t at = begin[s]; at < begin[s + 1]; ++at) visit(shard, size_t{order[at]});
  }
}

void AcknowledgedCache::Prefetch(const Generation& generation, const SubjectDay& subject) const {
  const uint64_t* const slot =
      &generation.slots[(static_cast<size_t>(HashOf(subject)) & (slots_ - 1)) * stride()];
  __builtin_prefetch(slot);
  __builtin_prefetch(slot + stride() - 1);
}

uint64_t* AcknowledgedCache::Find(const Generation& generation, const SubjectDay& subject) const {
  const uint64_t first = Word(subject, 0);
  const uint64_t second = Word(subject, 1);
  const uint64_t day = DayWord(subject);
  // A quarter of the slots is empty, so the search ends.
  for (size_t at = static_cast<size_t>(HashOf(subject));; ++at) {
    uint64_t* const slot = &generation.slots[(at & (slots_ - 1)) * stride()];
    if (slot[2] == 0) return slot;
    if (slot[0] == first && slot[1] == second && slot[2] == day) return slot;
  }
}

void AcknowledgedCache::RemoveKnown(absl::Span<const SubjectDay> subjects,
                                    absl::Span<uint64_t> columns) {
  ForEachByShard(subjects, [&](const Shard& shard, size_t i) {
    uint64_t* const wanted = &columns[i * words_];
    for (const Generation* generation : {&shard.current, &shard.previous}) {
      if (generation->used == 0) continue;
      const uint64_t* const slot = Find(*generation, subjects[i]);
      if (slot[2] == 0) continue;
      uint64_t left = 0;
      for (size_t w = 0; w < words_; ++w) left |= wanted[w] &= ~slot[kKeyWords + w];
      if (left == 0) break;
    }
  });
}

void AcknowledgedCache::Add(absl::Span<const SubjectDay> subjects,
                            absl::Span<const uint64_t> columns) {
  ForEachByShard(subjects, [&](Shard& shard, size_t i) {
    uint64_t* slot = Find(shard.current, subjects[i]);
    if (slot[2] == 0) {
      if (shard.current.used == max_used_) {
        Advance(shard);
        slot = Find(shard.current, subjects[i]);
      }
      slot[0] = Word(subjects[i], 0);
      slot[1] = Word(subjects[i], 1);
      slot[2] = DayWord(subjects[i]);
      ++shard.current.used;
    }
    for (size_t w = 0; w < words_; ++w) slot[kKeyWords + w] |= columns[i * words_ + w];
  });
}

void AcknowledgedCache::Advance(Shard& shard) {
  if (shard.previous.used > 0) {
    sodium_memzero(shard.previous.slots.get(), slots_ * stride() * sizeof(uint64_t));
    shard.previous.used = 0;
  }
  std::swap(shard.current, shard.previous);
}

void AcknowledgedCache::NoteStore(const std::string& servers) {
  {
    const std::lock_guard lock(mutex_);
    if (servers == servers_) return;
    servers_ = servers;
  }
  NextGeneration();
  NextGeneration();
}

void AcknowledgedCache::NextGeneration() {
  for (size_t i = 0; i < kShards; ++i) {
    const std::lock_guard lock(shards_[i].mutex);
    Advance(shards_[i]);
  }
}

size_t AcknowledgedCache::bytes() const {
  return kShards * 2 * slots_ * stride() * sizeof(uint64_t);
}

}  // namespace tutti
