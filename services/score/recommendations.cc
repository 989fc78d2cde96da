#include "services/score/recommendations.h"

#include <algorithm>
#include <utility>

namespace tutti {

std::vector<score::v1::Recommendation> RecommendActions(const Catalog& catalog,
                                                        const score::v1::Score& score) {
  std::vector<std::pair<double, score::v1::Recommendation>> found;
  for (const catalog::v1::RecommendedAction& action : catalog.proto().actions()) {
    const double threshold = action.below_permille() / 10.0;  // percent
    for (const score::v1::MeasureValue& measure : score.measures()) {
      const score::v1::Estimate& value = measure.value();
      if (measure.measure() != action.measure() ||
          measure.state() != score::v1::FIGURE_STATE_MEASURED ||
          value.bound() == score::v1::BOUND_AT_LEAST ||
          value.value() + value.margin() >= threshold) {
        continue;
      }
      score::v1::Recommendation recommendation;
      recommendation.set_action(action.id());
      recommendation.set_title(action.title());
      recommendation.set_text(action.text());
      recommendation.set_measure(action.measure());
      *recommendation.mutable_value() = value;
      found.emplace_back(threshold - value.value(), std::move(recommendation));
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<score::v1::Recommendation> recommendations;
  for (auto& [room, recommendation] : found) recommendations.push_back(std::move(recommendation));
  return recommendations;
}

}  // namespace tutti
