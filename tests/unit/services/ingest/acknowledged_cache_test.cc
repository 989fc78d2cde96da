#include "services/ingest/acknowledged_cache.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <thread>
#include <vector>

namespace tutti {
namespace {

SubjectDay Subject(uint64_t number, int32_t day = 20'000) {
  SubjectDay subject;
  subject.day = day;
  crypto_generichash(subject.digest.bytes.data(), subject.digest.bytes.size(),
                     reinterpret_cast<const uint8_t*>(&number), sizeof(number), nullptr, 0);
  return subject;
}

class AcknowledgedCacheTest : public testing::Test {
 protected:
  AcknowledgedCacheTest() { EXPECT_EQ(sodium_init() < 0, false); }

  // What is left of `columns` when the known ones are taken out.
  static uint64_t Unknown(AcknowledgedCache& cache, const SubjectDay& subject, uint64_t columns) {
    std::vector<uint64_t> words(cache.words(), columns);
    cache.RemoveKnown({&subject, 1}, absl::MakeSpan(words));
    for (const uint64_t word : words) EXPECT_EQ(word, words[0]);
    return words[0];
  }
  static void Add(AcknowledgedCache& cache, const SubjectDay& subject, uint64_t columns) {
    cache.Add({&subject, 1}, std::vector<uint64_t>(cache.words(), columns));
  }
};

TEST_F(AcknowledgedCacheTest, KnowsTheColumnsThatWereAdded) {
  AcknowledgedCache cache(2, 1024);
  EXPECT_EQ(Unknown(cache, Subject(1), 0b111), 0b111u);
  Add(cache, Subject(1), 0b001);
  Add(cache, Subject(1), 0b100);
  EXPECT_EQ(Unknown(cache, Subject(1), 0b111), 0b010u);
  EXPECT_EQ(Unknown(cache, Subject(2), 0b111), 0b111u);
  EXPECT_EQ(Unknown(cache, Subject(1, 20'001), 0b111), 0b111u);
}

TEST_F(AcknowledgedCacheTest, ForgetsAfterTwoGenerationsHoweverOftenItIsAsked) {
  AcknowledgedCache cache(1, 1024);
  Add(cache, Subject(1), 1);
  cache.NextGeneration();
  EXPECT_EQ(Unknown(cache, Subject(1), 1), 0u);
  cache.NextGeneration();
  EXPECT_EQ(Unknown(cache, Subject(1), 1), 1u);
}

// Mutations: what is known outlives the store that it was stored in; whatever is said of it, it is
// forgotten.
TEST_F(AcknowledgedCacheTest, ForgetsWhatAStoreHadThatMayHaveComeBackWithout) {
  AcknowledgedCache cache(1, 1024);
  cache.NoteStore("one");
  Add(cache, Subject(1), 0b01);
  cache.NextGeneration();
  Add(cache, Subject(1), 0b10);
  cache.NoteStore("one");
  EXPECT_EQ(Unknown(cache, Subject(1), 0b11), 0u);
  cache.NoteStore("another");
  EXPECT_EQ(Unknown(cache, Subject(1), 0b11), 0b11u);
}

TEST_F(AcknowledgedCacheTest, JoinsWhatBothGenerationsKnow) {
  AcknowledgedCache cache(1, 1024);
  Add(cache, Subject(1), 0b01);
  cache.NextGeneration();
  Add(cache, Subject(1), 0b10);
  EXPECT_EQ(Unknown(cache, Subject(1), 0b11), 0u);
}

TEST_F(AcknowledgedCacheTest, StaysWithinItsBoundAndKeepsTheNewest) {
  AcknowledgedCache cache(1, 2048);
  const size_t bytes = cache.bytes();
  for (uint64_t i = 0; i < 100'000; ++i) Add(cache, Subject(i), 1);
  EXPECT_EQ(cache.bytes(), bytes);
  EXPECT_EQ(Unknown(cache, Subject(99'999), 1), 0u);
  int known = 0;
  for (uint64_t i = 0; i < 100'000; ++i) known += Unknown(cache, Subject(i), 1) == 0 ? 1 : 0;
  EXPECT_LE(known, 2048);
  EXPECT_GE(known, 512);
}

TEST_F(AcknowledgedCacheTest, AnswersBatchesInTheirOrder) {
  AcknowledgedCache cache(1, 1 << 16);
  std::vector<SubjectDay> subjects;
  std::vector<uint64_t> columns;
  for (uint64_t i = 0; i < 1000; ++i) {
    subjects.push_back(Subject(i));
    columns.push_back(i % 3);
  }
  cache.Add(subjects, columns);
  std::vector<uint64_t> wanted(1000, 3);
  cache.RemoveKnown(subjects, absl::MakeSpan(wanted));
  for (uint64_t i = 0; i < 1000; ++i) EXPECT_EQ(wanted[i], 3 - i % 3) << i;
}

TEST_F(AcknowledgedCacheTest, LosesNothingWhenThreadsShareIt) {
  AcknowledgedCache cache(1, 1 << 16);
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&cache, t] {
      for (uint64_t i = 0; i < 1000; ++i) Add(cache, Subject(i), uint64_t{1} << t);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (uint64_t i = 0; i < 1000; ++i) EXPECT_EQ(Unknown(cache, Subject(i), 0b1111), 0u);
}

}  // namespace
}  // namespace tutti
