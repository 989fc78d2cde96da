#ifndef TUTTI_TESTS_E2E_TRUTH_COUNTING_ERROR_H_
#define TUTTI_TESTS_E2E_TRUTH_COUNTING_ERROR_H_

#include <map>
#include <vector>

#include "common/catalog/catalog.h"
#include "common/scoring/public_terms.h"
#include "tests/sample/truth.h"

namespace tutti {

// How a figure moves with what is counted: a coefficient for each pattern of tables,
// and for the mean of habits.
struct Gradient {
  void Add(const Gradient& term, double factor);

  std::map<int, std::vector<double>> patterns;  // by table
  std::map<int, double> habits;                 // by table
};

// The error that hashing into slots, and keeping some of them, must leave, computed
// from the exact truth of one window and not from what was counted:
//   Cov(N_S, N_T) = (V^2 / M) (e^tau - 1 - q tau)
// with tau = subjects in both / V and q = M / V, to first order in the gradient.
// Written out on its own, so that a mistake in the margins cannot hide here.
class CountingError {
 public:
  CountingError(const Catalog& catalog, const PublicTerms& terms, const Truth& truth,
                const TruthWindow& window)
      : catalog_(catalog), terms_(terms), truth_(truth), window_(window) {}

  // Rows of tables: the subjects with one of these patterns.
  static Gradient OfPatterns(int table, const std::vector<bool>& patterns);
  Gradient OfMeasure(const catalog::v1::Measure& measure) const;
  Gradient OfPoints(const catalog::v1::Category& category) const;

  // The standard deviation of the figure.
  double DeviationOf(const Gradient& gradient) const;
  // How far the figure may be off by what is systematic: of habits, for which days are
  // taken as if they were alike.
  double BiasOf(const Gradient& gradient) const;

 private:
  Gradient OfPredicate(const catalog::v1::Predicate& predicate) const;
  Gradient OfPractice(const catalog::v1::Practice& practice) const;
  double TableVariance(int table, const std::vector<double>& weights) const;
  double HabitVariance(int table) const;
  // Each day of the publication's step.
  std::vector<double> HabitDays(int table) const;
  // The slots, of those kept, that show nothing on a mean day.
  double AbsentSlots(int table) const;

  const Catalog& catalog_;
  const PublicTerms& terms_;
  const Truth& truth_;
  const TruthWindow& window_;
};

}  // namespace tutti

#endif  // TUTTI_TESTS_E2E_TRUTH_COUNTING_ERROR_H_
