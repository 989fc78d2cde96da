#include "common/catalog/predicate.h"

#include <bitset>

namespace tutti {
namespace {

using catalog::v1::FeatureSet;
using catalog::v1::Predicate;
using catalog::v1::Table;

constexpr unsigned kMaxFeatures = 4;

unsigned MaskOf(const FeatureSet& set, const Table& table) {
  unsigned mask = 0;
  for (const std::string& id : set.features()) {
    for (int i = 0; i < table.features_size(); ++i) {
      if (table.features(i).id() == id) mask |= 1U << i;
    }
  }
  return mask;
}

bool Holds(const Predicate& predicate, const Table& table, unsigned pattern) {
  const size_t present = std::bitset<kMaxFeatures>(pattern).count();
  switch (predicate.condition_case()) {
    case Predicate::kAnyOf:
      return (pattern & MaskOf(predicate.any_of(), table)) != 0;
    case Predicate::kAllOf: {
      const unsigned mask = MaskOf(predicate.all_of(), table);
      return (pattern & mask) == mask;
    }
    case Predicate::kOnly:
      return pattern == MaskOf(predicate.only(), table);
    case Predicate::kAtLeast:
      return present >= predicate.at_least();
    case Predicate::kExactly:
      return present == predicate.exactly();
    case Predicate::CONDITION_NOT_SET:
      return false;
  }
  return false;
}

}  // namespace

bool SelectsNone(const Predicate& predicate) {
  return predicate.has_exactly() && predicate.exactly() == 0;
}

PatternSet SelectedPatterns(const Predicate& predicate, const Table& table) {
  unsigned selected = 0;
  for (unsigned pattern = 1; pattern < (1U << table.features_size()); ++pattern) {
    if (Holds(predicate, table, pattern)) selected |= 1U << pattern;
  }
  return static_cast<PatternSet>(selected);
}

}  // namespace tutti
