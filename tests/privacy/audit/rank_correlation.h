#ifndef TUTTI_TESTS_PRIVACY_AUDIT_RANK_CORRELATION_H_
#define TUTTI_TESTS_PRIVACY_AUDIT_RANK_CORRELATION_H_

#include <vector>

namespace tutti {

// Spearman's, of pairs: outliers, which other work on the machine makes, do not hide
// anything.
double RankCorrelation(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace tutti

#endif  // TUTTI_TESTS_PRIVACY_AUDIT_RANK_CORRELATION_H_
