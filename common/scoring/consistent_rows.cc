#include "common/scoring/consistent_rows.h"

#include <algorithm>
#include <cmath>

#include "common/scoring/figure.h"
#include "common/scoring/law_sampler.h"

namespace tutti {
namespace {

// Beyond so many standard deviations a constraint moves an estimate by less than a
// thousandth of one on average.
constexpr double kFarDeviations = 3;
constexpr size_t kPairsOfDraws = 300;
// Where the truth is at a constraint, the estimate has left it by the bias, and the bias of
// the law around the estimate is smaller than that of the law around the truth.
constexpr double kBiasAllowance = 1.25;
// Variances that are certain to be 0 (nothing counted, no noise) have no inverse.
constexpr double kLeastRelativeVariance = 1e-9;
constexpr double kLeastVariance = 1e-9;
constexpr int kMostSweeps = 400;
// In standard deviations.
constexpr double kExact = 1e-9;
constexpr double kExactEnoughForDraws = 1e-3;

constexpr size_t kMostConstraints = kMostCombinations + 1;

// What a law comes to for a weighted sum of numbers.
struct Law {
  double bias = 0;  // its size
  double spread = 0;
};

Law LawOf(const std::vector<std::array<double, kMostCombinations>>& errors,
          const std::array<double, kMostCombinations>& weights, size_t size) {
  double sum = 0;
  double squares = 0;
  for (const auto& error : errors) {
    double of_set = 0;
    for (size_t i = 0; i < size; ++i) of_set += weights[i] * error[i];
    sum += of_set;
    squares += of_set * of_set;
  }
  const double draws = static_cast<double>(errors.size());
  const double bias = sum / draws;
  return {std::abs(bias), std::sqrt(std::max(squares / draws - bias * bias, 0.0))};
}

// Where everybody is in the total, no more is hidden: the bias needs no allowance.
double MarginOf(const Law& law) {
  Figure figure;
  figure.bias = {law.bias, law.bias};
  figure.errors[0].noise = law.spread;
  return MarginOf(figure);
}

}  // namespace

// G n + h >= 0: every number is at least 0 and, where `most` is known, their sum at most that.
struct ConsistentRows::Constraints {
  using Values = std::array<double, kMostConstraints>;

  size_t size = 0;                                    // of numbers
  double most = 0;                                    // 0: unknown
  std::array<Values, kMostConstraints> covariance{};  // G C G'

  size_t count() const { return most > 0 ? size + 1 : size; }

  void SetCovariance(const Matrix& of_numbers) {
    Values sums{};
    double all = 0;
    for (size_t i = 0; i < size; ++i) {
      for (size_t j = 0; j < size; ++j) {
        covariance[i][j] = of_numbers[i][j];
        sums[i] += of_numbers[i][j];
      }
      all += sums[i];
    }
    for (size_t i = 0; i < size; ++i) covariance[i][size] = covariance[size][i] = -sums[i];
    covariance[size][size] = all;
  }

  // What is left to each constraint.
  Values Slack(const Vector& numbers) const {
    Values slack{};
    double left = most;
    for (size_t i = 0; i < size; ++i) {
      slack[i] = numbers[i];
      left -= numbers[i];
    }
    slack[size] = left;
    return slack;
  }

  // Moves numbers to the nearest consistent ones in the metric of the covariance's inverse.
  // The dual of that is to find forces f >= 0 with slack + (G C G') f >= 0 that act only
  // where no slack is left, which one constraint after the other is given what it lacks
  // for (Hildreth 1957).
  void Apply(double exactness, Vector& numbers) const {
    Values slack = Slack(numbers);
    Values forces{};
    for (int sweep = 0; sweep < kMostSweeps; ++sweep) {
      double moved = 0;
      for (size_t i = 0; i < count(); ++i) {
        const double variance = covariance[i][i];
        if (variance <= 0) continue;
        const double change = std::max(-slack[i] / variance, -forces[i]);
        if (change == 0) continue;
        forces[i] += change;
        for (size_t j = 0; j < count(); ++j) slack[j] += covariance[i][j] * change;
        moved = std::max(moved, std::abs(change) * std::sqrt(variance));
      }
      if (moved <= exactness) break;
    }
    // What the last sweep left undone.
    double sum = 0;
    for (size_t i = 0; i < size; ++i) sum += numbers[i] = std::max(slack[i], 0.0);
    if (most <= 0 || sum <= most) return;
    for (size_t i = 0; i < size; ++i) numbers[i] *= most / sum;
  }

