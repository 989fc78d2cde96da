#include "services/aggregate/exact_counts.h"

#include "common/status/status_macros.h"

namespace tutti {

using publication::v1::KindRecord;

KindRecord IncompleteRecord(const Catalog& catalog, int kind, SlotSize size) {
  KindRecord record;
  record.set_kind(catalog.kind(kind).proto->id());
  record.set_state(publication::v1::KIND_STATE_INCOMPLETE);
  record.set_slots_log2(size.slots_log2);
  record.set_kept_slots_log2(size.kept_log2);
  return record;
}

absl::StatusOr<KindRecord> Noised(ExactCounts counts, const NoisePlan& plan, NoiseSource& noise) {
  if (counts.patterns_.size() != plan.reach.size() || counts.habits_.size() != plan.habits.size()) {
    return absl::InternalError("the noise is planned for other tables than were counted");
  }
  const std::vector<CatalogTable>& tables = counts.catalog_->tables();
  KindRecord record = IncompleteRecord(*counts.catalog_, counts.kind_, counts.size_);
  for (size_t i = 0; i < plan.reach.size(); ++i) {
    const CatalogTable& table = tables[static_cast<size_t>(plan.reach[i].table)];
    publication::v1::TableRecord& out = *record.add_tables();
    out.set_table(table.proto->id());
    out.set_sigma_squared(plan.reach[i].sigma_squared);
    for (const catalog::v1::Feature& feature : table.proto->features()) {
      out.add_features(feature.id());
    }
    // One cell is enough for one feature: the other is what is left of all slots.
    for (size_t cell = table.feature_count() == 1 ? 1 : 0; cell < counts.patterns_[i].size();
         ++cell) {
      ASSIGN_OR_RETURN(const int64_t draw, noise.Draw(plan.reach[i].sigma_squared));
      out.add_cells(counts.patterns_[i][cell] + draw);
    }
  }
  for (size_t i = 0; i < plan.habits.size(); ++i) {
    ASSIGN_OR_RETURN(const int64_t draw, noise.Draw(plan.habits[i].sigma_squared));
    publication::v1::HabitRecord& out = *record.add_habits();
    out.set_table(tables[static_cast<size_t>(plan.habits[i].table)].proto->id());
    out.set_sigma_squared(plan.habits[i].sigma_squared);
    out.set_sum(counts.habits_[i] + draw);
  }
  record.set_nano_rho(plan.nano_rho);
  record.set_state(publication::v1::KIND_STATE_COMPLETE);
  return record;
}

}  // namespace tutti
