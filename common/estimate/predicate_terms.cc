#include "common/estimate/predicate_terms.h"

#include <bit>
#include <cmath>

namespace tutti {
namespace {

size_t MaskOf(const CatalogTable& table, const catalog::v1::FeatureSet& set) {
  size_t mask = 0;
  for (const auto& id : set.features()) {
    const int feature = table.FindFeature(id);
    if (feature >= 0) mask |= size_t{1} << feature;
  }
  return mask;
}

bool GrowsWithEveryFeature(const std::vector<bool>& selected) {
  for (size_t pattern = 0; pattern < selected.size(); ++pattern) {
    for (size_t bit = 1; bit < selected.size(); bit <<= 1) {
      if (selected[pattern] && !selected[pattern | bit]) return false;
    }
  }
  return true;
}

}  // namespace

std::vector<bool> SelectedPatterns(const CatalogTable& table,
                                   const catalog::v1::Predicate& predicate) {
  using catalog::v1::Predicate;
  std::vector<bool> selected(size_t{1} << table.feature_count(), false);
  for (size_t pattern = 1; pattern < selected.size(); ++pattern) {
    const auto present = static_cast<uint32_t>(std::popcount(pattern));
    switch (predicate.condition_case()) {
      case Predicate::kAnyOf:
        selected[pattern] = (pattern & MaskOf(table, predicate.any_of())) != 0;
        break;
      case Predicate::kAllOf: {
        const size_t mask = MaskOf(table, predicate.all_of());
        selected[pattern] = (pattern & mask) == mask;
        break;
      }
      case Predicate::kOnly:
        selected[pattern] = pattern == MaskOf(table, predicate.only());
        break;
      case Predicate::kAtLeast:
        selected[pattern] = present >= predicate.at_least();
        break;
      case Predicate::kExactly:
        selected[pattern] = present == predicate.exactly();
        break;
      case Predicate::CONDITION_NOT_SET:
        break;
    }
  }
  return selected;
}

std::vector<double> UnionCoefficients(const std::vector<bool>& selected) {
  const size_t patterns = selected.size();
  // f(x) = sum over U containing x of g(U), so g(U) = sum over W containing U of
  // (-1)^|W \ U| f(W); and [x meets T] = 1 - [x inside the complement of T].
  std::vector<double> g(patterns);
  for (size_t i = 0; i < patterns; ++i) g[i] = selected[i] ? 1 : 0;
  for (size_t bit = 1; bit < patterns; bit <<= 1) {
    for (size_t u = 0; u < patterns; ++u) {
      if ((u & bit) == 0) g[u] -= g[u | bit];
    }
  }
  std::vector<double> coefficients(patterns, 0);
  for (size_t set = 1; set < patterns; ++set) coefficients[set] = -g[patterns - 1 - set];
  return coefficients;
}

double SelectionProbability(const std::vector<bool>& selected, double share) {
  const int features = std::countr_zero(selected.size());
  double probability = 0;
  for (size_t pattern = 0; pattern < selected.size(); ++pattern) {
    const int present = std::popcount(pattern);
    if (selected[pattern]) {
      probability += std::pow(share, present) * std::pow(1 - share, features - present);
    }
  }
  return probability;
}

double ShareForProbability(const std::vector<bool>& selected, double wanted) {
  if (!GrowsWithEveryFeature(selected)) return 0.5;
  double low = 0;
  double high = 1;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (SelectionProbability(selected, middle) < wanted ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace tutti
