#include "services/aggregate/needed_sizes.h"

namespace tutti {

int64_t NeededSizes::Kept(Sizes& sizes, const CadenceRule& rule, const std::set<std::string>& ids,
                          const std::function<ShownFrom()>& find) {
  const Key key(rule.requested, rule.current, ids);
  {
    const std::lock_guard lock(mutex_);
    if (const auto kept = sizes.find(key); kept != sizes.end()) return kept->second;
  }
  // Whoever comes meanwhile finds the same.
  const int64_t people = find().people;
  const std::lock_guard lock(mutex_);
  return sizes.emplace(key, people).first->second;
}

int64_t NeededSizes::OfCategory(const catalog::v1::Category& category, const CadenceRule& rule) {
  return Kept(categories_, rule, {category.id()},
              [&] { return SmallestHeadcount(catalog_, category, CategoryBy::kLevel, rule); });
}

int64_t NeededSizes::OfSources(const std::set<std::string>& sources, const CadenceRule& rule) {
  return Kept(sources_, rule, sources, [&] { return SmallestHeadcount(catalog_, sources, rule); });
}

}  // namespace tutti
