#include "common/estimate/consistent.h"

#include <algorithm>
#include <functional>

namespace tutti {

std::vector<double> ConsistentParts(const std::vector<double>& parts, double total) {
  std::vector<double> sorted = parts;
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  double sum = 0;
  double shift = 0;
  for (size_t i = 0; i < sorted.size(); ++i) {
    sum += sorted[i];
    const double candidate = (sum - total) / static_cast<double>(i + 1);
    if (sorted[i] - candidate > 0) shift = candidate;
  }
  std::vector<double> result;
  result.reserve(parts.size());
  for (const double part : parts) result.push_back(std::max(0.0, part - shift));
  return result;
}

}  // namespace tutti
