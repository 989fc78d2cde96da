#include "common/upload/fed_categories.h"

#include <cstddef>
#include <map>

#include "common/catalog/predicate.h"
#include "common/feeding/figure_inputs.h"

namespace tutti {
namespace {

// The features of a table, as bits, that decide whether a predicate selects somebody.
unsigned DecidingFeatures(const catalog::v1::Predicate& predicate,
                          const catalog::v1::Table& table) {
  const PatternSet selected = SelectedPatterns(predicate, table);
  const auto selects = [selected](unsigned pattern) { return (selected >> pattern & 1U) != 0; };
  const unsigned patterns = 1U << table.features_size();
  unsigned deciding = 0;
  for (unsigned feature = 1; feature < patterns; feature <<= 1U) {
    for (unsigned pattern = 0; pattern < patterns; ++pattern) {
      if (selects(pattern) != selects(pattern ^ feature)) deciding |= feature;
    }
  }
  return deciding;
}

}  // namespace

void FedCategories::Add(const MappedActivity& activity) {
  traits_.clear();
  ForEachTrait(activity, [this](absl::string_view trait) { traits_.push_back(trait); });
  IgnoredTerms ignored;
  const ActivityShape* shape =
      catalog_.Classify({activity.type, activity.app, activity.platform, traits_}, ignored);
  if (shape != nullptr) shapes_.insert(shape);
}

std::set<std::string> FedCategories::Names() const {
  std::map<int, unsigned> features;  // that something sets, as bits, by table
  for (const ActivityShape* shape : shapes_) {
    for (const std::vector<TableHit>* hits : {&shape->reach, &shape->day}) {
      for (const TableHit& hit : *hits) features[hit.table] |= hit.features;
    }
  }
  const auto is_fed = [&](const catalog::v1::Predicate& predicate) {
    const auto found = features.find(catalog_.FindTable(predicate.table()));
    return found != features.end() &&
           (found->second & DecidingFeatures(predicate, *catalog_.table(found->first).proto)) != 0;
  };
  std::set<std::string> names;
  for (const catalog::v1::Category& category : catalog_.proto().categories()) {
    for (const FigureInput& input : InputsOf(catalog_, category)) {
      if (is_fed(input.above) || (input.below.has_value() && is_fed(*input.below))) {
        names.insert(category.id());
      }
    }
  }
  return names;
}

}  // namespace tutti
