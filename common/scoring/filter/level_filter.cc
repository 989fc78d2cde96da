#include "common/scoring/filter/level_filter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace tutti {
namespace {

constexpr double kDaysOfWeek = 7;
constexpr double kWeeksOfFour = 4;
// What is likely before anything is observed: small drifts, but not the smallest, which would
// take a level for settled that is not. In points a week.
constexpr double kDrifts[] = {0.1, 0.2, 0.35, 0.6, 1.0, 1.6, 2.4, 3.5, 5.0};
constexpr double kDriftPower = 0.6;
constexpr double kDriftScale = 10;
constexpr double kMarginDeviations = 1.96;
// How many of the last observations are held against the level before them, together.
constexpr size_t kContradicting = 3;
// What each of these tests is allowed, in LevelModel::false_marks: a jump that one window does not
// tell from noise shows in the mean of three.
constexpr double kAllowed[] = {0.5, 0.8, 1.7};

// The number of standard deviations that a normal law exceeds, to either side, with this
// probability, in (0, 1).
double DeviationsExceededBy(double probability) {
  double low = 0;
  double high = 10;
  for (int step = 0; step < 40; ++step) {
    const double middle = (low + high) / 2;
    (std::erfc(middle * M_SQRT1_2) > probability ? low : high) = middle;
  }
  return low;
}

// The level at an earlier observation, and its covariance with that of now.
struct EarlierLevel {
  double mean = 0;
  double variance = 0;
  double covariance = 0;
};

// A normal law of the level and of the first `bases` earlier ones.
struct Belief {
  double mean = 0;
  double variance = 0;
  size_t bases = 0;
  std::array<EarlierLevel, kMostBases> earlier = {};
};

// Each filter of the bank with the logarithm of its weight.
struct Member {
  Belief belief;
  double drift_variance = 0;
  double log_prior = 0;
  double log_likelihood = 0;
};

struct Weighted {
  double weight = 0;
  Belief belief;
};

// The normal law of the same first two moments as a mixture whose weights sum to 1.
template <typename Parts>
Belief Merge(const Parts& parts) {
  Belief out;
  out.bases = parts[0].belief.bases;
  for (const Weighted& part : parts) {
    out.mean += part.weight * part.belief.mean;
    for (size_t b = 0; b < out.bases; ++b) {
      out.earlier[b].mean += part.weight * part.belief.earlier[b].mean;
    }
  }
  for (const Weighted& part : parts) {
    const double off = part.belief.mean - out.mean;
    out.variance += part.weight * (part.belief.variance + off * off);
    for (size_t b = 0; b < out.bases; ++b) {
      const EarlierLevel& earlier = part.belief.earlier[b];
      const double earlier_off = earlier.mean - out.earlier[b].mean;
      out.earlier[b].variance += part.weight * (earlier.variance + earlier_off * earlier_off);
      out.earlier[b].covariance += part.weight * (earlier.covariance + off * earlier_off);
    }
  }
  return out;
}

// What is believed after an observation, of which `error` is the distance to the mean.
Belief Updated(const Belief& before, double error, double noise_variance) {
  const double total = before.variance + noise_variance;
  const double gain = before.variance / total;
  Belief after = before;
  after.mean += gain * error;
  after.variance *= 1 - gain;
  for (size_t b = 0; b < after.bases; ++b) {
    EarlierLevel& earlier = after.earlier[b];
    const double earlier_gain = earlier.covariance / total;
    earlier.mean += earlier_gain * error;
    earlier.variance -= earlier_gain * earlier.covariance;
    earlier.covariance *= 1 - gain;
  }
  return after;
}

class Bank {
 public:
  explicit Bank(const LevelModel& model) : model_(model) {
    members_.reserve(model.drifts.size());
    for (size_t i = 0; i < model.drifts.size(); ++i) {
      members_.push_back({{}, model.drifts[i] * model.drifts[i], std::log(model.priors[i]), 0});
    }
    parts_.resize(members_.size());
  }

