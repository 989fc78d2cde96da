#ifndef TUTTI_COMMON_PRIVACY_RANDOM_WORDS_H_
#define TUTTI_COMMON_PRIVACY_RANDOM_WORDS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace tutti {

// A stream of independent uniform 64-bit words, read ahead into a small buffer.
//
// A failure of the generator is for ever: from then on Next() gives zeros and
// ok() is false. Whoever consumes words looks at ok() after the last one and
// throws everything away when it is false; a loop that waits for a certain word
// looks at ok() in every round, because a stream of zeros may never bring it.
//
// Words are erased from memory when they are given out, and the rest of the
// buffer on destruction. Not thread-safe: one object for each draw session, used
// by one thread. Must not be carried over a fork: both processes would have the
// same words.
class RandomWords {
 public:
  virtual ~RandomWords();
  RandomWords(const RandomWords&) = delete;
  RandomWords& operator=(const RandomWords&) = delete;

  uint64_t Next() {
    if (next_ == buffer_.size() && !Refill()) return 0;
    return std::exchange(buffer_[next_++], 0);
  }

  bool ok() const { return status_.ok(); }
  // Internal when the generator has failed.
  const absl::Status& status() const { return status_; }

 protected:
  RandomWords() : next_(buffer_.size()) {}

 private:
  // Fills every word, or returns why it could not.
  virtual absl::Status Fill(absl::Span<uint64_t> words) = 0;

  bool Refill();

  std::array<uint64_t, 512> buffer_{};
  size_t next_;
  absl::Status status_;
};

// Words of the kernel's generator: getrandom(2) without flags, which waits once,
// at boot, until the generator is seeded.
class KernelRandomWords final : public RandomWords {
 private:
  absl::Status Fill(absl::Span<uint64_t> words) override;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_PRIVACY_RANDOM_WORDS_H_
