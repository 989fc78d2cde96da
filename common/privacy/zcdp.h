#ifndef TUTTI_COMMON_PRIVACY_ZCDP_H_
#define TUTTI_COMMON_PRIVACY_ZCDP_H_

namespace tutti {

// Turns zCDP costs into the (epsilon, delta) that people know, for statements and
// audits. Floating point, after the fact: nothing here comes near a count. Pure,
// thread-safe.

// The delta beside which every epsilon is stated.
inline constexpr double kStatementDelta = 1e-6;

// The smallest epsilon such that rho-zCDP is known to imply (epsilon, delta)-DP.
// rho >= 0, 0 < delta < 1. Of the family of valid bounds, one for each alpha > 1,
//   epsilon = alpha rho + ln(1 - 1/alpha) + (ln(1/delta) - ln alpha) / (alpha - 1)
// (Canonne, Kamath, Steinke 2020, proposition 12 and corollary 13), the best:
// where rho (alpha - 1)^2 = ln(1/(delta alpha)).
double ZcdpEpsilon(double rho, double delta);

// The smallest delta, for an epsilon >= 0 (the same bound, solved for delta).
double ZcdpDelta(double rho, double epsilon);

}  // namespace tutti

#endif  // TUTTI_COMMON_PRIVACY_ZCDP_H_
