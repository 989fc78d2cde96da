#include "services/score/recommendations.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tutti {
namespace {

// How far a value is from a threshold as people are shown it: a bound by its end.
double Distance(const score::v1::Estimate& value, double threshold) {
  double shown = value.value();
  if (value.bound() == score::v1::BOUND_AT_LEAST) shown -= value.margin();
  if (value.bound() == score::v1::BOUND_AT_MOST) shown += value.margin();
  return std::abs(threshold - shown);
}

}  // namespace

std::vector<score::v1::Recommendation> RecommendActions(const Catalog& catalog,
                                                        const score::v1::Score& score) {
  std::vector<std::pair<double, score::v1::Recommendation>> found;
  for (const catalog::v1::RecommendedAction& action : catalog.proto().actions()) {
    const bool too_high = action.above_permille() > 0;
    const double threshold =
        (too_high ? action.above_permille() : action.below_permille()) / 10.0;  // percent
    for (const score::v1::MeasureValue& measure : score.measures()) {
      const score::v1::Estimate& value = measure.value();
      // How far the whole interval is on the wrong side.
      const double beyond = too_high ? value.value() - value.margin() - threshold
                                     : threshold - value.value() - value.margin();
      const score::v1::Bound open = too_high ? score::v1::BOUND_AT_MOST : score::v1::BOUND_AT_LEAST;
      if (measure.measure() != action.measure() ||
          measure.state() != score::v1::FIGURE_STATE_MEASURED || value.bound() == open ||
          beyond <= 0) {
        continue;
      }
      score::v1::Recommendation recommendation;
      recommendation.set_action(action.id());
      recommendation.set_title(action.title());
      recommendation.set_text(action.text());
      recommendation.set_measure(action.measure());
      *recommendation.mutable_value() = value;
      found.emplace_back(Distance(value, threshold), std::move(recommendation));
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<score::v1::Recommendation> recommendations;
  recommendations.reserve(found.size());
  for (auto& [room, recommendation] : found) recommendations.push_back(std::move(recommendation));
  return recommendations;
}

}  // namespace tutti
