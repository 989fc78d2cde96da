#include "common/upload/fed_categories.h"

#include <cstddef>

namespace tutti {
namespace {

// The tables that a category's points are computed from.
std::set<std::string> TablesOf(const Catalog& catalog, const catalog::v1::Category& category) {
  std::set<std::string> tables;
  const auto add = [&](const std::string& id) {
    const catalog::v1::Measure* measure = catalog.FindMeasure(id);
    if (measure == nullptr) return;
    tables.insert(measure->has_habit() ? measure->habit().table()
                                       : measure->share().numerator().table());
  };
  add(category.reach_and_habit().reach_measure());
  add(category.reach_and_habit().habit_measure());
  for (const std::string& id : category.fault_free().fault_measures()) add(id);
  for (const std::string& id : category.fault_free().health_measures()) add(id);
  for (const catalog::v1::Practice& practice : category.practices().practices()) {
    tables.insert(practice.table());
    tables.insert(practice.denominator().table());
  }
  return tables;
}

}  // namespace

void FedCategories::Add(const MappedActivity& activity) {
  traits_.assign(activity.more_traits.begin(), activity.more_traits.end());
  for (size_t bit = 0; bit < kTraitNames.size(); ++bit) {
    if ((activity.traits >> bit & 1) != 0) traits_.push_back(kTraitNames[bit]);
  }
  IgnoredTerms ignored;
  const ActivityShape* shape =
      catalog_.Classify({activity.type, activity.app, activity.platform, traits_}, ignored);
  if (shape != nullptr) shapes_.insert(shape);
}

std::set<std::string> FedCategories::Names() const {
  std::set<std::string> set_tables;
  for (const ActivityShape* shape : shapes_) {
    for (const std::vector<TableHit>* hits : {&shape->reach, &shape->day}) {
      for (const TableHit& hit : *hits) set_tables.insert(catalog_.table(hit.table).proto->id());
    }
  }
  std::set<std::string> names;
  for (const catalog::v1::Category& category : catalog_.proto().categories()) {
    for (const std::string& table : TablesOf(catalog_, category)) {
      if (set_tables.count(table) > 0) names.insert(category.id());
    }
  }
  return names;
}

}  // namespace tutti
