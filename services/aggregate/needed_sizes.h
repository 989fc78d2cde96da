#ifndef TUTTI_SERVICES_AGGREGATE_NEEDED_SIZES_H_
#define TUTTI_SERVICES_AGGREGATE_NEEDED_SIZES_H_

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <tuple>

#include "common/catalog/catalog.h"
#include "common/scoring/planned_margins.h"
#include "common/scoring/shown_from.h"
#include "tutti/window/v1/window.pb.h"

namespace tutti {

// From how many people on something is shown where everybody is entitled: what takes a search of
// milliseconds and is the same for every organisation of one rule of cadences, kept. Thread-safe.
class NeededSizes {
 public:
  // `catalog` outlives it.
  explicit NeededSizes(const Catalog& catalog) : catalog_(catalog) {}

  // For a category, by its level at the latest; 0 where no size would do.
  int64_t OfCategory(const catalog::v1::Category& category, const CadenceRule& rule);
  // For the first category or measure of those that are fed.
  int64_t OfFed(const WhatIsFed& fed, const CadenceRule& rule);

 private:
  // The requested and the current cadence, and the ids.
  using Key = std::tuple<window::v1::Cadence, window::v1::Cadence, std::set<std::string>>;
  using Sizes = std::map<Key, int64_t>;

  int64_t Kept(Sizes& sizes, const CadenceRule& rule, const std::set<std::string>& ids,
               const std::function<ShownFrom()>& find);

  const Catalog& catalog_;
  std::mutex mutex_;
  Sizes categories_;  // both guarded by mutex_
  Sizes fed_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_NEEDED_SIZES_H_
