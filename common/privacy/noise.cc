#include "common/privacy/noise.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/privacy/uint128.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

// A discrete Laplace value is below t x (kMaxRounds + 2), so with t <= 1001 every
// product below fits 128 bits. Sound words exceed it with probability
// exp(-1,000,000).
constexpr uint64_t kMaxRounds = 1'000'000;

// The floor of the square root, for n <= kMaxSigmaSquared < 1024^2.
uint64_t SquareRoot(uint64_t n) {
  uint64_t root = 0;
  for (uint64_t bit = 512; bit > 0; bit >>= 1) {
    const uint64_t candidate = root | bit;
    if (candidate * candidate <= n) root = candidate;
  }
  return root;
}

// One draw. When it has failed (see status()), what its methods return means
// nothing, but they do return.
class Sampler {
 public:
  explicit Sampler(RandomWords& words) : words_(words) {}

  int64_t Gaussian(uint64_t sigma_squared);

  absl::Status status() const {
    if (!words_.ok()) return words_.status();
    if (overflow_) {
      return absl::InternalError(
          "a noise draw left the range of its integers: the random generator is not sound");
    }
    return absl::OkStatus();
  }

 private:
  bool alive() const { return words_.ok() && !overflow_; }

  uint64_t Below(uint64_t bound);
  bool Bernoulli(uint64_t n, uint64_t d) { return Below(d) < n; }
  bool BernoulliExpFraction(uint64_t n, uint64_t d);
  bool BernoulliExpOne();
  bool BernoulliExp(Uint128 n, uint64_t d);
  int64_t Laplace(uint64_t t);

  RandomWords& words_;
  bool overflow_ = false;
};

// Uniform in 0..bound-1, without bias: multiply, and reject the words that would
// favour some values (Lemire, "Fast Random Integer Generation in an Interval",
// 2019).
uint64_t Sampler::Below(uint64_t bound) {
  Uint128 product = Uint128{words_.Next()} * bound;
  if (static_cast<uint64_t>(product) < bound) {
    const uint64_t favoured = (0 - bound) % bound;
    while (static_cast<uint64_t>(product) < favoured && alive()) {
      product = Uint128{words_.Next()} * bound;
    }
  }
  return static_cast<uint64_t>(product >> 64);
}

// True with probability exp(-n/d), n <= d. The first k at which Bernoulli(n/(dk))
// fails is odd with probability 1 - g + g^2/2! - ..., g = n/d.
bool Sampler::BernoulliExpFraction(uint64_t n, uint64_t d) {
  uint64_t scaled = 0;  // d x the number of the round
  for (bool odd = true; alive(); odd = !odd) {
    if (__builtin_add_overflow(scaled, d, &scaled)) {
      overflow_ = true;
      break;
    }
    if (!Bernoulli(n, scaled)) return odd;
  }
  return false;
}

// True with probability exp(-1). The first round of the series succeeds always.
bool Sampler::BernoulliExpOne() {
  bool odd = false;
  for (uint64_t k = 2; alive() && Bernoulli(1, k); ++k) odd = !odd;
  return odd;
}

// True with probability exp(-n/d).
bool Sampler::BernoulliExp(Uint128 n, uint64_t d) {
  for (Uint128 whole = n / d; whole > 0; --whole) {
    if (!BernoulliExpOne() || !alive()) return false;
  }
  return BernoulliExpFraction(static_cast<uint64_t>(n % d), d);
}

// P[x] proportional to exp(-|x|/t).
int64_t Sampler::Laplace(uint64_t t) {
  while (alive()) {
    const uint64_t below_t = Below(t);
    if (!BernoulliExpFraction(below_t, t)) continue;
    uint64_t rounds = 0;
    while (BernoulliExpOne() && alive()) {
      if (++rounds > kMaxRounds) {
        overflow_ = true;
        break;
      }
    }
    const int64_t magnitude = static_cast<int64_t>(below_t + t * rounds);
    const bool negative = (words_.Next() & 1) != 0;
    // Zero has one sign, else it would come twice as often.
    if (negative && magnitude == 0) continue;
    return negative ? -magnitude : magnitude;
  }
  return 0;
}

int64_t Sampler::Gaussian(uint64_t sigma_squared) {
  const uint64_t t = SquareRoot(sigma_squared) + 1;
  while (alive()) {
    const int64_t value = Laplace(t);
    const uint64_t scaled = static_cast<uint64_t>(value < 0 ? -value : value) * t;
    const Uint128 distance =
        scaled < sigma_squared ? sigma_squared - scaled : scaled - sigma_squared;
    if (BernoulliExp(distance * distance, 2 * sigma_squared * t * t)) return value;
  }
  return 0;
}

}  // namespace

absl::StatusOr<int64_t> DiscreteGaussian::Draw(uint64_t sigma_squared) {
  if (sigma_squared < 1 || sigma_squared > kMaxSigmaSquared) {
    return absl::InvalidArgumentError(
        absl::StrCat("sigma_squared must be 1 to ", kMaxSigmaSquared,
                     ": give the table more weight in the catalogue, or its kind fewer tables"));
  }
  Sampler sampler(words_);
  const int64_t value = sampler.Gaussian(sigma_squared);
  RETURN_IF_ERROR(sampler.status());
  return value;
}

}  // namespace tutti
