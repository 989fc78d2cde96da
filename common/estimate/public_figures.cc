#include "common/estimate/public_figures.h"

#include <algorithm>
#include <cmath>

#include "common/privacy/budget.h"
#include "common/estimate/predicate_terms.h"
#include "common/estimate/union_counts.h"

namespace tutti {
namespace {

using catalog::v1::Category;
using catalog::v1::Measure;
using catalog::v1::Predicate;

int StepDaysOf(aggregate::v1::Cadence cadence) {
  switch (cadence) {
    case aggregate::v1::CADENCE_DAILY:
      return 1;
    case aggregate::v1::CADENCE_WEEKLY:
      return 7;
    default:
      return 28;
  }
}

const CatalogTable* TableOf(const Catalog& catalog, const std::string& id) {
  const int table = catalog.FindTable(id);
  return table < 0 ? nullptr : &catalog.tables()[static_cast<size_t>(table)];
}

}  // namespace

PublicFigures PublicFigures::Of(const Catalog& catalog,
                                const publication::v1::Publication& record) {
  PublicFigures figures(catalog);
  figures.headcount_ = record.headcount();
  figures.step_days_ = static_cast<int>(record.step_days());
  for (const auto& entitlement : record.entitlements()) {
    figures.entitlements_[entitlement.product()] = entitlement.people();
  }
  for (const auto& kind : record.kinds()) {
    figures.sizes_[catalog.FindKind(kind.kind())] =
        SlotSize{kind.slots_log2(), kind.kept_slots_log2()};
    for (const auto& table : kind.tables()) {
      figures.sigmas_[catalog.FindTable(table.table())] = table.sigma_squared();
    }
    for (const auto& habit : kind.habits()) {
      figures.sigmas_[catalog.FindTable(habit.table())] = habit.sigma_squared();
    }
  }
  return figures;
}

PublicFigures PublicFigures::Planned(const Catalog& catalog, int64_t headcount,
                                     aggregate::v1::Cadence cadence, int step_days) {
  PublicFigures figures(catalog);
  figures.headcount_ = headcount;
  figures.step_days_ = step_days;
  for (size_t kind = 0; kind < catalog.kinds().size(); ++kind) {
    const catalog::v1::SubjectKind& proto = *catalog.kinds()[kind].proto;
    if (headcount < proto.min_headcount()) continue;
    figures.sizes_[static_cast<int>(kind)] = SizeForHeadcount(proto, headcount, cadence);
    const NoisePlan plan = PlanNoise(catalog, static_cast<int>(kind), cadence, step_days);
    for (const TableNoise& noise : plan.reach) figures.sigmas_[noise.table] = noise.sigma_squared;
    for (const TableNoise& noise : plan.habits) figures.sigmas_[noise.table] = noise.sigma_squared;
  }
  return figures;
}

double PublicFigures::Entitled(const std::string& product) const {
  const auto found = entitlements_.find(product);
  return static_cast<double>(found == entitlements_.end() ? headcount_ : found->second);
}

std::optional<SlotSize> PublicFigures::SizeOf(int kind) const {
  const auto found = sizes_.find(kind);
  if (found == sizes_.end()) return std::nullopt;
  return found->second;
}

uint64_t PublicFigures::SigmaSquared(int table) const {
  const auto found = sigmas_.find(table);
  return found == sigmas_.end() ? 0 : found->second;
}

std::optional<Figure> PublicFigures::PlannedCount(const Predicate& predicate, double population,
                                                  double share) const {
  const CatalogTable* table = TableOf(*catalog_, predicate.table());
  if (table == nullptr) return std::nullopt;
  const std::optional<SlotSize> size = SizeOf(table->kind);
  if (!size.has_value()) return std::nullopt;
  const std::vector<bool> selected = SelectedPatterns(*table, predicate);
  const UnionCounts planned = UnionCounts::Planned(
      *size, table->feature_count(), population, ShareForProbability(selected, share),
      SigmaSquared(catalog_->FindTable(predicate.table())));
  return planned.Sum(UnionCoefficients(selected));
}

std::optional<Figure> PublicFigures::PlannedMeasure(const Measure& measure, double share) const {
  if (measure.formula_case() == Measure::kHabit) {
    const CatalogTable* table = TableOf(*catalog_, measure.habit().table());
    const double entitled = Entitled(measure.habit().entitled_product());
    const std::optional<SlotSize> size = table == nullptr ? std::nullopt : SizeOf(table->kind);
    if (!size.has_value() || entitled <= 0 || step_days_ <= 0) return std::nullopt;
    return PlannedDailyCount(*size, step_days_, entitled, share,
                             SigmaSquared(catalog_->FindTable(measure.habit().table())))
        .Times(1 / entitled);
  }
  const bool is_count = measure.formula_case() == Measure::kCount;
  const Predicate& above = is_count ? measure.count() : measure.share().numerator();
  const CatalogTable* table = TableOf(*catalog_, above.table());
  if (table == nullptr) return std::nullopt;
  const double expected =
      static_cast<double>(headcount_) *
      catalog_->kinds()[static_cast<size_t>(table->kind)].proto->expected_per_100_people() / 100;
  if (is_count) return PlannedCount(above, expected, share);
  if (measure.share().denominator_case() == catalog::v1::Share::kEntitledProduct) {
    const double entitled = Entitled(measure.share().entitled_product());
    if (entitled <= 0) return std::nullopt;
    const std::optional<Figure> count = PlannedCount(above, entitled, share);
    if (!count.has_value()) return std::nullopt;
    return count->Times(1 / entitled);
  }
  // A rate among those below the line, planned for one half of everybody there.
  const double below = expected / 2;
  const std::optional<Figure> x = PlannedCount(above, expected, share / 2);
  const std::optional<Figure> y = PlannedCount(measure.share().subjects(), expected, 0.5);
  if (!x.has_value() || !y.has_value() || below <= 0) return std::nullopt;
  Figure rate;
  rate.value = share;
  rate.deviation = std::hypot(x->deviation, share * y->deviation) / below;
  return rate;
}

std::optional<double> PublicFigures::PlannedPointsMargin(const Category& category) const {
  constexpr double kHalf = 0.5;
  const auto margin = [this](const std::string& id, double points) -> std::optional<Figure> {
    const Measure* measure = catalog_->FindMeasure(id);
    if (measure == nullptr) return std::nullopt;
    const std::optional<Figure> figure = PlannedMeasure(*measure, kHalf);
    if (!figure.has_value()) return std::nullopt;
    return figure->Times(points);
  };
  double variance = 0;
  double bias = 0;
  const auto add = [&](const std::optional<Figure>& figure) {
    if (!figure.has_value()) return false;
    variance += figure->deviation * figure->deviation;
    bias += figure->bias;
    return true;
  };
  switch (category.formula_case()) {
    case Category::kReachAndHabit: {
      const auto& formula = category.reach_and_habit();
      const double full =
          static_cast<double>(formula.full_habit_numerator()) / formula.full_habit_denominator();
      if (!add(margin(formula.reach_measure(), formula.reach_points())) ||
          !add(margin(formula.habit_measure(), formula.habit_points() / full))) {
        return std::nullopt;
      }
      break;
    }
    case Category::kFaultFree: {
      const int faults = category.fault_free().fault_measures_size();
      for (const std::string& id : category.fault_free().fault_measures()) {
        if (!add(margin(id, 100.0 / faults))) return std::nullopt;
      }
      break;
    }
    default: {
      double weights = 0;
      for (const auto& practice : category.practices().practices()) weights += practice.weight();
      for (const auto& practice : category.practices().practices()) {
        catalog::v1::Measure measure;
        *measure.mutable_share()->mutable_subjects() = practice.denominator();
        measure.mutable_share()->mutable_numerator()->set_table(practice.table());
        measure.mutable_share()->mutable_numerator()->mutable_any_of()->add_features(
            practice.followed_feature());
        const std::optional<Figure> rate = PlannedMeasure(measure, kHalf);
        // A subject that counts twice doubles its part of the error at most.
        if (!rate.has_value() || !add(rate->Times(2 * 100 * practice.weight() / weights))) {
          return std::nullopt;
        }
      }
    }
  }
  return kDeviations95 * std::sqrt(variance) + bias;
}

bool AnythingShown(const Catalog& catalog, int64_t headcount, aggregate::v1::Cadence cadence,
                   int step_days) {
  const PublicFigures figures = PublicFigures::Planned(catalog, headcount, cadence, step_days);
  const auto& categories = catalog.proto().categories();
  return std::any_of(categories.begin(), categories.end(), [&](const Category& category) {
    const std::optional<double> margin = figures.PlannedPointsMargin(category);
    return margin.has_value() && *margin <= kWidestMargin;
  });
}

std::optional<int64_t> SmallestHeadcount(const Catalog& catalog, const Category& category) {
  for (int64_t headcount = 10; headcount <= 1'000'000;
       headcount += std::max<int64_t>(1, headcount / 200)) {
    const aggregate::v1::Cadence cadence =
        ChooseCadence(headcount, aggregate::v1::CADENCE_AUTO, aggregate::v1::CADENCE_UNSPECIFIED);
    const std::optional<double> margin =
        PublicFigures::Planned(catalog, headcount, cadence, StepDaysOf(cadence))
            .PlannedPointsMargin(category);
    if (margin.has_value() && *margin <= kWidestMargin) return headcount;
  }
  return std::nullopt;
}

}  // namespace tutti
