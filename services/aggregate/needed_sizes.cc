#include "services/aggregate/needed_sizes.h"

#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

// What is fed may be declared in very many ways.
constexpr size_t kMostKept = 1000;

}  // namespace

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
  if (sizes.size() >= kMostKept) sizes.clear();
  return sizes.emplace(key, people).first->second;
}

int64_t NeededSizes::OfCategory(const catalog::v1::Category& category, const CadenceRule& rule) {
  return Kept(categories_, rule, {category.id()},
              [&] { return FindSmallestSizes(catalog_, category, CategoryBy::kLevel, rule).here; });
}

int64_t NeededSizes::OfFed(const WhatIsFed& fed, const CadenceRule& rule) {
  std::set<std::string> ids;
  for (const catalog::v1::Category& category : catalog_.proto().categories()) {
    if (fed.category(category)) ids.insert(absl::StrCat("category ", category.id()));
  }
  for (const catalog::v1::Measure& measure : catalog_.proto().measures()) {
    if (fed.measure(measure)) ids.insert(absl::StrCat("measure ", measure.id()));
  }
  return Kept(fed_, rule, ids, [&] { return FindSmallestSizes(catalog_, fed, rule).here; });
}

}  // namespace tutti
