#ifndef TUTTI_COMMON_ESTIMATE_UNION_COUNTS_H_
#define TUTTI_COMMON_ESTIMATE_UNION_COUNTS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/estimate/figure.h"
#include "common/window/schedule.h"

namespace tutti {

// Estimates, from the slots of one table, how many subjects have at least one of a
// set of features, for every set at once, and how their errors go together.
//
// Linear counting (Whang, Vander-Zanden, Taylor 1990) over V slots of which the
// first M are kept (q = M / V), for feature set T (a mask, bit i for feature i):
//   N_T = -V ln(A_T / M),  A_T = kept slots whose pattern misses T.
// Exact for every set, because a slot shared by several subjects shows the union
// of their features. With tau = subjects that are in both S and T, over V:
//   Cov(N_S, N_T) = (V^2 / M) (e^tau - 1 - q tau)        of counting, plus
//   (V / A_S) (V / A_T) Cov(noise of A_S, noise of A_T)  of the noise.
// Cells are first projected onto "they sum to M", which is linear, hence without
// bias: with n cells their noise has covariance sigma^2 (I - 1 1' / n).
//
// Immutable and thread-safe.
class UnionCounts {
 public:
  // From the published cells of a table of `features` features (see TableRecord).
  static UnionCounts FromCells(SlotSize size, int features, absl::Span<const int64_t> cells,
                               uint64_t sigma_squared);

  // As it would come out for `population` subjects of which each has every feature
  // with probability `share`, independently. For margins that are planned from
  // public figures alone.
  static UnionCounts Planned(SlotSize size, int features, double population, double share,
                             uint64_t sigma_squared);

  int features() const { return features_; }

  // The sum over sets of coefficients[mask] * N_mask. `coefficients` has 2^features
  // elements; that of the empty set is ignored.
  Figure Sum(absl::Span<const double> coefficients) const;

  // The covariance of two such sums.
  double Covariance(absl::Span<const double> a, absl::Span<const double> b) const;

 private:
  UnionCounts(SlotSize size, int features, uint64_t sigma_squared);
  double SetCovariance(size_t s, size_t t) const;

  SlotSize size_;
  int features_;
  double sigma_squared_;
  std::vector<double> missing_;  // A_T by mask
  std::vector<double> counts_;   // N_T by mask
};

// The mean number of subjects a day from a habit's noisy sum over `days` days:
// N = -V ln(1 - S / (days M)). Days have slots of their own, so their counting
// errors average out. The logarithm of the mean is not the mean of logarithms;
// that bias stays below 0.4% and is in the margin.
Figure MeanDailyCount(SlotSize size, int days, int64_t sum, uint64_t sigma_squared);

// Its error when `population` x `share` subjects do it every day.
Figure PlannedDailyCount(SlotSize size, int days, double population, double share,
                         uint64_t sigma_squared);

}  // namespace tutti

#endif  // TUTTI_COMMON_ESTIMATE_UNION_COUNTS_H_
