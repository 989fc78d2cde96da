#ifndef TUTTI_COMMON_SCORING_SHOWN_FROM_H_
#define TUTTI_COMMON_SCORING_SHOWN_FROM_H_

#include <cstdint>
#include <string>

#include "common/catalog/catalog.h"
#include "common/scoring/planned_margins.h"
#include "common/scoring/public_terms.h"
#include "tutti/window/v1/window.pb.h"

namespace tutti {

// What decides the cadence of an organisation at every size that it may come to have.
struct CadenceRule {
  window::v1::Cadence requested = window::v1::CADENCE_AUTO;
  // In effect: AUTO where there is none yet.
  window::v1::Cadence current = window::v1::CADENCE_AUTO;

  // At another size; see ChooseCadence.
  window::v1::Cadence At(int64_t headcount) const;
};

// The rule of an organisation whose record has this headcount and this cadence: AUTO, unless AUTO
// would not come to that cadence.
CadenceRule RuleOfRecord(int64_t headcount, window::v1::Cadence cadence);

// A size from which something is shown.
struct ShownFrom {
  int64_t people = 0;  // 0 where there is none up to 10,000,000
  // That an organisation has then; UNSPECIFIED where there is no such size.
  window::v1::Cadence cadence = window::v1::CADENCE_UNSPECIFIED;
};

// The size to compare an organisation with, and the smallest of all. They differ where a slower
// cadence shows from fewer people on what the current one begins to show within its sizes.
struct SmallestSizes {
  ShownFrom here;
  ShownFrom anywhere;

  // What is said to an organisation of this size: the smallest of all, if its own size will do;
  // else the one that it lacks.
  const ShownFrom& For(int64_t headcount) const {
    return here.people <= headcount ? anywhere : here;
  }
};

// The product of whose entitled people a category or a measure is; empty where it is of everybody.
std::string EntitledProductOf(const Catalog& catalog, const catalog::v1::Category& category);
std::string EntitledProductOf(const catalog::v1::Measure& measure);

// How a category comes to be shown.
enum class CategoryBy { kOneWindow, kLevel };

// The smallest headcount from which something is shown, with everybody entitled: a category by one
// window alone or by whatever shows it at all, its level included; a measure; a table (its index);
// and the first of all that is fed. A margin shrinks as the headcount
// grows within a cadence, and a faster cadence makes it wider: so the search starts among the sizes
// of the current cadence (with none, of the fastest), goes on to larger ones where none of these
// will do, and to smaller ones where all do: that is `here`. Pure and thread-safe, like everything
// here; a search takes about a millisecond.
SmallestSizes FindSmallestSizes(const Catalog& catalog, const catalog::v1::Category& category,
                                CategoryBy by, const CadenceRule& rule);
SmallestSizes FindSmallestSizes(const Catalog& catalog, const catalog::v1::Measure& measure,
                                const CadenceRule& rule);
SmallestSizes FindSmallestSizes(const Catalog& catalog, int table, const CadenceRule& rule);
SmallestSizes FindSmallestSizes(const Catalog& catalog, const WhatIsFed& fed,
                                const CadenceRule& rule);

// The smallest number of people entitled to `product` from which it is shown to an organisation
// that keeps the other terms; 0 where everybody would not be enough.
int64_t SmallestEntitled(const Catalog& catalog, const catalog::v1::Category& category,
                         CategoryBy by, const std::string& product, const PublicTerms& terms,
                         window::v1::Cadence cadence);
int64_t SmallestEntitled(const Catalog& catalog, const catalog::v1::Measure& measure,
                         const std::string& product, const PublicTerms& terms);

}  // namespace tutti

#endif  // TUTTI_COMMON_SCORING_SHOWN_FROM_H_
