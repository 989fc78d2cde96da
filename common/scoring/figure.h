#ifndef TUTTI_COMMON_SCORING_FIGURE_H_
#define TUTTI_COMMON_SCORING_FIGURE_H_

#include "absl/container/btree_map.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// Half the width of a 95% confidence interval, in standard deviations.
inline constexpr double kMarginDeviations = 1.96;

// A share above 1 - kTailShare is "at least" that, one below kTailShare "at most"
// that: nobody learns that everybody, or nobody, did something.
inline constexpr double kTailShare = 0.05;

// What one table's counts contribute to a figure's error: standard deviations, of
// counting by hashed (and perhaps sampled) slots, and of the noise.
struct TableError {
  double counting = 0;
  double noise = 0;
};

// How far the truth may lie above and below a value; neither is negative.
struct Distance {
  double above = 0;
  double below = 0;
};

// A value with all that it may be off by. All numbers are in the value's unit.
struct Figure {
  double value = 0;
  // Indexed by table (of Catalog::tables()). Slots of different tables and of
  // different windows are unrelated, so their errors are independent.
  absl::btree_map<int, TableError> errors;
  // Bounds of what is systematic.
  Distance bias;
  // Up to where the truth may be although the value was clamped.
  Distance open;
};

// `factor` > 0.
Figure Scaled(const Figure& figure, double factor);

// Whether nothing is known of a figure of 0 to `full`: it is open all the way.
bool IsUnknown(const Figure& figure, double full);

// What a share leaves of 1.
Figure Rest(const Figure& share);

// Adds `factor` >= 0 of a term to a sum. Errors of the same table are added as if they agreed
// fully, which they may: the sum's margin is never too small.
void Add(const Figure& term, Figure& sum, double factor = 1);

// Later minus earlier, of two publications. They share no slot and no noise, so
// nothing is common to their errors. A share in a tail counts as the tail's value:
// what is in the same tail in both has not changed, and leaves nothing open.
Figure Difference(const Figure& later, const Figure& earlier);

// Squares of an error's two kinds, over all tables.
struct Variances {
  double noise = 0;
  double counting = 0;
};

Variances VariancesOf(const Figure& figure);

// 1.96 standard deviations of the statistical error alone.
double StatisticalMargin(const Figure& figure);

// Half the width of the 95% interval: what may be systematic, the statistical error
// beyond it (of which less is needed the more is systematic: the truth cannot be at both
// ends of that), and half of what is open.
double MarginOf(const Figure& figure);

// A figure that lies in 0 to `most`. Where one side is open, and the interval goes on to the end of
// what is possible there, it is a bound: the value as it was clamped, with the margin of the other
// side. Else the middle of the interval, which what is open may move away from the value.
//
// Example: 50 points, off by at most 4, of which a part of 5 is open below, may be anything from 41
// to 54: that is 47.5 with a margin of 6.5. Of 8 points it would be "at most 12".
score::v1::Estimate ToEstimate(const Figure& figure, double most);

// What has no such ends, as a difference; or of which nothing is open.
score::v1::Estimate ToPlainEstimate(const Figure& difference);

}  // namespace tutti

#endif  // TUTTI_COMMON_SCORING_FIGURE_H_
