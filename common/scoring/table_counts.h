#ifndef TUTTI_COMMON_SCORING_TABLE_COUNTS_H_
#define TUTTI_COMMON_SCORING_TABLE_COUNTS_H_

#include <array>
#include <cstdint>

#include "absl/types/span.h"
#include "common/catalog/predicate.h"
#include "common/scoring/figure.h"

namespace tutti {

// How the subjects of a table were counted: each of `features` (1..4) features is
// shown by slots; a subject falls into one of `slots` (V) slots, of which `kept`
// (M) were counted; every published cell has noise of variance `sigma_squared`.
struct SlotModel {
  int features = 1;
  double slots = 1;
  double kept = 1;
  double sigma_squared = 0;
};

// A signed sum of the numbers N_T: bit i of the index T stands for feature i, and
// N_T counts the subjects with at least one of the features of T. N_0 is 0.
using UnionWeights = std::array<double, 16>;
// A number for each pair of such N_T.
using UnionMatrix = std::array<UnionWeights, 16>;

// The sum that counts the subjects whose pattern is in the set, by Moebius
// inversion: the number with exactly the pattern P is
//   -sum over R in P of (-1)^|P - R| N_(F - R),   F being all features.
// Pattern 0 is ignored.
UnionWeights WeightsOf(PatternSet patterns, int features);

// The numbers N_T of one table with their covariance. With A_T, the number of
// kept slots that show no feature of T,
//   N_T = -V ln(A_T / M)                                 (Whang et al. 1990)
//   Cov(N_S, N_T) = (V^2 / M) (e^tau - 1 - q tau)        counting; tau = number of
//                     subjects in both / V, q = M / V
//                 + (V / A_S) (V / A_T) Cov(A_S, A_T)    noise
// A table of k >= 2 features has its 2^k cells projected onto "sum = M" first (all
// move by the same amount), so of the noise sigma^2 (I - 1 1^T / 2^k) remains.
//
// A_T is taken as within [1/2, 2 M]: noise can drive it to 0 or below, where there
// is no logarithm, only when the true number is about to fill all slots. It may
// exceed M, and N_T then be negative: a bound there would bias every sum upwards.
// Everything is finite, whatever the cells.
class TableCounts {
 public:
  // From published cells: 2^k for k >= 2 features, one for k = 1 (slots that show
  // it). The size must be right.
  static TableCounts FromCells(const SlotModel& model, absl::Span<const int64_t> cells);

  // From supposed numbers of subjects with exactly each of the 2^k patterns.
  static TableCounts FromSubjects(const SlotModel& model, absl::Span<const double> subjects);

  double Sum(const UnionWeights& weights) const;

  // The standard deviations of a sum.
  TableError ErrorOf(const UnionWeights& weights) const;

  // The covariances of all N_T, of counting and noise together.
  UnionMatrix Covariance() const;

 private:
  explicit TableCounts(const SlotModel& model) : model_(model) {}
  void SetAbsent(unsigned features, double absent);

  SlotModel model_;
  std::array<double, 16> unions_{};  // N_T
  std::array<double, 16> slopes_{};  // -dN_T / dA_T = V / A_T
};

// The mean over days of the number of subjects who showed a habit.
struct HabitMean {
  double value = 0;
  TableError error;
  double bias = 0;  // the truth may be higher or lower by this
};

// From the noisy sum over `days` day windows of the slots that show it, with the
// same bounds as above; `model.sigma_squared` is of the sum. If all days were alike
// the mean would be -V ln(1 - sum / (D M)); if two days in seven were idle it would
// be higher by a fraction of about 0.2 mean / V (1% where a third of the people do
// it on a mean day and V is 8 for each). The value is the middle between these,
// which are taken as at least 0.4% apart, and `bias` half of their distance. Of one
// day there is no such doubt.
HabitMean HabitMeanFromSum(const SlotModel& model, int days, int64_t sum);

// The same for a supposed mean.
HabitMean HabitMeanFromSubjects(const SlotModel& model, int days, double subjects);

}  // namespace tutti

#endif  // TUTTI_COMMON_SCORING_TABLE_COUNTS_H_
