#ifndef TUTTI_COMMON_PRIVACY_BUDGET_H_
#define TUTTI_COMMON_PRIVACY_BUDGET_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/catalog/catalog.h"
#include "common/privacy/ledger.h"
#include "common/window/day.h"
#include "tutti/aggregate/v1/organization.pb.h"

namespace tutti {

// The privacy budget is zCDP (Bun, Steinke 2016): adding an integer discrete
// Gaussian of parameter sigma^2 to counts that one subject can change by Delta
// (Euclidean) costs rho = Delta^2 / (2 sigma^2), and costs add up (Canonne,
// Kamath, Steinke 2020). All costs here are integers, in billionths of rho
// ("nano-rho"), and every rounding is towards more noise or a higher cost. All
// functions are pure and thread-safe.

// What any kBudgetDays consecutive end days of one organisation may cost, for
// each subject kind: rho = 2.6.
inline constexpr uint64_t kYearlyNanoRho = 2'600'000'000;
inline constexpr int kBudgetDays = 392;

// What one publication may cost, for each kind: the part of the yearly budget
// that falls to its period, rounded down. `cadence` is daily, weekly or
// four-weekly; anything else is taken as daily, the smallest share.
uint64_t PublicationNanoRho(window::v1::Cadence cadence);

// The square of how far one subject can move a reach table of `features` (1..4)
// features. A subject touches one slot of a table, so it takes one from a cell
// and adds one to another: 2. Of a table with one feature only one cell is
// published: 1.
inline constexpr uint64_t ReachSensitivitySquared(int features) { return features == 1 ? 1 : 2; }

// The same for a habit: the sum over `step_days` days of a yes or no.
inline constexpr uint64_t HabitSensitivitySquared(int step_days) {
  return static_cast<uint64_t>(step_days) * static_cast<uint64_t>(step_days);
}

// One table's noise.
struct TableNoise {
  int table = 0;  // index into Catalog::tables()
  uint64_t sigma_squared = 0;
};

// The noise of one kind's record, from public figures alone.
struct NoisePlan {
  std::vector<TableNoise> reach;   // as CatalogKind::reach_tables
  std::vector<TableNoise> habits;  // as CatalogKind::habit_tables
  uint64_t nano_rho = 0;           // the cost of all of it, rounded up
};

// Shares a publication's budget among the tables of a kind (an index into
// Catalog::kinds()): first among the roles that the kind has, in the proportion
// of the catalogue's split for the cadence, then among the tables of a role by
// weight. `step_days`, 1..28, is the number of days of which habits are summed.
// nano_rho never exceeds PublicationNanoRho(cadence).
//
// A table whose share is too small, or nothing, or that has no split, or
// step_days above 28, gets a sigma_squared above kMaxSigmaSquared (at most the
// largest uint64), which NoiseSource refuses to draw. CheckNoisePlans finds such
// catalogues at start-up.
//
// Example: weekly, 46,428,571 nano-rho, half of it to primary tables, of which
// one has two features and weighs 4 of 12 in all: rho 0.00773..., so
// sigma_squared = ceil(2 / (2 x 0.00773...)) = 130.
NoisePlan PlanNoise(const Catalog& catalog, int kind, window::v1::Cadence cadence, int step_days);

// InvalidArgument, naming kind, table and cadence, when some publication of the
// catalogue could not be drawn, at any cadence, with the habits of one day up to
// those of the cadence's whole period.
absl::Status CheckNoisePlans(const Catalog& catalog);

// One count or histogram to be noised: what ScaleNoise needs to know of it.
struct NoisyTable {
  catalog::v1::TableRole role = catalog::v1::TABLE_ROLE_UNSPECIFIED;
  uint32_t weight = 1;               // 1..1000
  uint64_t sensitivity_squared = 1;  // 1..784
};

// The arithmetic of PlanNoise: sigma^2 for each table, in order, and their cost.
struct NoiseScale {
  std::vector<uint64_t> sigma_squared;
  uint64_t nano_rho = 0;
};
NoiseScale ScaleNoise(uint64_t budget_nano_rho, const catalog::v1::BudgetSplit& split,
                      absl::Span<const NoisyTable> tables);

// ResourceExhausted when, with a publication of `nano_rho` at `end_day`, some
// kBudgetDays consecutive days (before, around or after end_day) would have cost
// the kind more than kYearlyNanoRho. Entries at end_day itself count.
absl::Status CheckBudget(const Ledger& ledger, absl::string_view kind, Day end_day,
                         uint64_t nano_rho);

}  // namespace tutti

#endif  // TUTTI_COMMON_PRIVACY_BUDGET_H_
