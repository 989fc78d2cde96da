#ifndef TUTTI_COMMON_SCORING_MEASURE_FORMULAS_H_
#define TUTTI_COMMON_SCORING_MEASURE_FORMULAS_H_

#include <functional>
#include <map>
#include <vector>

#include "common/catalog/catalog.h"
#include "common/scoring/figure.h"
#include "common/scoring/public_terms.h"
#include "common/scoring/published_counts.h"

namespace tutti {

// With a larger relative margin a denominator says too little to divide by.
inline constexpr double kWidestDenominator = 0.5;

// Clamps a share. `planned` gives the figure that a supposed share would have. Open on one side
// where it was clamped; a share that is open already stays as it is.
Figure ClampedShare(const Figure& share, const std::function<Figure(double)>& planned);

// A quotient of sums of numbers of subjects.
struct Fraction {
  std::map<int, UnionWeights> above;  // by table
  std::map<int, UnionWeights> below;  // empty: divided by `constant`
  double constant = 0;
  // When above 0, `below` counts members of a population of this size, and is
  // clamped in its tails before anything is divided by it.
  double population = 0;
};

// Computes measures. Two ways lead to a figure: *measured*, from what was
// published; and *planned*, from public terms and a supposed share alone, which
// gives the errors to expect. A planned figure supposes that the selected subjects
// are spread evenly over the patterns that the measure selects, that everybody
// else shows some other pattern of the table if there is one, and, where a measure
// divides by an estimated number, that this is half of what can be expected.
//
// Shares (in 0..1) are clamped in the tails, and what a clamped figure says of its
// error is planned at the clamped share: 97% and 100% are told by nothing.
// Thread-safe; the arguments outlive it.
class MeasureFormulas {
 public:
  MeasureFormulas(const Catalog& catalog, const PublicTerms& terms)
      : catalog_(catalog), terms_(terms) {}

  const PublicTerms& terms() const { return terms_; }

  // A share in 0..1; for a count, a number of subjects. The kind of every table of
  // the measure must be counted and complete.
  Figure Measured(const catalog::v1::Measure& measure, const PublishedCounts& counts) const;
  Figure Planned(const catalog::v1::Measure& measure, double share) const;
  // The measured share as it was estimated, before it is clamped: for what is clamped later and
  // never shown as it is. Of a share or a habit; open on both sides where nothing is known.
  Figure Unclamped(const catalog::v1::Measure& measure, const PublishedCounts& counts) const;

  // The share of a practice, large subjects counting twice:
  // (followed + followed and large) / (all + large).
  Figure MeasuredPractice(const catalog::v1::Practice& practice,
                          const PublishedCounts& counts) const;
  Figure PlannedPractice(const catalog::v1::Practice& practice, double share) const;
  Figure UnclampedPractice(const catalog::v1::Practice& practice,
                           const PublishedCounts& counts) const;

  // The number of subjects of a table that show one of the patterns; clamped as a
  // share when the subjects are a population.
  Figure MeasuredNumber(int table, PatternSet patterns, const PublishedCounts& counts) const;
  Figure PlannedNumber(int table, PatternSet patterns, double share) const;
  // Such a number after clamping, when the subjects are a population.
  Figure ClampedNumber(int table, PatternSet patterns, const Figure& number) const;

  // The mean number of subjects a day.
  Figure MeasuredHabitNumber(int table, double population, const PublishedCounts& counts) const;
  Figure PlannedHabitNumber(int table, double population, double share) const;

  // The tables that a measure or a practice reads.
  std::vector<int> TablesOf(const catalog::v1::Measure& measure) const;
  std::vector<int> TablesOf(const catalog::v1::Practice& practice) const;

 private:
  // `below` is the number that an estimated denominator is supposed to be; 0: half
  // of what can be expected.
  Figure PlannedShare(const catalog::v1::Share& share, double value, double below) const;
  Figure PlannedPractice(const catalog::v1::Practice& practice, double value, double below) const;

  PatternSet PatternsOf(const catalog::v1::Predicate& predicate) const;
  Fraction FractionOf(const catalog::v1::Share& share) const;
  Fraction FractionOf(const catalog::v1::Practice& practice) const;
  // `in` subjects spread over the patterns, and `rest` over the others.
  TableCounts Suppose(int table, PatternSet patterns, double in, double rest) const;

  const Catalog& catalog_;
  const PublicTerms& terms_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_SCORING_MEASURE_FORMULAS_H_
