#ifndef TUTTI_COMMON_ESTIMATE_MEASURES_H_
#define TUTTI_COMMON_ESTIMATE_MEASURES_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "common/catalog/catalog.h"
#include "common/estimate/figure.h"
#include "common/estimate/public_figures.h"
#include "common/estimate/union_counts.h"
#include "tutti/publication/v1/publication.pb.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// A figure as it may be shown.
struct ShownFigure {
  score::v1::FigureState state = score::v1::FIGURE_STATE_MEASURED;
  std::string reason;  // why it is not, for people
  Figure figure;
  score::v1::Bound bound = score::v1::BOUND_UNSPECIFIED;

  bool measured() const { return state == score::v1::FIGURE_STATE_MEASURED; }
};

// A share above this is "at least" it, one below 1 minus it "at most" that:
// nothing is computed from the value itself, so a homogeneous organisation shows
// nothing finer.
inline constexpr double kTail = 0.95;

// Computes every measure and category from one published record. All of it is
// post-processing: it costs no privacy. Immutable and thread-safe.
class Measures {
 public:
  // `catalog` and `record` outlive it; the record was counted by the catalogue.
  Measures(const Catalog& catalog, const publication::v1::Publication& record);

  const PublicFigures& publics() const { return publics_; }

  // A share (0 to 1) or a number of subjects. The decision to show it depends on
  // public figures alone.
  ShownFigure Measure(const catalog::v1::Measure& measure) const;

  // The points of a category, 0 to 100.
  ShownFigure Points(const catalog::v1::Category& category) const;

  // The table's counts; nullptr when the record does not have them.
  const UnionCounts* Counts(int table) const;

  // Whether a source that can feed the category is connected.
  bool HasSource(const catalog::v1::Category& category) const;

 private:
  // The measure, however wide its margin.
  ShownFigure Estimate(const catalog::v1::Measure& measure) const;
  ShownFigure Missing(const std::string& table) const;
  Figure EstimateShare(const catalog::v1::Share& share) const;
  ShownFigure Clamp(const catalog::v1::Measure& measure, Figure estimate) const;
  ShownFigure ReachAndHabit(const catalog::v1::ReachAndHabit& formula) const;
  ShownFigure FaultFree(const catalog::v1::FaultFree& formula) const;
  ShownFigure Practices(const catalog::v1::WeightedPractices& formula) const;

  const Catalog& catalog_;
  const publication::v1::Publication& record_;
  PublicFigures publics_;
  absl::flat_hash_map<int, UnionCounts> counts_;  // by table
  absl::flat_hash_map<int, int64_t> habits_;      // by table
};

}  // namespace tutti

#endif  // TUTTI_COMMON_ESTIMATE_MEASURES_H_
