#ifndef TUTTI_COMMON_ESTIMATE_PUBLIC_FIGURES_H_
#define TUTTI_COMMON_ESTIMATE_PUBLIC_FIGURES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "common/catalog/catalog.h"
#include "common/estimate/figure.h"
#include "common/window/schedule.h"
#include "tutti/publication/v1/publication.pb.h"

namespace tutti {

// Everything public about one window: what decides which figures are shown, and
// what is divided by. Nothing here depends on what people did. Immutable and
// thread-safe.
class PublicFigures {
 public:
  // Of a window that was published. `catalog` outlives it.
  static PublicFigures Of(const Catalog& catalog, const publication::v1::Publication& record);

  // Of a window as it would be planned.
  static PublicFigures Planned(const Catalog& catalog, int64_t headcount,
                               aggregate::v1::Cadence cadence, int step_days);

  const Catalog& catalog() const { return *catalog_; }
  int64_t headcount() const { return headcount_; }
  int step_days() const { return step_days_; }

  // People entitled to a product; headcount for "" and for products without entry.
  double Entitled(const std::string& product) const;

  // The size of a kind's slots; absent when the kind is not collected.
  std::optional<SlotSize> SizeOf(int kind) const;
  // sigma^2 of a table's noise; 0 when there is none.
  uint64_t SigmaSquared(int table) const;

  // The error of a measure when its share is `share`, in the unit of the measure
  // (a share of 1, or subjects). Absent when its kind is not collected.
  std::optional<Figure> PlannedMeasure(const catalog::v1::Measure& measure, double share) const;

  // The margin of a category's points when every share in it is one half, 0 to
  // 100. Absent when one of its kinds is not collected.
  std::optional<double> PlannedPointsMargin(const catalog::v1::Category& category) const;

 private:
  explicit PublicFigures(const Catalog& catalog) : catalog_(&catalog) {}
  std::optional<Figure> PlannedCount(const catalog::v1::Predicate& predicate, double population,
                                     double share) const;

  const Catalog* catalog_;
  int64_t headcount_ = 0;
  int step_days_ = 0;
  std::map<std::string, int64_t> entitlements_;
  absl::flat_hash_map<int, SlotSize> sizes_;
  absl::flat_hash_map<int, uint64_t> sigmas_;
};

// A figure whose planned margin is above this many points of 100 is withheld.
inline constexpr double kWidestMargin = 15;

// Whether any category would be shown.
bool AnythingShown(const Catalog& catalog, int64_t headcount, aggregate::v1::Cadence cadence,
                   int step_days);

// The smallest headcount from which a category is shown, at the cadence that the
// headcount has by itself; absent when it is not shown up to 1,000,000.
std::optional<int64_t> SmallestHeadcount(const Catalog& catalog,
                                         const catalog::v1::Category& category);

}  // namespace tutti

#endif  // TUTTI_COMMON_ESTIMATE_PUBLIC_FIGURES_H_
