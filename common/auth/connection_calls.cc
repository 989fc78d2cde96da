#include "common/auth/connection_calls.h"

namespace tutti {

bool ConnectionCalls::Come(const void* connection, absl::Duration now) {
  const std::lock_guard lock(mutex_);
  Connection& counts = connections_[connection];
  if (waiting_ >= kMostWaiting && counts.calls >= kSpared) return false;
  if (counts.calls >= kMostOfOne) {
    counts.exceeded = true;
    return false;
  }
  if (counts.waiting == 0) counts.waiting_since = now;
  ++counts.calls;
  ++counts.waiting;
  ++waiting_;
  return true;
}

bool ConnectionCalls::Begin(const void* call, const void* connection, bool open_to_anybody) {
  const std::lock_guard lock(mutex_);
  calls_.emplace(call, Call{connection, open_to_anybody});
  Connection& counts = connections_[connection];
  if (counts.waiting > 0) {
    --counts.waiting;
    --waiting_;
  } else {
    ++counts.calls;  // it was forgotten
  }
  return !open_to_anybody || ++counts.open_to_anybody <= kMostOpenToAnybody;
}

void ConnectionCalls::End(const void* call) {
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(call);
  if (found == calls_.end()) return;
  const auto [connection, open_to_anybody] = found->second;
  calls_.erase(found);
  const auto counts = connections_.find(connection);
  if (open_to_anybody) --counts->second.open_to_anybody;
  if (--counts->second.calls == 0) connections_.erase(counts);
}

void ConnectionCalls::ForgetLost(absl::Duration now) {
  const std::lock_guard lock(mutex_);
  absl::erase_if(connections_, [&](auto& entry) {
    Connection& counts = entry.second;
    if (counts.waiting == 0 || now - counts.waiting_since < kLongestWait) return false;
    waiting_ -= static_cast<size_t>(counts.waiting);
    counts.calls -= counts.waiting;
    counts.waiting = 0;
    return counts.calls == 0;
  });
}

bool ConnectionCalls::TakeExcess(const void* connection) {
  const std::lock_guard lock(mutex_);
  const auto counts = connections_.find(connection);
  if (counts == connections_.end() || !counts->second.exceeded) return false;
  counts->second.exceeded = false;
  return true;
}

}  // namespace tutti
