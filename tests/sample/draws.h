#ifndef TUTTI_TESTS_SAMPLE_DRAWS_H_
#define TUTTI_TESTS_SAMPLE_DRAWS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace tutti {

// The secret-free key from which a whole made-up organisation follows: the same
// seed and name give the same organisation on every machine.
class SampleKey {
 public:
  SampleKey(uint64_t seed, absl::string_view organization);

  // A GUID in lower case that stands for `value` under `tag`, "person" or "file".
  std::string Guid(absl::string_view tag, uint64_t value) const;
  // 64 bits that stand for `value` under `tag`.
  uint64_t Number(absl::string_view tag, uint64_t value) const;

  const std::array<uint8_t, 32>& bytes() const { return bytes_; }

 private:
  std::array<uint8_t, 32> bytes_ = {};
};

// Which sequence of draws. Each (stream, subject, day) has its own.
enum class SampleStream : uint8_t {
  kHabits,
  kPersonDay,
  kTeam,
  kTeamDay,
  kNoise,
  kDayNoise,
  kDevice,
  kMeeting,
  kWorkspace,
  kDocument,
  kThread,
  kQuestion,
  kMessage,
  kTelemetry,
};

// A sequence of pseudo-random draws, read anywhere without reading what comes
// before: the ChaCha20 key stream under the organisation's key, with stream, day
// and subject as the nonce. For made-up data alone, never for privacy noise.
class Draws {
 public:
  // `day` is from 0 to 2^24 - 1. `key` outlives this.
  Draws(const SampleKey& key, SampleStream stream, uint32_t subject, uint32_t day);

  uint32_t Next();
  // In [0, 1), in steps of 2^-32.
  double Uniform() { return Next() * 0x1p-32; }
  bool Chance(double probability) { return Uniform() < probability; }
  // In [0, n), n at least 1; the bias is below n / 2^32.
  uint32_t Below(uint32_t n) { return static_cast<uint32_t>((uint64_t{Next()} * n) >> 32); }
  // Exponential with mean 1.
  double Exponential();
  // About normal with mean 0 and variance 1: twelve uniforms, added.
  double Normal();

 private:
  void Refill();

  const SampleKey& key_;
  std::array<uint8_t, 8> nonce_ = {};
  uint64_t block_ = 0;
  std::array<uint32_t, 32> words_ = {};
  size_t used_ = 32;
};

}  // namespace tutti

#endif  // TUTTI_TESTS_SAMPLE_DRAWS_H_
