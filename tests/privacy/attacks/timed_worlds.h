#ifndef TUTTI_TESTS_PRIVACY_ATTACKS_TIMED_WORLDS_H_
#define TUTTI_TESTS_PRIVACY_ATTACKS_TIMED_WORLDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tutti/aggregate/v1/aggregate.pb.h"

namespace tutti {

// The headcount of the organisations whose closes are timed.
inline constexpr int64_t kTimedHeadcount = 120;

// What aggregate is told of organisations in which 0, 20, 40, 60, 80 and 100 people do
// everything on every day: one call each, so that all of them take as much to make.
std::vector<aggregate::v1::MergeDeltasRequest> TimedWorlds();

// The same for another organisation.
aggregate::v1::MergeDeltasRequest For(const std::string& organization,
                                      aggregate::v1::MergeDeltasRequest world);

}  // namespace tutti

#endif  // TUTTI_TESTS_PRIVACY_ATTACKS_TIMED_WORLDS_H_
