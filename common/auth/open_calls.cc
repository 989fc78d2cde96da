#include "common/auth/open_calls.h"

namespace tutti {

bool OpenCalls::Begin(const void* call, const std::string& principal) {
  const std::lock_guard lock(mutex_);
  if (principals_.contains(call)) return true;
  if (principals_.size() >= kMostOfAll) return false;
  int& count = counts_[principal];
  if (count >= kMostOfOne) return false;
  ++count;
  principals_.emplace(call, principal);
  return true;
}

void OpenCalls::End(const void* call) {
  const std::lock_guard lock(mutex_);
  const auto found = principals_.find(call);
  if (found == principals_.end()) return;
  const auto count = counts_.find(found->second);
  if (--count->second == 0) counts_.erase(count);
  principals_.erase(found);
}

}  // namespace tutti