  void Observe(const LevelObservation& observation) {
    for (Member& member : members_) {
      if (started_) {
        Step(member, observation.steps - 1);
        Observe(observation, member);
      } else {
        // Nothing is known before.
        member.belief.mean = observation.value;
        member.belief.variance = observation.noise_variance;
      }
    }
    started_ = true;
  }

  // From now on the level as it is here is carried along.
  void Mark() {
    for (Member& member : members_) {
      Belief& belief = member.belief;
      belief.earlier[belief.bases++] = {belief.mean, belief.variance, belief.variance};
    }
  }

  Belief Estimate() {
    double highest = -HUGE_VAL;
    for (const Member& member : members_) {
      highest = std::max(highest, member.log_prior + member.log_likelihood);
    }
    double sum = 0;
    for (size_t i = 0; i < members_.size(); ++i) {
      const Member& member = members_[i];
      parts_[i] = {std::exp(member.log_prior + member.log_likelihood - highest), member.belief};
      sum += parts_[i].weight;
    }
    for (Weighted& part : parts_) part.weight /= sum;
    return Merge(parts_);
  }

 private:
  double JumpVariance() const { return model_.jump_deviation * model_.jump_deviation; }

  // Steps at which nothing was observed.
  void Step(Member& member, int steps) const {
    member.belief.variance +=
        steps * (member.drift_variance + model_.jump_probability * JumpVariance());
  }

  void Observe(const LevelObservation& observation, Member& member) const {
    Belief drifted = member.belief;
    drifted.variance += member.drift_variance;
    Belief jumped = drifted;
    jumped.variance += JumpVariance();
    const double error = observation.value - drifted.mean;
    const double noise = observation.noise_variance;
    const double drifted_variance = drifted.variance + noise;
    const double jumped_variance = jumped.variance + noise;
    // The densities of both, over the exponential of the wider one's: an error of many deviations
    // would leave neither a number.
    const double exponent = -0.5 * error * error / jumped_variance;
    const double drifts = (1 - model_.jump_probability) / std::sqrt(drifted_variance) *
                          std::exp(-0.5 * error * error / drifted_variance - exponent);
    const double jumps = model_.jump_probability / std::sqrt(jumped_variance);
    const double jump = jumps / (drifts + jumps);
    const std::array<Weighted, 2> parts = {
        Weighted{1 - jump, Updated(drifted, error, noise)},
        Weighted{jump, Updated(jumped, error, noise)},
    };
    member.belief = Merge(parts);
    const double log_density = exponent + std::log(drifts + jumps);
    member.log_likelihood = model_.memory * member.log_likelihood + log_density;
  }

  const LevelModel& model_;
  bool started_ = false;
  std::vector<Member> members_;
  std::vector<Weighted> parts_;
};

}  // namespace

LevelModel LevelModelFor(int step_days) {
  const double weeks = step_days / kDaysOfWeek;
  LevelModel model;
  for (const double drift : kDrifts) {
    model.drifts.push_back(drift * std::sqrt(weeks));
    model.priors.push_back(std::pow(drift, kDriftPower) * std::exp(-drift * drift / kDriftScale));
  }
  model.jump_probability = 0.02 * std::max(weeks, 1.0);
  model.jump_deviation = 12;
  model.memory = 0.97;
  model.widening = 1.06;
  model.difference_widening = 1.25;
  model.hidden_widening = weeks < 1 ? 1.25 : weeks < kWeeksOfFour ? 2.0 : 3.4;
  model.false_marks = weeks < 1 ? 0.005 : 0.006;
  return model;
}

