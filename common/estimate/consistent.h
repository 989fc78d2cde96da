#ifndef TUTTI_COMMON_ESTIMATE_CONSISTENT_H_
#define TUTTI_COMMON_ESTIMATE_CONSISTENT_H_

#include <vector>

namespace tutti {

// The nearest (least squares) parts that are not negative and add up to `total`,
// which must not be negative: the Euclidean projection onto a simplex (Held, Wolfe,
// Crowder 1974). Unlike cutting off what is below zero, which raises the sum of
// small noisy parts, it keeps the sum. For what is shown; estimates and margins
// come from the parts as they were.
std::vector<double> ConsistentParts(const std::vector<double>& parts, double total);

}  // namespace tutti

#endif  // TUTTI_COMMON_ESTIMATE_CONSISTENT_H_
