// Attack 14: how long a close takes, against what was counted and what was drawn. The
// attacker here is stronger than any caller: it has the processor's time of the close itself,
// inside the process, without a network, a disk, other organisations or a scheduler in between.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "tests/doubles/seeded_random_words.h"
#include "tests/privacy/attacks/attack.h"
#include "tests/privacy/attacks/timed_worlds.h"
#include "tests/privacy/audit/rank_correlation.h"

namespace tutti {
namespace {

// Remembers how large the noise was in all.
class RecordedNoise final : public NoiseSource {
 public:
  RecordedNoise(uint64_t seed, double& size) : sound_(seed), size_(size) {}

  absl::StatusOr<int64_t> Draw(uint64_t sigma_squared) override {
    absl::StatusOr<int64_t> draw = sound_.Draw(sigma_squared);
    if (draw.ok()) {
      size_ += std::abs(static_cast<double>(*draw)) / std::sqrt(static_cast<double>(sigma_squared));
    }
    return draw;
  }

 private:
  SeededNoise sound_;
  double& size_;
};

// Works the longer, the more there is in a cell: what a sampler or a counting loop that
// follows the data would do.
class LeakyNoise final : public NoiseSource {
 public:
  LeakyNoise(uint64_t seed, size_t world) : sound_(seed), work_(absl::Microseconds(3 * world)) {}

  absl::StatusOr<int64_t> Draw(uint64_t sigma_squared) override {
    const absl::Duration until = ThreadTime() + work_;
    while (ThreadTime() < until) {
    }
    return sound_.Draw(sigma_squared);
  }

 private:
  SeededNoise sound_;
  absl::Duration work_;
};

// A close comes long after the last event: what the events left in the processor's
// caches is gone by then.
void CoolCaches() {
  static std::vector<char> memory(size_t{32} << 20);
  for (size_t i = 0; i < memory.size(); i += 64) ++memory[i];
}

struct Timing {
  std::vector<double> seconds;
  std::vector<double> active;  // people
  std::vector<double> noise;   // sum of |draw| / sigma
};

// What is timed comes after nothing but other closes: what was done to make an
// organisation is over, and the same for all. One in which nobody did anything in four weeks
// is left out: it has no windows to read and to delete, which can be told here; callers see
// ticks (see the other attack 14).
Timing TimeCloses(int64_t closes, bool leaky) {
  constexpr int64_t kBatch = 50;
  LocalSuite suite(ShippedCatalog(), kLastDay);
  const std::vector<aggregate::v1::MergeDeltasRequest> worlds = TimedWorlds();
  Timing timing;
  std::mt19937 engine(14);
  std::map<std::string, size_t> made;
  for (int64_t i = 0; i < closes; ++i) {
    if (made.empty()) {
      for (int64_t j = i; j < std::min(i + kBatch, closes); ++j) {
        const std::string id = absl::StrFormat("world-%08x", engine());
        made[id] = 1 + engine() % (worlds.size() - 1);
        suite.Repeat({worlds[made[id]]}, id, kTimedHeadcount, kFirstDay);
      }
    }
    const auto [id, world] = *made.begin();
    made.erase(made.begin());
    double noise = 0;
    CoolCaches();
    suite.Close(id, [&, leaky_world = world]() -> std::unique_ptr<NoiseSource> {
      const auto seed = static_cast<uint64_t>(i);
      if (leaky) return std::make_unique<LeakyNoise>(seed, leaky_world);
      return std::make_unique<RecordedNoise>(seed, noise);
    });
    timing.seconds.push_back(absl::ToDoubleSeconds(suite.close_time));
    timing.active.push_back(static_cast<double>(world));
    timing.noise.push_back(noise);
  }
  return timing;
}

// Mutation, in the long form: a counting loop that takes one bit after another comes to 0.036
// against the number of people.
TEST(CloseTimingAttack, ACloseTakesAsLongWhateverItCountsAndDraws) {
  const int64_t closes = Longer(1'000, 50'000);
  const Timing timing = TimeCloses(closes, /*leaky=*/false);
  const double by_count = RankCorrelation(timing.seconds, timing.active);
  const double by_noise = RankCorrelation(timing.seconds, timing.noise);
  const Timing leaky = TimeCloses(1'000, /*leaky=*/true);
  const double control = RankCorrelation(leaky.seconds, leaky.active);
  // Five standard errors of a correlation that is none, and never less than is promised.
  const double most = std::max(0.02, 5 / std::sqrt(static_cast<double>(closes)));
  ReportAttack(14, absl::StrFormat("%d closes: rank correlation of their time with the people "
                                   "%.3f, with the noise %.3f (at most %.3f); the control %.3f",
                                   closes, by_count, by_noise, most, control));
  EXPECT_LT(std::abs(by_count), most);
  EXPECT_LT(std::abs(by_noise), most);
  EXPECT_GT(control, 2 * most) << "the control was not detected";
}

}  // namespace
}  // namespace tutti
