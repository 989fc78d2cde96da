#include "common/privacy/budget.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/privacy/noise.h"
#include "common/privacy/uint128.h"
#include "common/window/cadence.h"
#include "common/window/window.h"

namespace tutti {
namespace {

using catalog::v1::BudgetSplit;
using catalog::v1::TableRole;
using window::v1::Cadence;

constexpr uint64_t kNano = 1'000'000'000;
constexpr uint64_t kUndrawable = std::numeric_limits<uint64_t>::max();

uint64_t Permille(const BudgetSplit& split, TableRole role) {
  switch (role) {
    case catalog::v1::TABLE_ROLE_PRIMARY:
      return split.primary_permille();
    case catalog::v1::TABLE_ROLE_HABIT:
      return split.habit_permille();
    case catalog::v1::TABLE_ROLE_SUPPORTING:
      return split.supporting_permille();
    default:
      return 0;
  }
}

// Without a split nothing can be drawn: the roles of an empty one get nothing.
const BudgetSplit& FindSplit(const Catalog& catalog, Cadence cadence) {
  for (const BudgetSplit& split : catalog.proto().budget_splits()) {
    if (CadenceName(cadence) == absl::string_view(split.cadence())) return split;
  }
  return BudgetSplit::default_instance();
}

Uint128 DivideUp(Uint128 n, Uint128 d) { return n / d + (n % d == 0 ? 0 : 1); }

uint64_t Saturate(Uint128 n) { return n > kUndrawable ? kUndrawable : static_cast<uint64_t>(n); }

}  // namespace

uint64_t PublicationNanoRho(Cadence cadence) {
  return kYearlyNanoRho * static_cast<uint64_t>(PeriodDays(cadence)) / kBudgetDays;
}

NoiseScale ScaleNoise(uint64_t budget_nano_rho, const BudgetSplit& split,
                      absl::Span<const NoisyTable> tables) {
  std::array<uint64_t, catalog::v1::TableRole_ARRAYSIZE> weights{};
  for (const NoisyTable& table : tables) weights[static_cast<size_t>(table.role)] += table.weight;
  uint64_t present_permille = 0;
  for (size_t role = 0; role < weights.size(); ++role) {
    if (weights[role] > 0) present_permille += Permille(split, static_cast<TableRole>(role));
  }

  NoiseScale scale;
  Uint128 cost = 0;  // in nano-rho x 2^64, each term rounded up
  for (const NoisyTable& table : tables) {
    const Uint128 share = Uint128{budget_nano_rho} * Permille(split, table.role) * table.weight;
    const Uint128 whole = Uint128{present_permille} * weights[static_cast<size_t>(table.role)];
    const Uint128 nano_sensitivity = Uint128{table.sensitivity_squared} * kNano;
    // sigma^2 >= Delta^2 / (2 rho), where rho = share / whole / kNano.
    const uint64_t sigma_squared =
        share == 0 ? kUndrawable : Saturate(DivideUp(nano_sensitivity * whole, 2 * share));
    cost += DivideUp(nano_sensitivity << 64, Uint128{2} * sigma_squared);
    scale.sigma_squared.push_back(sigma_squared);
  }
  // Every table keeps within its share and the shares add up to the budget, an
  // integer: what is above it can only be the rounding of the terms.
  scale.nano_rho = std::min(Saturate(DivideUp(cost, Uint128{1} << 64)), budget_nano_rho);
  return scale;
}

NoisePlan PlanNoise(const Catalog& catalog, int kind, Cadence cadence, int step_days) {
  const CatalogKind& catalog_kind = catalog.kind(kind);
  std::vector<NoisyTable> tables;
  for (const int index : catalog_kind.reach_tables) {
    const CatalogTable& table = catalog.table(index);
    tables.push_back({table.proto->role(), table.proto->weight(),
                      ReachSensitivitySquared(table.feature_count())});
  }
  // A bad number of days must not come to less noise.
  const uint64_t habit_sensitivity_squared =
      HabitSensitivitySquared(std::clamp(step_days, 1, kReachDays));
  for (const int index : catalog_kind.habit_tables) {
    const CatalogTable& table = catalog.table(index);
    tables.push_back({table.proto->role(), table.proto->weight(), habit_sensitivity_squared});
  }

  const NoiseScale scale =
      ScaleNoise(PublicationNanoRho(cadence), FindSplit(catalog, cadence), tables);
  NoisePlan plan;
  plan.nano_rho = scale.nano_rho;
  size_t next = 0;
  for (const int index : catalog_kind.reach_tables) {
    plan.reach.push_back({index, scale.sigma_squared[next++]});
  }
  for (const int index : catalog_kind.habit_tables) {
    const uint64_t sigma_squared = scale.sigma_squared[next++];
    plan.habits.push_back({index, step_days > kReachDays ? kUndrawable : sigma_squared});
  }
  return plan;
}

absl::Status CheckNoisePlans(const Catalog& catalog) {
  for (size_t kind = 0; kind < catalog.kinds().size(); ++kind) {
    for (const Cadence cadence :
         {window::v1::CADENCE_DAILY, window::v1::CADENCE_WEEKLY, window::v1::CADENCE_FOUR_WEEKLY}) {
      // Fewer days than these only take noise from habits, and change nothing else.
      const NoisePlan plan =
          PlanNoise(catalog, static_cast<int>(kind), cadence, PeriodDays(cadence));
      std::vector<TableNoise> all = plan.reach;
      all.insert(all.end(), plan.habits.begin(), plan.habits.end());
      for (const TableNoise& noise : all) {
        if (noise.sigma_squared <= kMaxSigmaSquared) continue;
        return absl::InvalidArgumentError(absl::StrCat(
            "kind ", catalog.kinds()[kind].proto->id(), ", table ",
            catalog.table(noise.table).proto->id(), ", cadence ", CadenceName(cadence),
            ": its share of the budget needs noise above sigma_squared ", kMaxSigmaSquared,
            "; give it more weight, its role more permille, or the kind fewer tables"));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckBudget(const Ledger& ledger, absl::string_view kind, Day end_day,
                         uint64_t nano_rho) {
  const std::string name(kind);
  // Every span of kBudgetDays with end_day in it lies within these days.
  const auto first = ledger.lower_bound({name, end_day - (kBudgetDays - 1)});
  const auto last = ledger.upper_bound({name, end_day + (kBudgetDays - 1)});
  // Each span is taken at the end day of its last entry, or at end_day: a span
  // that ends on any other day holds no more than one of these.
  Uint128 spent = 0;
  for (auto newest = first; newest != last && newest->first.second <= end_day; ++newest) {
    spent += newest->second;
  }
  Uint128 worst = spent;
  auto oldest = first;
  for (auto newest = ledger.upper_bound({name, end_day}); newest != last; ++newest) {
    spent += newest->second;
    for (; oldest->first.second <= newest->first.second - kBudgetDays; ++oldest) {
      spent -= oldest->second;
    }
    worst = std::max(worst, spent);
  }
  if (worst + nano_rho <= kYearlyNanoRho) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      "the yearly budget of kind ", name, " has no room for this publication: ", Saturate(worst),
      " of ", kYearlyNanoRho, " billionths of rho are spent within ", kBudgetDays,
      " days and it costs ", nano_rho, "; the next windows will have room again"));
}

}  // namespace tutti
