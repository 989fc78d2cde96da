#ifndef TUTTI_COMMON_AUTH_OPEN_CALLS_H_
#define TUTTI_COMMON_AUTH_OPEN_CALLS_H_

#include <mutex>
#include <string>

#include "absl/container/flat_hash_map.h"

namespace tutti {

// Counts the calls that are under way, so that one who never reads an answer, or never
// ends a stream, does not hold what all share. Thread-safe.
class OpenCalls {
 public:
  static constexpr int kMostOfOne = 200;      // calls of one caller
  static constexpr size_t kMostOfAll = 1000;  // calls of all callers

  // A call begins; again for the same call changes nothing. False, and it does not count,
  // when its caller, or all together, have the most.
  bool Begin(const void* call, const std::string& principal);
  // A call is over; also one that did not count.
  void End(const void* call);

 private:
  std::mutex mutex_;
  absl::flat_hash_map<const void*, std::string> principals_;  // guarded by mutex_
  absl::flat_hash_map<std::string, int> counts_;              // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_COMMON_AUTH_OPEN_CALLS_H_
