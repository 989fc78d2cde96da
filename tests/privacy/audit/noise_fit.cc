#include "tests/privacy/audit/noise_fit.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace tutti {
namespace {

// Beyond this many standard deviations nothing is ever drawn.
constexpr double kTail = 12;
constexpr double kLeastExpected = 5;

int64_t Reach(uint64_t sigma_squared) {
  return static_cast<int64_t>(std::ceil(kTail * std::sqrt(static_cast<double>(sigma_squared))));
}

double Weight(uint64_t sigma_squared, int64_t value) {
  const double x = static_cast<double>(value);
  return std::exp(-x * x / (2 * static_cast<double>(sigma_squared)));
}

double Normaliser(uint64_t sigma_squared) {
  double sum = 1;
  for (int64_t x = Reach(sigma_squared); x >= 1; --x) sum += 2 * Weight(sigma_squared, x);
  return sum;
}

double Total(const NoiseHistogram& histogram) {
  double total = 0;
  for (const auto& [value, count] : histogram) total += static_cast<double>(count);
  return total;
}

struct Cell {
  double expected = 0;
  double seen = 0;
};

}  // namespace

absl::StatusOr<NoiseHistogram> CollectNoise(NoiseSource& noise, uint64_t sigma_squared,
                                            int64_t draws) {
  NoiseHistogram histogram;
  for (int64_t i = 0; i < draws; ++i) {
    const absl::StatusOr<int64_t> draw = noise.Draw(sigma_squared);
    if (!draw.ok()) return draw.status();
    ++histogram[*draw];
  }
  return histogram;
}

double NoiseProbability(uint64_t sigma_squared, int64_t value) {
  return Weight(sigma_squared, value) / Normaliser(sigma_squared);
}

double NoiseFit::limit() const { return degrees + 6 * std::sqrt(2.0 * degrees); }

NoiseFit FitNoise(const NoiseHistogram& histogram, uint64_t sigma_squared) {
  const double scale = Total(histogram) / Normaliser(sigma_squared);
  const int64_t reach = Reach(sigma_squared);
  std::vector<Cell> cells;
  Cell open;
  auto seen = histogram.begin();
  for (int64_t x = -reach; x <= reach; ++x) {
    open.expected += scale * Weight(sigma_squared, x);
    for (; seen != histogram.end() && seen->first <= x; ++seen) {
      open.seen += static_cast<double>(seen->second);
    }
    if (open.expected >= kLeastExpected) {
      cells.push_back(open);
      open = Cell();
    }
  }
  for (; seen != histogram.end(); ++seen) open.seen += static_cast<double>(seen->second);
  if (cells.empty()) cells.push_back(Cell());
  cells.back().expected += open.expected;
  cells.back().seen += open.seen;

  NoiseFit fit;
  fit.degrees = static_cast<int>(cells.size()) - 1;
  for (const Cell& cell : cells) {
    fit.chi_square += (cell.seen - cell.expected) * (cell.seen - cell.expected) / cell.expected;
  }
  return fit;
}

double SignScore(const NoiseHistogram& histogram) {
  double positive = 0;
  double negative = 0;
  for (const auto& [value, count] : histogram) {
    if (value > 0) positive += static_cast<double>(count);
    if (value < 0) negative += static_cast<double>(count);
  }
  return (positive - negative) / std::sqrt(std::max(1.0, positive + negative));
}

double ParityScore(const NoiseHistogram& histogram, uint64_t sigma_squared) {
  double even = 0;
  for (const auto& [value, count] : histogram) {
    if (value % 2 == 0) even += static_cast<double>(count);
  }
  const int64_t reach = Reach(sigma_squared);
  double p = 0;
  for (int64_t x = -(reach / 2) * 2; x <= reach; x += 2) p += Weight(sigma_squared, x);
  p /= Normaliser(sigma_squared);
  const double n = Total(histogram);
  return (even - n * p) / std::sqrt(n * p * (1 - p));
}

double PlugInDelta(const NoiseHistogram& histogram, double epsilon) {
  const double n = Total(histogram);
  const double factor = std::exp(epsilon);
  double delta = 0;
  for (const auto& [value, count] : histogram) {
    const auto neighbour = histogram.find(value + 1);
    const double q = neighbour == histogram.end() ? 0 : static_cast<double>(neighbour->second);
    delta += std::max(0.0, (static_cast<double>(count) - factor * q) / n);
  }
  return delta;
}

}  // namespace tutti
