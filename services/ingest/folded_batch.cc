#include "services/ingest/folded_batch.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>

namespace tutti {
namespace {

// Digests are uniform.
uint64_t HashOf(const Digest& digest) {
  uint64_t hash = 0;
  std::memcpy(&hash, digest.bytes.data(), sizeof(hash));
  return hash;
}

uint64_t HashOf(const SubjectDay& subject) {
  return HashOf(subject.digest) + static_cast<uint32_t>(subject.day) * 0x9e3779b97f4a7c15;
}

}  // namespace

FoldedBatch::Places::Places(size_t most) {
  size_t size = 2;
  while (size < 2 * most) size *= 2;
  mask_ = size - 1;
  places_.assign(size, kNone);
}

FoldedBatch::FoldedBatch(size_t words, size_t activities) : words_(words), places_(activities) {
  entries_.reserve(activities);
  // Growing, it would leave digests behind.
  subjects_.reserve(activities);
  columns_.reserve(activities * words);
}

FoldedBatch::~FoldedBatch() {
  if (!subjects_.empty()) sodium_memzero(subjects_.data(), subjects_.size() * sizeof(SubjectDay));
}

bool FoldedBatch::Add(const SubjectDay& subject, const DayVerdict& verdict,
                      const uint64_t* columns) {
  uint32_t& place = places_.Find(HashOf(subject), [&](uint32_t entry) {
    return subjects_[entry].digest == subject.digest && entries_[entry].verdict == &verdict;
  });
  const bool added = place == kNone;
  if (added) {
    place = static_cast<uint32_t>(entries_.size());
    entries_.emplace_back().verdict = &verdict;
    subjects_.push_back(subject);
    columns_.resize(columns_.size() + words_);
  }
  uint64_t* const own = &columns_[place * words_];
  for (size_t w = 0; w < words_; ++w) own[w] |= columns[w];
  return added;
}

void FoldedBatch::Fold() {
  places_ = Places(0);
  const bool several_days = std::any_of(entries_.begin(), entries_.end(), [this](const Entry& e) {
    return e.verdict != entries_.front().verdict;
  });
  if (!several_days) return;
  Places subjects(entries_.size());
  for (uint32_t i = 0; i < entries_.size(); ++i) {
    uint32_t& place = subjects.Find(HashOf(subjects_[i].digest), [&](uint32_t entry) {
      return subjects_[entry].digest == subjects_[i].digest;
    });
    if (place == kNone) {
      place = i;
      continue;
    }
    entries_[i].first = false;
    entries_[i].next = entries_[place].next;
    entries_[place].next = i;
  }
}

bool FoldedBatch::IsEmpty(size_t entry) const {
  const uint64_t* const own = columns(entry);
  return std::all_of(own, own + words_, [](uint64_t word) { return word == 0; });
}

void FoldedBatch::Clear(size_t entry) { std::fill_n(&columns_[entry * words_], words_, 0); }

void FoldedBatch::ClearOptedOut() {
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].opted_out) Clear(i);
  }
}

void FoldedBatch::DropEmpty() {
  size_t kept = 0;
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (IsEmpty(i)) continue;
    if (kept != i) {
      entries_[kept] = entries_[i];
      subjects_[kept] = subjects_[i];
      std::copy_n(&columns_[i * words_], words_, &columns_[kept * words_]);
    }
    ++kept;
  }
  if (kept == entries_.size()) return;
  sodium_memzero(subjects_.data() + kept, (subjects_.size() - kept) * sizeof(SubjectDay));
  entries_.resize(kept);
  subjects_.resize(kept);
  columns_.resize(kept * words_);
}

}  // namespace tutti