FilteredSeries FilterSeries(const LevelModel& model,
                            absl::Span<const LevelObservation> observations,
                            absl::Span<const size_t> bases, LevelsWanted wanted) {
  FilteredSeries series;
  series.levels.reserve(wanted == LevelsWanted::kAll ? observations.size() : 1);
  series.since.resize(bases.size());
  // Bases in the order in which they are met.
  std::vector<size_t> met;
  Bank bank(model);
  Belief belief;
  for (size_t i = 0; i < observations.size(); ++i) {
    bank.Observe(observations[i]);
    for (size_t b = 0; b < bases.size(); ++b) {
      if (bases[b] != i) continue;
      bank.Mark();
      met.push_back(b);
    }
    if (wanted == LevelsWanted::kLast && i + 1 < observations.size()) continue;
    belief = bank.Estimate();
    series.levels.push_back({belief.mean, model.widening * belief.variance});
  }
  if (met.empty()) return series;
  const double hidden =
      std::min(observations.back().noise_variance / (kHidingNoise * kHidingNoise), 1.0);
  const double widening =
      model.difference_widening + hidden * (model.hidden_widening - model.difference_widening);
  for (size_t m = 0; m < met.size(); ++m) {
    const EarlierLevel& earlier = belief.earlier[m];
    const double variance = belief.variance + earlier.variance - 2 * earlier.covariance;
    series.since[met[m]] = {{earlier.mean, model.widening * earlier.variance},
                            {belief.mean - earlier.mean, widening * std::max(variance, 0.0)}};
  }
  return series;
}

std::vector<LevelEstimate> FilterLevels(const LevelModel& model,
                                        absl::Span<const LevelObservation> observations) {
  return FilterSeries(model, observations, {}).levels;
}

std::vector<double> PlannedVariances(const LevelModel& model,
                                     absl::Span<const PlannedObservation> observations) {
  std::vector<double> planned(observations.size());
  const double jumps = model.jump_probability * model.jump_deviation * model.jump_deviation;
  double priors = 0;
  for (size_t d = 0; d < model.drifts.size(); ++d) {
    priors += model.priors[d];
    const double step = model.drifts[d] * model.drifts[d] + jumps;
    double variance = 0;
    for (size_t i = 0; i < observations.size(); ++i) {
      const PlannedObservation& observation = observations[i];
      const double noise = observation.noise_variance;
      variance += observation.steps * step;
      // What says nothing has a noise without bounds.
      variance = i == 0 ? noise : 1 / (1 / variance + 1 / noise);
      planned[i] += model.priors[d] * variance;
    }
  }
  for (double& variance : planned) variance *= model.widening / priors;
  return planned;
}

bool ContradictsLevel(const LevelModel& model, absl::Span<const LevelObservation> observations,
                      absl::Span<const LevelEstimate> levels, int figures) {
  double sum = 0;
  double variance = 0;
  for (size_t count = 1; count <= kContradicting && count < levels.size(); ++count) {
    const size_t first = levels.size() - count;
    const LevelObservation& observation = observations[first];
    sum += observation.value;
    variance += observation.noise_variance + observation.other_variance;
    const LevelEstimate& before = levels[first - 1];
    const double allowed = DeviationsExceededBy(kAllowed[count - 1] * model.false_marks / figures);
    const auto n = static_cast<double>(count);
    const double expected =
        variance / (n * n) + before.variance + observations[first - 1].other_variance;
    if (std::abs(sum / n - before.value) > allowed * std::sqrt(expected)) return true;
  }
  return false;
}

size_t HoldingSince(absl::Span<const LevelObservation> observations,
                    absl::Span<const LevelEstimate> levels) {
  size_t since = levels.size() - 1;
  const double last = levels[since].variance + observations[since].other_variance;
  while (since > 0) {
    const LevelEstimate& earlier = levels[since - 1];
    const double variance = last + earlier.variance + observations[since - 1].other_variance;
    if (std::abs(earlier.value - levels.back().value) > kMarginDeviations * std::sqrt(variance))
      break;
    --since;
  }
  return since;
}

}  // namespace tutti
