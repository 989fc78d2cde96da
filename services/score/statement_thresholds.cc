#include "services/score/statement_thresholds.h"

#include <algorithm>

#include "common/scoring/planned_levels.h"
#include "common/window/cadence.h"

namespace tutti {
namespace {

using catalog::v1::Category;
using score::v1::FigureThreshold;
using score::v1::PrivacyStatement;

void FillFigure(const Standing& standing, const ShownFrom& from, const std::string& product,
                FigureThreshold& threshold) {
  threshold.set_headcount(from.people);
  threshold.set_cadence(from.cadence);
  threshold.set_entitled_product(product);
  threshold.set_people(static_cast<int64_t>(standing.terms.EntitledTo(product)));
}

}  // namespace

StatementThresholds::Sizes StatementThresholds::Find(const CadenceRule& rule) const {
  Sizes sizes;
  for (const Category& category : catalog_.proto().categories()) {
    sizes.categories.push_back({FindSmallestSizes(catalog_, category, CategoryBy::kOneWindow, rule),
                                FindSmallestSizes(catalog_, category, CategoryBy::kLevel, rule)});
  }
  for (const catalog::v1::Measure& measure : catalog_.proto().measures()) {
    sizes.measures.push_back(FindSmallestSizes(catalog_, measure, rule));
  }
  for (int table = 0; table < static_cast<int>(catalog_.tables().size()); ++table) {
    sizes.tables.push_back(FindSmallestSizes(catalog_, table, rule));
  }
  return sizes;
}

const StatementThresholds::Sizes& StatementThresholds::SizesFor(const CadenceRule& rule) {
  const Rule key(rule.requested, rule.current);
  {
    const std::lock_guard lock(mutex_);
    if (const auto kept = sizes_.find(key); kept != sizes_.end()) return kept->second;
  }
  // Whoever comes meanwhile finds the same.
  Sizes found = Find(rule);
  const std::lock_guard lock(mutex_);
  return sizes_.emplace(key, std::move(found)).first->second;
}

void StatementThresholds::FillCategory(const Standing& standing, const Category& category,
                                       const OfCategory& sizes, PrivacyStatement& statement) const {
  const std::string product = EntitledProductOf(catalog_, category);
  // At its own size, where it has enough people to entitle.
  const auto own = [&](CategoryBy by, const SmallestSizes& sizes_by) {
    const ShownFrom& with_everybody = sizes_by.For(standing.terms.headcount);
    if (product.empty()) return with_everybody;
    const int64_t people =
        SmallestEntitled(catalog_, category, by, product, standing.terms, standing.cadence);
    return people > 0 ? ShownFrom{people, standing.cadence} : with_everybody;
  };
  const ShownFrom alone = own(CategoryBy::kOneWindow, sizes.alone);
  const ShownFrom with_level = own(CategoryBy::kLevel, sizes.with_level);
  score::v1::CategoryThreshold& threshold = *statement.add_thresholds();
  threshold.set_category(category.id());
  threshold.set_headcount(alone.people);
  threshold.set_cadence(alone.cadence);
  threshold.set_headcount_with_level(with_level.people);
  threshold.set_cadence_with_level(with_level.cadence);
  threshold.set_entitled_product(product);
  threshold.set_people(static_cast<int64_t>(standing.terms.EntitledTo(product)));
  threshold.set_state(score::v1::FIGURE_STATE_NOT_MEASURED);
  if (standing.fed_categories.count(category.id()) == 0) return;
  threshold.set_from_record(
      RecordsUntilShown(catalog_, standing.terms, standing.cadence, category));
  threshold.set_state(threshold.from_record() > 0 ? score::v1::FIGURE_STATE_MEASURED
                                                  : score::v1::FIGURE_STATE_WITHHELD);
  // The first records of a series that is longer than can be told are at no known day.
  const bool known = standing.records < static_cast<int>(kMostLevelWindows) ||
                     threshold.from_record() > standing.records;
  if (threshold.from_record() == 0 || !standing.end_day.has_value() || !known) return;
  const int64_t records = threshold.from_record() - standing.records;
  threshold.set_from_end_day(FormatDay(*standing.end_day + records * PeriodDays(standing.cadence)));
}

void StatementThresholds::Fill(const Standing& standing, PrivacyStatement& statement) {
  const Sizes& sizes = SizesFor(RuleOfRecord(standing.terms.headcount, standing.cadence));
  for (size_t i = 0; i < sizes.categories.size(); ++i) {
    FillCategory(standing, catalog_.proto().categories(static_cast<int>(i)), sizes.categories[i],
                 statement);
  }
  for (size_t i = 0; i < sizes.measures.size(); ++i) {
    const catalog::v1::Measure& measure = catalog_.proto().measures(static_cast<int>(i));
    const std::string product = EntitledProductOf(measure);
    ShownFrom from = sizes.measures[i].For(standing.terms.headcount);
    if (!product.empty()) {
      const int64_t people = SmallestEntitled(catalog_, measure, product, standing.terms);
      if (people > 0) from = {people, standing.cadence};
    }
    if (from.people == 0) continue;
    FigureThreshold& threshold = *statement.add_figure_thresholds();
    threshold.set_measure(measure.id());
    FillFigure(standing, from, product, threshold);
  }
  for (size_t i = 0; i < sizes.tables.size(); ++i) {
    const ShownFrom& from = sizes.tables[i].For(standing.terms.headcount);
    if (from.people == 0) continue;
    FigureThreshold& threshold = *statement.add_figure_thresholds();
    threshold.set_table(catalog_.table(static_cast<int>(i)).proto->id());
    FillFigure(standing, from, "", threshold);
  }
}

}  // namespace tutti