  bool AreFar(const Vector& numbers) const {
    const Values slack = Slack(numbers);
    for (size_t i = 0; i < count(); ++i) {
      if (slack[i] < kFarDeviations * std::sqrt(std::max(covariance[i][i], 0.0))) return false;
    }
    return true;
  }
};

ConsistentRows::ConsistentRows(const SlotModel& model, const TableCounts& counts, unsigned features,
                               double most, uint64_t seed) {
  const unsigned patterns = 1U << model.features;
  std::vector<UnionWeights> weights;
  Vector unbiased{};
  for (unsigned combination = 1; combination < patterns; ++combination) {
    if ((combination & ~features) != 0) continue;
    unsigned set = 0;
    for (unsigned pattern = 1; pattern < patterns; ++pattern) {
      if ((pattern & features) == combination) set |= 1U << pattern;
    }
    weights.push_back(WeightsOf(static_cast<PatternSet>(set), model.features));
    unbiased[combinations_.size()] = counts.Sum(weights.back());
    combinations_.push_back(combination);
  }
  Constraints constraints;
  constraints.size = SizeOf();
  constraints.most = most;
  // Counting errors depend on the numbers. At the unbiased ones, of which some are negative,
  // the error of a number would go with its estimate, and low ones would weigh more.
  for (size_t i = 0; i < SizeOf(); ++i) numbers_[i] = std::max(unbiased[i], 0.0);
  const auto make_consistent = [&] {
    for (int step = 0; step < 2; ++step) {
      SetCovariance(model, weights);
      constraints.SetCovariance(covariance_);
      numbers_ = unbiased;
      constraints.Apply(kExact, numbers_);
    }
  };
  make_consistent();
  unclamped_ = numbers_;
  constraints.most = (1 - kTailShare) * most;
  const bool clamped = most > 0 && Total() > constraints.most;
  if (clamped) {
    make_consistent();
    // The error is that of the clamped total too: 97% and 100% are told by nothing.
    SetCovariance(model, weights);
    constraints.SetCovariance(covariance_);
  }
  // A single number is only cut off at 0, which brings it nearer to the truth.
  if (SizeOf() == 1 || constraints.AreFar(numbers_)) return;
  const Matrix root = RootOfCovariance();
  errors_ = Sample(constraints, root, numbers_, seed);
  if (!clamped) return;
  hidden_ = most - Total();
  errors_of_everybody_ = Sample(constraints, root, OfEverybody(), seed);
}

void ConsistentRows::SetCovariance(const SlotModel& model,
                                   const std::vector<UnionWeights>& weights) {
  std::vector<double> subjects(size_t{1} << model.features, 0.0);
  for (size_t i = 0; i < SizeOf(); ++i) subjects[combinations_[i]] = numbers_[i];
  const UnionMatrix of_unions = TableCounts::FromSubjects(model, subjects).Covariance();
  double largest = 0;
  for (size_t i = 0; i < SizeOf(); ++i) {
    UnionWeights with_unions{};
    for (size_t s = 1; s < with_unions.size(); ++s) {
      if (weights[i][s] == 0) continue;
      for (size_t t = 1; t < with_unions.size(); ++t) {
        with_unions[t] += weights[i][s] * of_unions[s][t];
      }
    }
    for (size_t j = 0; j <= i; ++j) {
      double sum = 0;
      for (size_t t = 1; t < with_unions.size(); ++t) sum += with_unions[t] * weights[j][t];
      covariance_[i][j] = covariance_[j][i] = sum;
    }
    largest = std::max(largest, covariance_[i][i]);
  }
  for (size_t i = 0; i < SizeOf(); ++i) {
    covariance_[i][i] += std::max(kLeastRelativeVariance * largest, kLeastVariance);
  }
}

// Cholesky's.
ConsistentRows::Matrix ConsistentRows::RootOfCovariance() const {
  Matrix root{};
  for (size_t i = 0; i < SizeOf(); ++i) {
    for (size_t j = 0; j <= i; ++j) {
      double rest = covariance_[i][j];
      for (size_t k = 0; k < j; ++k) rest -= root[i][k] * root[j][k];
      if (i == j) {
        root[i][i] = std::sqrt(std::max(rest, 0.0));
      } else if (root[j][j] > 0) {
        root[i][j] = rest / root[j][j];
      }
    }
  }
  return root;
}

ConsistentRows::Vector ConsistentRows::OfEverybody() const {
  Vector with_total{};
  double of_total = 0;
  for (size_t i = 0; i < SizeOf(); ++i) {
    for (size_t j = 0; j < SizeOf(); ++j) with_total[i] += covariance_[i][j];
    of_total += with_total[i];
  }
  Vector numbers = numbers_;
  if (of_total <= 0) return numbers;
  for (size_t i = 0; i < SizeOf(); ++i) {
    numbers[i] = std::max(numbers[i] + hidden_ * with_total[i] / of_total, 0.0);
  }
  return numbers;
}

std::vector<ConsistentRows::Vector> ConsistentRows::Sample(const Constraints& constraints,
                                                           const Matrix& root, const Vector& truth,
                                                           uint64_t seed) {
  LawSampler sampler(seed);
  std::vector<Vector> errors;
  errors.reserve(2 * kPairsOfDraws);
  for (size_t pair = 0; pair < kPairsOfDraws; ++pair) {
    Vector normal{};
    for (size_t i = 0; i < constraints.size; ++i) normal[i] = sampler.NearlyNormal();
    // Each with its opposite: what is symmetric adds nothing to the bias then.
    for (const double sign : {1.0, -1.0}) {
      Vector drawn = truth;
      for (size_t i = 0; i < constraints.size; ++i) {
        for (size_t j = 0; j <= i; ++j) drawn[i] += sign * root[i][j] * normal[j];
      }
      constraints.Apply(kExactEnoughForDraws, drawn);
      for (size_t i = 0; i < constraints.size; ++i) drawn[i] -= truth[i];
      errors.push_back(drawn);
    }
  }
  return errors;
}

double ConsistentRows::Margin(const Vector& weights, size_t combinations) const {
  double variance = 0;
  double with_total = 0;  // covariance
  double of_total = 0;
  for (size_t i = 0; i < SizeOf(); ++i) {
    for (size_t j = 0; j < SizeOf(); ++j) {
      variance += weights[i] * weights[j] * covariance_[i][j];
      with_total += weights[i] * covariance_[i][j];
      of_total += covariance_[i][j];
    }
  }
  const double unbiased = kMarginDeviations * std::sqrt(std::max(variance, 0.0));
  if (errors_.empty()) return unbiased;
  const Law law = LawOf(errors_, weights, SizeOf());
  const double drawn = kBiasAllowance * law.bias + kMarginDeviations * law.spread;
  double margin = drawn;
  if (combinations == 1) margin = std::max(drawn, unbiased);
  if (combinations > 1 && combinations < SizeOf()) margin = std::min(drawn, unbiased);
  if (errors_of_everybody_.empty()) return margin;
  const double of_everybody = MarginOf(LawOf(errors_of_everybody_, weights, SizeOf()));
  // The same without the constraints on numbers, which push against each other.
  const double part = of_total > 0 ? with_total / of_total : 0;
  const double free = MarginOf(
      Law{std::abs(part) * hidden_, std::sqrt(std::max(variance - part * with_total, 0.0))});
  return std::max(margin, std::min(of_everybody, free));
}

ConsistentRows::Vector ConsistentRows::WeightsIn(PatternSet set) const {
  Vector weights{};
  for (size_t i = 0; i < SizeOf(); ++i)
    weights[i] = (unsigned{set} >> combinations_[i] & 1U) != 0 ? 1 : 0;
  return weights;
}

size_t ConsistentRows::CountIn(PatternSet set) const {
  return static_cast<size_t>(std::count_if(
      combinations_.begin(), combinations_.end(),
      [&](unsigned combination) { return (unsigned{set} >> combination & 1U) != 0; }));
}

double ConsistentRows::Sum(PatternSet set, const Vector& numbers) const {
  const Vector weights = WeightsIn(set);
  double sum = 0;
  for (size_t i = 0; i < SizeOf(); ++i) sum += weights[i] * numbers[i];
  return sum;
}

double ConsistentRows::Number(PatternSet set) const { return Sum(set, numbers_); }

double ConsistentRows::UnclampedNumber(PatternSet set) const { return Sum(set, unclamped_); }

double ConsistentRows::Total() const {
  double sum = 0;
  for (size_t i = 0; i < SizeOf(); ++i) sum += numbers_[i];
  return sum;
}

double ConsistentRows::NumberMargin(PatternSet set) const {
  return Margin(WeightsIn(set), CountIn(set));
}

double ConsistentRows::ShareMargin(PatternSet set) const {
  Vector weights = WeightsIn(set);
  const double total = Total();
  const double share = Number(set) / total;
  for (size_t i = 0; i < SizeOf(); ++i) weights[i] = (weights[i] - share) / total;
  return Margin(weights, CountIn(set));
}

}  // namespace tutti
