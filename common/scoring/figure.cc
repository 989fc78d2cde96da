#include "common/scoring/figure.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tutti {
namespace {

double StandardDeviation(const Figure& figure) {
  const Variances variances = VariancesOf(figure);
  return std::sqrt(variances.noise + variances.counting);
}

double NormalCdf(double z) { return std::erfc(-z * M_SQRT1_2) / 2; }

double NormalDensity(double z) { return std::exp(-z * z / 2) * M_2_SQRTPI * M_SQRT1_2 / 2; }

// How many standard deviations a 95% interval reaches beyond a bias of at most `bias` of
// them to either side: the solution of Phi(z) - Phi(-z - 2 bias) = 0.95 (Imbens and Manski
// 2004, Econometrica 72, 1845-1857, formula 6), from 1.96 without a bias down to 1.645.
double DeviationsBeyond(double bias) {
  if (bias <= 0) return kMarginDeviations;
  constexpr double kCoverage = 0.95;
  constexpr double kOneSided = 1.6448536269514722;
  constexpr int kSteps = 6;
  // What is solved rises and is concave, so Newton's steps from below stay below.
  double z = kOneSided;
  for (int step = 0; step < kSteps; ++step) {
    const double reached = NormalCdf(z) - NormalCdf(-z - 2 * bias);
    z += (kCoverage - reached) / (NormalDensity(z) + NormalDensity(z + 2 * bias));
  }
  return z;
}

// Half the width of the interval of a figure that nothing is open of.
double ClosedMargin(const Figure& figure) {
  const double deviation = StandardDeviation(figure);
  const double bias = std::max(figure.bias.above, figure.bias.below);
  return deviation > 0 ? bias + DeviationsBeyond(bias / deviation) * deviation : bias;
}

// Whether the interval of a figure in 0 to `most` is open to one side, up to the end.
score::v1::Bound BoundOf(const Figure& figure, double most) {
  // What is open of a share alone ends there up to rounding.
  const double rounding = 1e-9 * most;
  const double reach = ClosedMargin(figure) + rounding;
  const Distance& open = figure.open;
  if (open.above > 0 && open.below <= 0 && figure.value + open.above + reach >= most) {
    return score::v1::BOUND_AT_LEAST;
  }
  if (open.below > 0 && open.above <= 0 && figure.value - open.below - reach <= 0) {
    return score::v1::BOUND_AT_MOST;
  }
  return score::v1::BOUND_UNSPECIFIED;
}

}  // namespace

Figure Scaled(const Figure& figure, double factor) {
  Figure out = figure;
  out.value *= factor;
  for (auto& [table, error] : out.errors) {
    error.counting *= factor;
    error.noise *= factor;
  }
  for (Distance* distance : {&out.bias, &out.open}) {
    distance->above *= factor;
    distance->below *= factor;
  }
  return out;
}

bool IsUnknown(const Figure& figure, double full) {
  constexpr double kRounding = 1e-9;
  return figure.open.above + figure.open.below >= full * (1 - kRounding);
}

Figure Rest(const Figure& share) {
  Figure out = share;
  out.value = 1 - share.value;
  for (Distance* distance : {&out.bias, &out.open}) std::swap(distance->above, distance->below);
  return out;
}

void Add(const Figure& term, Figure& sum, double factor) {
  sum.value += factor * term.value;
  for (const auto& [table, error] : term.errors) {
    TableError& errors = sum.errors[table];
    errors.counting += factor * error.counting;
    errors.noise += factor * error.noise;
  }
  sum.bias.above += factor * term.bias.above;
  sum.bias.below += factor * term.bias.below;
  sum.open.above += factor * term.open.above;
  sum.open.below += factor * term.open.below;
}

Figure Difference(const Figure& later, const Figure& earlier) {
  Figure out = later;
  out.value -= earlier.value;
  for (const auto& [table, error] : earlier.errors) {
    TableError& sum = out.errors[table];
    sum.counting = std::hypot(sum.counting, error.counting);
    sum.noise = std::hypot(sum.noise, error.noise);
  }
  out.bias.above += earlier.bias.below;
  out.bias.below += earlier.bias.above;
  out.open.above += earlier.open.below;
  out.open.below += earlier.open.above;
  const double common = std::min(out.open.above, out.open.below);
  out.open.above -= common;
  out.open.below -= common;
  return out;
}

Variances VariancesOf(const Figure& figure) {
  Variances out;
  for (const auto& [table, error] : figure.errors) {
    out.noise += error.noise * error.noise;
    out.counting += error.counting * error.counting;
  }
  return out;
}

double StatisticalMargin(const Figure& figure) {
  return kMarginDeviations * StandardDeviation(figure);
}

double MarginOf(const Figure& figure) {
  return ClosedMargin(figure) + (figure.open.above + figure.open.below) / 2;
}

score::v1::Estimate ToEstimate(const Figure& figure, double most) {
  const score::v1::Bound bound = BoundOf(figure, most);
  if (bound == score::v1::BOUND_UNSPECIFIED) return ToPlainEstimate(figure);
  score::v1::Estimate estimate;
  estimate.set_value(figure.value);
  estimate.set_margin(ClosedMargin(figure));
  estimate.set_bound(bound);
  return estimate;
}

score::v1::Estimate ToPlainEstimate(const Figure& difference) {
  score::v1::Estimate estimate;
  estimate.set_value(difference.value + (difference.open.above - difference.open.below) / 2);
  estimate.set_margin(MarginOf(difference));
  return estimate;
}

}  // namespace tutti
