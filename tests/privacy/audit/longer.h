#ifndef TUTTI_TESTS_PRIVACY_AUDIT_LONGER_H_
#define TUTTI_TESTS_PRIVACY_AUDIT_LONGER_H_

#include <cstdint>
#include <cstdlib>

namespace tutti {

// How often an attack is made: more when TUTTI_LONG is 1.
inline int64_t Longer(int64_t runs, int64_t long_runs) {
  const char* value = std::getenv("TUTTI_LONG");
  return value != nullptr && *value == '1' ? long_runs : runs;
}

}  // namespace tutti

#endif  // TUTTI_TESTS_PRIVACY_AUDIT_LONGER_H_
