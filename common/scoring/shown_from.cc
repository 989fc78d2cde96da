#include "common/scoring/shown_from.h"

#include <algorithm>
#include <vector>

#include "common/scoring/planned_levels.h"
#include "common/window/cadence.h"
#include "common/window/schedule.h"

namespace tutti {
namespace {

using catalog::v1::Category;
using catalog::v1::Measure;
using window::v1::Cadence;

constexpr int64_t kLeastHeadcount = 10;

// The smallest number in [first, last] for which `holds`, which holds for last and
// for everything above the first for which it does.
template <typename Predicate>
int64_t FirstThat(int64_t first, int64_t last, const Predicate& holds) {
  while (first < last) {
    const int64_t middle = first + (last - first) / 2;
    if (holds(middle)) {
      last = middle;
    } else {
      first = middle + 1;
    }
  }
  return first;
}

// The sizes, both ends included, that have a cadence.
struct Stretch {
  int64_t first = 0;
  int64_t last = 0;
  Cadence cadence = window::v1::CADENCE_UNSPECIFIED;
};

// From the largest sizes down.
std::vector<Stretch> StretchesOf(const CadenceRule& rule) {
  std::vector<Stretch> stretches;
  int64_t last = kMaxHeadcount;
  while (last >= kLeastHeadcount) {
    const Cadence cadence = rule.At(last);
    const int64_t first = FirstThat(
        kLeastHeadcount, last, [&](int64_t headcount) { return rule.At(headcount) == cadence; });
    stretches.push_back({first, last, cadence});
    last = first - 1;
  }
  return stretches;
}

template <typename Shown>
SmallestSizes SmallestShown(const CadenceRule& rule, const Shown& shown_at) {
  const std::vector<Stretch> stretches = StretchesOf(rule);
  const auto any = [&](const Stretch& stretch) { return shown_at(stretch.last, stretch.cadence); };
  auto in = std::find_if(stretches.begin(), stretches.end(),
                         [&](const Stretch& stretch) { return stretch.cadence == rule.current; });
  if (in == stretches.end()) in = stretches.begin();
  while (!any(*in)) {
    if (in == stretches.begin()) return {};
    --in;
  }
  const auto first_in = [&](const Stretch& stretch) {
    return FirstThat(stretch.first, stretch.last,
                     [&](int64_t headcount) { return shown_at(headcount, stretch.cadence); });
  };
  ShownFrom found{first_in(*in), in->cadence};
  while (found.people == in->first && in + 1 != stretches.end() && any(*(in + 1))) {
    ++in;
    found = {first_in(*in), in->cadence};
  }
  SmallestSizes sizes{found, found};
  while (++in != stretches.end()) {
    if (any(*in)) sizes.anywhere = {first_in(*in), in->cadence};
  }
  return sizes;
}

PublicTerms TermsAt(const Catalog& catalog, int64_t headcount, Cadence cadence) {
  return PlannedTerms(catalog, headcount, cadence, PeriodDays(cadence));
}

bool IsShownBy(CategoryBy by, const Catalog& catalog, const PublicTerms& terms, Cadence cadence,
               const Category& category) {
  return by == CategoryBy::kOneWindow ? IsShown(catalog, terms, category)
                                      : RecordsUntilShown(catalog, terms, cadence, category) > 0;
}

template <typename Shown>
int64_t FirstEntitled(const std::string& product, PublicTerms terms, const Shown& shown) {
  const auto shown_with = [&](int64_t people) {
    terms.entitled[product] = people;
    return shown(terms);
  };
  if (!shown_with(terms.headcount)) return 0;
  return FirstThat(0, terms.headcount, shown_with);
}

}  // namespace

Cadence CadenceRule::At(int64_t headcount) const {
  return ChooseCadence(headcount, requested, current);
}

CadenceRule RuleOfRecord(int64_t headcount, Cadence cadence) {
  CadenceRule rule{window::v1::CADENCE_AUTO, cadence};
  if (rule.At(headcount) != cadence) rule.requested = cadence;
  return rule;
}

std::string EntitledProductOf(const Measure& measure) {
  return measure.has_habit() ? measure.habit().entitled_product()
                             : measure.share().entitled_product();
}

std::string EntitledProductOf(const Catalog& catalog, const Category& category) {
  if (!category.has_reach_and_habit()) return "";
  const catalog::v1::ReachAndHabit& formula = category.reach_and_habit();
  return EntitledProductOf(*catalog.FindMeasure(formula.habit_measure()));
}

SmallestSizes FindSmallestSizes(const Catalog& catalog, const Category& category, CategoryBy by,
                                const CadenceRule& rule) {
  return SmallestShown(rule, [&](int64_t headcount, Cadence cadence) {
    return IsShownBy(by, catalog, TermsAt(catalog, headcount, cadence), cadence, category);
  });
}

SmallestSizes FindSmallestSizes(const Catalog& catalog, const Measure& measure,
                                const CadenceRule& rule) {
  return SmallestShown(rule, [&](int64_t headcount, Cadence cadence) {
    return IsShown(catalog, TermsAt(catalog, headcount, cadence), measure);
  });
}

SmallestSizes FindSmallestSizes(const Catalog& catalog, int table, const CadenceRule& rule) {
  return SmallestShown(rule, [&](int64_t headcount, Cadence cadence) {
    return IsTableShown(catalog, TermsAt(catalog, headcount, cadence), table);
  });
}

SmallestSizes FindSmallestSizes(const Catalog& catalog, const WhatIsFed& fed,
                                const CadenceRule& rule) {
  return SmallestShown(rule, [&](int64_t headcount, Cadence cadence) {
    return RecordsUntilAnythingShown(catalog, TermsAt(catalog, headcount, cadence), cadence, fed) >
           0;
  });
}

int64_t SmallestEntitled(const Catalog& catalog, const Category& category, CategoryBy by,
                         const std::string& product, const PublicTerms& terms, Cadence cadence) {
  return FirstEntitled(product, terms, [&](const PublicTerms& changed) {
    return IsShownBy(by, catalog, changed, cadence, category);
  });
}

int64_t SmallestEntitled(const Catalog& catalog, const Measure& measure, const std::string& product,
                         const PublicTerms& terms) {
  return FirstEntitled(product, terms, [&](const PublicTerms& changed) {
    return IsShown(catalog, changed, measure);
  });
}

}  // namespace tutti
