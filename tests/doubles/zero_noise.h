#ifndef TUTTI_TESTS_DOUBLES_ZERO_NOISE_H_
#define TUTTI_TESTS_DOUBLES_ZERO_NOISE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/privacy/noise.h"

namespace tutti {

// Noise that is always zero, so that a test sees the counts. Refuses the same
// parameters as the real one.
class ZeroNoise final : public NoiseSource {
 public:
  absl::StatusOr<int64_t> Draw(uint64_t sigma_squared) override {
    if (sigma_squared < 1 || sigma_squared > kMaxSigmaSquared) {
      return absl::InvalidArgumentError("sigma_squared is out of range");
    }
    return 0;
  }
};

}  // namespace tutti

#endif  // TUTTI_TESTS_DOUBLES_ZERO_NOISE_H_
