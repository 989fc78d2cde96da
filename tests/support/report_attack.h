#ifndef TUTTI_TESTS_SUPPORT_REPORT_ATTACK_H_
#define TUTTI_TESTS_SUPPORT_REPORT_ATTACK_H_

#include <cstdio>
#include <string>

namespace tutti {

// Prints what an attack came to, for the report of tests/privacy/run.
inline void ReportAttack(int number, const std::string& statistic) {
  std::printf("attack %d: %s\n", number, statistic.c_str());
}

}  // namespace tutti

#endif  // TUTTI_TESTS_SUPPORT_REPORT_ATTACK_H_
