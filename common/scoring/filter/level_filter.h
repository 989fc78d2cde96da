#ifndef TUTTI_COMMON_SCORING_FILTER_LEVEL_FILTER_H_
#define TUTTI_COMMON_SCORING_FILTER_LEVEL_FILTER_H_

#include <cstddef>
#include <vector>

#include "absl/types/span.h"

namespace tutti {

// How a level is supposed to move from one window to the next: it drifts by a normal step
// whose size is unknown, one of `drifts`, and it jumps now and then.
struct LevelModel {
  // Standard deviations of a step, in points of 100, ascending; at least one.
  std::vector<double> drifts;
  // How likely each drift is before anything is observed; any positive scale.
  std::vector<double> priors;
  // In [0, 1]: how likely a jump is at a step. At 0, a value that is 38 standard deviations off
  // leaves no number.
  double jump_probability = 0;
  // The standard deviation of a jump, in points of 100.
  double jump_deviation = 0;
  // In (0, 1]: how much of what a step said for a drift still counts at the next one.
  double memory = 1;
  // What the variance of a level, and of the difference of two, is multiplied by: a mixture has
  // wider tails than the normal law that a margin supposes. Found by simulation.
  double widening = 1;
  double difference_widening = 1;
  // The same of a difference where noise hides jumps, at a standard deviation of kHidingNoise and
  // more: a dip that ends before it was seen moves neither level. Less noise takes as much less of
  // it as its variance is less.
  double hidden_widening = 1;
  // In (0, 1): what a test of ContradictsLevel is allowed, about. Less than the one window in a
  // hundred that may be marked by mistake, for three tests are made of each, and levels take time
  // to settle. Found by simulation.
  double false_marks = 0.01;
};

// The model for windows that end every `step_days` (1 to 28) days. Every length has a grid of
// its own, for a drift of q points a week is q x sqrt(step_days / 7) a step.
LevelModel LevelModelFor(int step_days);

// What one window alone says of a quantity, in points of 100 or in a unit whose size is of
// that order.
struct LevelObservation {
  // Steps since the observation before it, at least 1: more than 1 where windows are missing or
  // incomplete. Ignored in the first.
  int steps = 1;
  double value = 0;
  // The variance of the noise in it, above 0: independent between windows.
  double noise_variance = 0;
  // The variance of everything else in it that is random, the counting above all. It need not be
  // independent between windows that overlap, so it is not averaged away: no level contains it,
  // and who says a level's margin adds it unreduced.
  double other_variance = 0;
};

// What the observations up to one say of the level at it: mean and variance of the posterior.
struct LevelEstimate {
  double value = 0;
  double variance = 0;
};

// The level at an earlier observation, as all observations up to the last one tell it, and the
// level at the last one less that: from the joint posterior, so their common error cancels.
struct LevelSince {
  LevelEstimate base;
  LevelEstimate difference;
};

struct FilteredSeries {
  // As they were known at each observation, or at the last one alone: a function of the
  // observations up to that one.
  std::vector<LevelEstimate> levels;
  // One for each base that was asked for.
  std::vector<LevelSince> since;
};

inline constexpr size_t kMostBases = 2;

// The last level alone costs less.
enum class LevelsWanted { kAll, kLast };

// In points of 100.
inline constexpr double kHidingNoise = 5;

// `bases` are indexes of observations, at most kMostBases.
//
// A bank of scalar Kalman filters (West and Harrison 1997, Bayesian Forecasting and Dynamic
// Models, chapters 2 and 12), one for each drift. At each step every one of them allows for a
// jump by a mixture of two normal laws, which is replaced by the normal law of the same mean
// and variance. A filter's weight is its prior times the likelihoods of what it predicted, each
// to the power memory^age (Raftery et al. 2010, Technometrics 52, 52-66); the result has the
// mean and the variance of the weighted mixture.
//
// Pure and thread-safe, like everything here.
FilteredSeries FilterSeries(const LevelModel& model,
                            absl::Span<const LevelObservation> observations,
                            absl::Span<const size_t> bases,
                            LevelsWanted wanted = LevelsWanted::kAll);

// The levels alone.
std::vector<LevelEstimate> FilterLevels(const LevelModel& model,
                                        absl::Span<const LevelObservation> observations);

// What is public of an observation before anything is observed.
struct PlannedObservation {
  int steps = 1;  // as of LevelObservation
  double noise_variance = 0;
};

// The variance that the level at each of some observations is expected to have, whatever they say:
// that of the bank while every drift is as likely as at the start, and every step has the variance
// of its drift and of its jumps (jump_probability x jump_deviation^2). While the level stays or
// wanders by a point a week, what FilterLevels says is on average at most 1% more, in deviations,
// and less once the observations have told the drift: a tenth where the noise is 12 and more.
std::vector<double> PlannedVariances(const LevelModel& model,
                                     absl::Span<const PlannedObservation> observations);

// Whether the last observation contradicts the level: the mean of the last one, two or three of
// them is further from the level that was known before them than chance allows. While nothing
// changes this happens in less than 1 of 100 windows over all of `figures` (at least 1) figures
// that are asked about together. `levels` is FilterLevels of the same observations.
bool ContradictsLevel(const LevelModel& model, absl::Span<const LevelObservation> observations,
                      absl::Span<const LevelEstimate> levels, int figures);

// The first index from which on every level agrees with the last one: it is within 1.96 standard
// deviations of what both may be off by. The last index itself when the one before it differs.
size_t HoldingSince(absl::Span<const LevelObservation> observations,
                    absl::Span<const LevelEstimate> levels);

}  // namespace tutti

#endif  // TUTTI_COMMON_SCORING_FILTER_LEVEL_FILTER_H_
