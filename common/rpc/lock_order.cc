#include "common/rpc/lock_order.h"

#include "absl/synchronization/mutex.h"

namespace tutti {

void IgnoreLockOrder() { absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore); }

}  // namespace tutti
