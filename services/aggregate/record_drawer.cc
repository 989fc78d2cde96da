#include "services/aggregate/record_drawer.h"

#include <optional>
#include <utility>
#include <vector>

#include "common/privacy/budget.h"
#include "common/status/status_macros.h"
#include "services/aggregate/exact_counts.h"
#include "services/aggregate/sealed_window.h"
#include "services/aggregate/slot_counts.h"

namespace tutti {

using publication::v1::Publication;

// Without counts where something was lost.
struct RecordDrawer::CountedKind {
  int kind = 0;
  SlotSize size;
  std::optional<ExactCounts> counts;
  NoisePlan plan;
};

absl::StatusOr<DrawnRecord> RecordDrawer::Draw(const ScheduledOrganization& organization,
                                               Day end_day, const Ledger& ledger) const {
  ASSIGN_OR_RETURN(const auto tallies, counters_.ReadTallies(organization.id()));
  DrawnRecord drawn;
  std::vector<CountedKind> kinds;
  for (int kind = 0; kind < static_cast<int>(catalog_.kinds().size()); ++kind) {
    const CatalogKind& catalog_kind = catalog_.kind(kind);
    if (organization.ShapeOf(catalog_kind, {WindowKind::kReach, end_day}).columns == 0) continue;
    ASSIGN_OR_RETURN(CountedKind counted, Count(organization, end_day, kind, tallies));
    if (counted.counts.has_value()) {
      const std::string& kind_id = catalog_kind.proto->id();
      const absl::Status affordable = CheckBudget(ledger, kind_id, end_day, counted.plan.nano_rho);
      if (absl::IsResourceExhausted(affordable)) {
        drawn.outcome = aggregate::v1::CLOSE_OUTCOME_BUDGET_EXHAUSTED;
        return drawn;
      }
      if (!affordable.ok()) return affordable;
      drawn.staged.nano_rho[kind_id] = counted.plan.nano_rho;
    }
    kinds.push_back(std::move(counted));
  }
  drawn.outcome = aggregate::v1::CLOSE_OUTCOME_INCOMPLETE;
  if (drawn.staged.nano_rho.empty()) return drawn;

  Publication record = Describe(organization, end_day);
  const std::unique_ptr<NoiseSource> noise = make_noise_();
  for (CountedKind& counted : kinds) {
    if (!counted.counts.has_value()) {
      *record.add_kinds() = IncompleteRecord(catalog_, counted.kind, counted.size);
      continue;
    }
    ASSIGN_OR_RETURN(publication::v1::KindRecord noised,
                     Noised(*std::move(counted.counts), counted.plan, *noise));
    *record.add_kinds() = std::move(noised);
  }
  drawn.outcome = aggregate::v1::CLOSE_OUTCOME_PUBLISHED;
  drawn.staged.end_day = end_day;
  drawn.staged.record = record.SerializeAsString();
  drawn.staged.tallied_days = organization.schedule().StepDays(end_day);
  return drawn;
}

Publication RecordDrawer::Describe(const ScheduledOrganization& organization, Day end_day) const {
  const Schedule& schedule = organization.schedule();
  const WindowTerms& terms = schedule.TermsAt(Window{WindowKind::kReach, end_day}.first_day());
  const aggregate::v1::Organization& profile = organization.stored().organization();
  Publication record;
  record.set_organization(organization.id());
  record.set_end_day(FormatDay(end_day));
  record.set_step_days(static_cast<uint32_t>(schedule.StepDays(end_day).size()));
  record.set_cadence(terms.cadence);
  record.set_time_zone(terms.zone.name());
  record.set_headcount(terms.headcount);
  *record.mutable_entitlements() = profile.entitlements();
  *record.mutable_sources() = profile.sources();
  *record.mutable_source_contents() = profile.source_contents();
  record.set_catalog_fingerprint(catalog_.fingerprint());
  record.set_counting_fingerprint(catalog_.counting_fingerprint());
  record.set_catalog_version(catalog_.proto().version());
  record.set_generated_data(profile.generated_data());
  record.set_region(terms.region);
  record.set_industry(terms.industry);
  record.mutable_grace()->set_seconds(absl::ToInt64Seconds(organization.timing().grace));
  return record;
}

absl::StatusOr<RecordDrawer::CountedKind> RecordDrawer::Count(
    const ScheduledOrganization& organization, Day end_day, int kind,
    const std::map<Day, DayTally>& tallies) const {
  const Window window{WindowKind::kReach, end_day};
  const CatalogKind& catalog_kind = catalog_.kind(kind);
  const std::string& kind_id = catalog_kind.proto->id();
  const BitmapShape shape = organization.ShapeOf(catalog_kind, window);
  const std::vector<Day> step_days = organization.schedule().StepDays(end_day);
  CountedKind counted{kind, shape.size, std::nullopt, {}};

  const absl::StatusOr<std::string> bitmap =
      ReadSealedBits(counters_, organization, window, kind_id, shape);
  if (absl::IsNotFound(bitmap.status())) return counted;
  if (!bitmap.ok()) return bitmap.status();
  for (const Day day : step_days) {
    const auto tally = tallies.find(day);
    if (tally == tallies.end() || tally->second.Lost(kind_id)) return counted;
  }

  counted.plan =
      PlanNoise(catalog_, kind, organization.schedule().TermsAt(window.first_day()).cadence,
                static_cast<int>(step_days.size()));
  ExactCounts& counts = counted.counts.emplace(catalog_, kind, shape.size);
  for (const TableNoise& planned : counted.plan.reach) {
    const CatalogTable& table = catalog_.table(planned.table);
    counts.AddPatterns(CountPatterns(*bitmap, shape.size.kept(), table.columns));
  }
  for (const TableNoise& planned : counted.plan.habits) {
    const std::string& table = catalog_.table(planned.table).proto->id();
    int64_t sum = 0;
    for (const Day day : step_days) {
      const DayTally& tally = tallies.at(day);
      if (const auto count = tally.counts.find(table); count != tally.counts.end()) {
        sum += count->second;
      }
    }
    counts.AddHabit(sum);
  }
  return counted;
}

}  // namespace tutti
