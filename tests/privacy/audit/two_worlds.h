#ifndef TUTTI_TESTS_PRIVACY_AUDIT_TWO_WORLDS_H_
#define TUTTI_TESTS_PRIVACY_AUDIT_TWO_WORLDS_H_

#include <cstdint>
#include <functional>

namespace tutti {

// What an attacker achieved who guesses from one number whether somebody is
// there.
struct TwoWorldsAudit {
  int64_t runs = 0;           // on each side
  int64_t false_present = 0;  // guessed "present" where nobody was
  int64_t false_absent = 0;   // guessed "absent" where somebody was
  // With confidence 1 - error, the mechanism tells the worlds apart at least as
  // well as one normal variable tells means 0 and mu: a rho-zCDP Gaussian
  // mechanism has mu = sqrt(2 rho) = Delta / sigma, and an audit fails when this
  // is above it. On integers the true value lies a trifle higher: 0.20017 for
  // 0.2, less than the bound gives away in 10^8 runs.
  double mu_lower_bound = 0;
};

// Runs the mechanism `runs` times in each world and guesses "present" when the
// statistic is above a threshold, which a tenth as many other runs have fixed
// before. `run` performs it once, with or without the person, and returns the
// statistic, larger when somebody is there.
// mu_LB = Phi^-1(1 - FPR_hi) - Phi^-1(FNR_hi), upper bounds by Clopper and Pearson
// (1934), half of `error` each.
TwoWorldsAudit AuditTwoWorlds(const std::function<double(bool present)>& run, int64_t runs,
                              double error = 1e-6);

// The upper end of the one-sided Clopper-Pearson interval for a probability, of
// which `hits` in `runs` were seen: P[Binomial(runs, p) <= hits] = error.
double ClopperPearsonUpper(int64_t hits, int64_t runs, double error);

// Phi^-1, 0 < p < 1.
double NormalQuantile(double p);

}  // namespace tutti

#endif  // TUTTI_TESTS_PRIVACY_AUDIT_TWO_WORLDS_H_
