#include "common/privacy/random_words.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <vector>

#include "gtest/gtest.h"
#include "tests/doubles/failing_random_words.h"
#include "tests/doubles/seeded_random_words.h"

namespace tutti {
namespace {

// Whether the word stands in a piece of memory, at any place.
bool Holds(const void* memory, size_t size, uint64_t word) {
  const auto* bytes = static_cast<const unsigned char*>(memory);
  for (size_t i = 0; i + sizeof(word) <= size; ++i) {
    if (std::memcmp(bytes + i, &word, sizeof(word)) == 0) return true;
  }
  return false;
}

TEST(KernelRandomWords, GivesWordsThatNeverRepeat) {
  KernelRandomWords one;
  KernelRandomWords other;
  std::set<uint64_t> seen;
  for (int i = 0; i < 2000; ++i) {
    seen.insert(one.Next());
    seen.insert(other.Next());
  }
  EXPECT_TRUE(one.ok());
  EXPECT_TRUE(other.ok());
  EXPECT_EQ(seen.size(), 4000u);
}

TEST(KernelRandomWords, SetsEveryBitHalfOfTheTime) {
  KernelRandomWords words;
  constexpr int kWords = 100'000;
  std::vector<int> set(64);
  for (int i = 0; i < kWords; ++i) {
    const uint64_t word = words.Next();
    for (size_t bit = 0; bit < set.size(); ++bit) set[bit] += (word >> bit) & 1 ? 1 : 0;
  }
  // Seven standard deviations of sqrt(100,000) / 2.
  for (const int count : set) EXPECT_NEAR(count, kWords / 2, 1107);
}

TEST(RandomWords, ErasesWordsThatItGaveOut) {
  SeededRandomWords words(7);
  for (int i = 0; i < 100; ++i) {
    const uint64_t word = words.Next();
    // The engine of the double keeps words of its own behind the buffer.
    EXPECT_FALSE(Holds(&words, sizeof(RandomWords), word));
  }
}

TEST(RandomWords, ErasesWhatIsLeftWhenItEnds) {
  std::vector<uint64_t> coming;
  SeededRandomWords same(7);
  for (int i = 0; i < 20; ++i) coming.push_back(same.Next());

  alignas(SeededRandomWords) std::byte memory[sizeof(SeededRandomWords)];
  auto* words = new (memory) SeededRandomWords(7);
  words->Next();
  // Read through a volatile pointer, as the object's memory is looked at from
  // outside.
  const auto copy = [&] {
    std::vector<std::byte> bytes(sizeof(RandomWords));
    const volatile std::byte* from = memory;
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = from[i];
    return bytes;
  };
  const std::vector<std::byte> before = copy();
  words->~SeededRandomWords();
  const std::vector<std::byte> after = copy();
  for (size_t i = 1; i < coming.size(); ++i) {
    EXPECT_TRUE(Holds(before.data(), before.size(), coming[i]));
    EXPECT_FALSE(Holds(after.data(), after.size(), coming[i]));
  }
}

TEST(RandomWords, GivesZerosForEverAfterAFailure) {
  FailingRandomWords words(1);
  for (int i = 0; i < 512; ++i) EXPECT_NE(words.Next(), 0u);
  EXPECT_TRUE(words.ok());
  for (int i = 0; i < 2000; ++i) EXPECT_EQ(words.Next(), 0u);
  EXPECT_FALSE(words.ok());
  EXPECT_EQ(words.status().code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace tutti
