#ifndef TUTTI_COMMON_SCORING_CONSISTENT_ROWS_H_
#define TUTTI_COMMON_SCORING_CONSISTENT_ROWS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/catalog/predicate.h"
#include "common/scoring/table_counts.h"

namespace tutti {

// The most combinations of features that a table has, without the empty one.
inline constexpr size_t kMostCombinations = 15;

// The numbers of subjects with exactly each combination of some features of a table, made
// consistent: none is negative, and together they are not more than 95% of the subjects that there
// are, which is what is told of a total above that.
// Numbers of wider sets are sums of them, so parts add up to their union. All else that the
// published cells say is weighed by its error: of all consistent numbers they are those
// with the least (x - n)' C^-1 (x - n), x being the unbiased estimates and C their full
// covariance, noise and counting together.
//
// Where every number is three standard deviations away from what the constraints forbid,
// they move nothing, and a margin is 1.96 of the unbiased estimate's standard deviations.
// Elsewhere the estimator is biased and its spread is smaller. Both are then taken from its
// law, drawn with a parametric sample around the estimates: 1.25 |bias| + 1.96 standard
// deviations. Two kinds of sets need more care:
// - a single combination's margin is never below that of the unbiased estimate, because an
//   estimate that is near 0 by chance makes the law around it too narrow;
// - that of several, but not all, combinations is never above it: they and the others are
//   pushed against each other, so biases cancel, and what is planned for bounds it.
// Where the total is clamped, the truth may be up to 5% of the subjects more, of which each set has
// its part: a margin is then never below that of the law around the numbers that a total of
// everybody would have, with the constraints on numbers or without, whichever is narrower.
//
// Everything is finite, whatever the cells. Immutable; the same arguments give the same
// numbers and margins for ever.
class ConsistentRows {
 public:
  // `features`, as bits, are those whose combinations are told apart; subjects who show
  // others too are counted as if they did not. `most` is the number of subjects that there
  // are; 0 when it is not known. `seed` comes from the record's public bytes.
  ConsistentRows(const SlotModel& model, const TableCounts& counts, unsigned features, double most,
                 uint64_t seed);

  // The number of subjects whose combination is in the set (bit P stands for combination P).
  double Number(PatternSet set) const;
  double Total() const;
  // The same before the total was clamped, at most `most`. Never shown as it is.
  double UnclampedNumber(PatternSet set) const;

  // Half the width of the number's 95% interval.
  double NumberMargin(PatternSet set) const;
  // The same of the share of the total, in 0..1; the total must be above 0.
  double ShareMargin(PatternSet set) const;

 private:
  using Vector = std::array<double, kMostCombinations>;
  using Matrix = std::array<Vector, kMostCombinations>;

  struct Constraints;

  size_t SizeOf() const { return combinations_.size(); }
  void SetCovariance(const SlotModel& model, const std::vector<UnionWeights>& weights);
  // Errors of the numbers where `truth` is true.
  static std::vector<Vector> Sample(const Constraints& constraints, const Matrix& root,
                                    const Vector& truth, uint64_t seed);
  Matrix RootOfCovariance() const;
  // The numbers that are likely if everybody is in the total.
  Vector OfEverybody() const;
  // `combinations`: how many are in the set that the weights are of.
  double Margin(const Vector& weights, size_t combinations) const;
  double Sum(PatternSet set, const Vector& numbers) const;
  size_t CountIn(PatternSet set) const;
  Vector WeightsIn(PatternSet set) const;

  std::vector<unsigned> combinations_;
  Vector unclamped_{};
  Vector numbers_{};
  double hidden_ = 0;    // of the total, at most
  Matrix covariance_{};  // of the unbiased estimates
  // Errors of the numbers, drawn: where they are true, empty when no constraint is near; and where
  // everybody is in the total, empty when that was not clamped.
  std::vector<Vector> errors_;
  std::vector<Vector> errors_of_everybody_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_SCORING_CONSISTENT_ROWS_H_
