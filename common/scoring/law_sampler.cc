#include "common/scoring/law_sampler.h"

namespace tutti {
namespace {

constexpr uint64_t kGoldenGamma = 0x9e3779b97f4a7c15;
constexpr int kWords = 3;
constexpr int kUniformsInWord = 4;
constexpr int kUniformBits = 16;
constexpr uint64_t kUniformMask = (1U << kUniformBits) - 1;
constexpr double kUniforms = kWords * kUniformsInWord;

// SplitMix64 (Steele, Lea, Flood 2014).
uint64_t Scrambled(uint64_t word) {
  word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
  word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
  return word ^ (word >> 31);
}

}  // namespace

void SeedBuilder::Mix(uint64_t word) { state_ = Scrambled((state_ ^ word) + kGoldenGamma); }

SeedBuilder& SeedBuilder::Add(absl::string_view bytes) {
  Mix(bytes.size());
  for (const char byte : bytes) Mix(static_cast<unsigned char>(byte));
  return *this;
}

SeedBuilder& SeedBuilder::Add(absl::Span<const int64_t> numbers) {
  Mix(numbers.size());
  for (const int64_t number : numbers) Mix(static_cast<uint64_t>(number));
  return *this;
}

double LawSampler::NearlyNormal() {
  uint64_t sum = 0;
  for (int i = 0; i < kWords; ++i) {
    state_ += kGoldenGamma;
    uint64_t word = Scrambled(state_);
    for (int part = 0; part < kUniformsInWord; ++part) {
      sum += word & kUniformMask;
      word >>= kUniformBits;
    }
  }
  // Each uniform is taken at the middle of its step.
  return (static_cast<double>(sum) + kUniforms / 2) / static_cast<double>(kUniformMask + 1) -
         kUniforms / 2;
}

}  // namespace tutti
