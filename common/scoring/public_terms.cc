#include "common/scoring/public_terms.h"

#include <algorithm>

#include "common/privacy/budget.h"
#include "common/window/cadence.h"

namespace tutti {
namespace {

constexpr uint32_t kOnePerPerson = 100;

const CatalogTable& TableAt(const Catalog& catalog, int table) { return catalog.table(table); }

const catalog::v1::SubjectKind& KindOf(const Catalog& catalog, int table) {
  return *catalog.kind(TableAt(catalog, table).kind).proto;
}

}  // namespace

double PublicTerms::EntitledTo(const std::string& product) const {
  const auto found = entitled.find(product);
  return static_cast<double>(found == entitled.end() ? headcount : found->second);
}

PublicTerms TermsOf(const Catalog& catalog, const publication::v1::Publication& publication) {
  PublicTerms terms;
  terms.headcount = publication.headcount();
  terms.step_days = static_cast<int>(publication.step_days());
  for (const auto& entitlement : publication.entitlements()) {
    terms.entitled[entitlement.product()] = entitlement.people();
  }
  terms.kinds.resize(catalog.kinds().size());
  terms.sigma_squared.resize(catalog.tables().size());
  for (const publication::v1::KindRecord& record : publication.kinds()) {
    const int kind = catalog.FindKind(record.kind());
    if (kind < 0) continue;
    terms.kinds[static_cast<size_t>(kind)] =
        SlotSize{record.slots_log2(), record.kept_slots_log2()};
    const auto set = [&](const auto& table) {
      const int index = catalog.FindTable(table.table());
      if (index >= 0) terms.sigma_squared[static_cast<size_t>(index)] = table.sigma_squared();
    };
    for (const publication::v1::TableRecord& table : record.tables()) set(table);
    for (const publication::v1::HabitRecord& habit : record.habits()) set(habit);
  }
  return terms;
}

PublicTerms PlannedTerms(const Catalog& catalog, int64_t headcount, window::v1::Cadence cadence,
                         int step_days) {
  PublicTerms terms;
  terms.headcount = headcount;
  terms.step_days = std::max(step_days, 1);
  terms.sigma_squared.resize(catalog.tables().size());
  for (size_t kind = 0; kind < catalog.kinds().size(); ++kind) {
    const catalog::v1::SubjectKind& proto = *catalog.kinds()[kind].proto;
    terms.kinds.emplace_back();
    if (headcount < proto.min_headcount()) continue;
    terms.kinds.back() = SizeForHeadcount(proto, headcount, cadence);
    const NoisePlan plan = PlanNoise(catalog, static_cast<int>(kind), cadence, terms.step_days);
    for (const std::vector<TableNoise>* part : {&plan.reach, &plan.habits}) {
      for (const TableNoise& noise : *part) {
        terms.sigma_squared[static_cast<size_t>(noise.table)] = noise.sigma_squared;
      }
    }
  }
  return terms;
}

PublicTerms PlannedTerms(
    const Catalog& catalog, int64_t headcount, window::v1::Cadence cadence,
    const google::protobuf::RepeatedPtrField<aggregate::v1::Entitlement>& entitlements) {
  PublicTerms terms = PlannedTerms(catalog, headcount, cadence, PeriodDays(cadence));
  for (const aggregate::v1::Entitlement& entitlement : entitlements) {
    terms.entitled[entitlement.product()] = entitlement.people();
  }
  return terms;
}

bool AreCounted(const Catalog& catalog, const PublicTerms& terms, absl::Span<const int> tables) {
  return std::all_of(tables.begin(), tables.end(), [&](int table) {
    return terms.kinds[static_cast<size_t>(TableAt(catalog, table).kind)].has_value();
  });
}

SlotModel ModelOf(const Catalog& catalog, const PublicTerms& terms, int table) {
  const CatalogTable& of = TableAt(catalog, table);
  const SlotSize size = *terms.kinds[static_cast<size_t>(of.kind)];
  SlotModel model;
  model.features = of.feature_count();
  model.slots = static_cast<double>(size.slots());
  model.kept = static_cast<double>(size.kept());
  model.sigma_squared = static_cast<double>(terms.sigma_squared[static_cast<size_t>(table)]);
  return model;
}

double ExpectedSubjects(const Catalog& catalog, const PublicTerms& terms, int table) {
  return static_cast<double>(terms.headcount) * KindOf(catalog, table).expected_per_100_people() /
         kOnePerPerson;
}

bool IsPopulation(const Catalog& catalog, int table) {
  return KindOf(catalog, table).expected_per_100_people() == kOnePerPerson;
}

}  // namespace tutti
