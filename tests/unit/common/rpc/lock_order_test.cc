#include "common/rpc/lock_order.h"

#include "absl/synchronization/mutex.h"
#include "gtest/gtest.h"

namespace tutti {
namespace {

// Does what would be reported, or end the program, where locks are checked.
void LockInBothOrders() {
  absl::Mutex first;
  absl::Mutex second;
  first.Lock();
  second.Lock();
  second.Unlock();
  first.Unlock();
  second.Lock();
  first.Lock();
  first.Unlock();
  second.Unlock();
}

// Mutation: an IgnoreLockOrder that does nothing; Abseil without checks passes both.
TEST(LockOrder, IsNotLookedAt) {
  IgnoreLockOrder();
  ::testing::internal::CaptureStderr();
  LockInBothOrders();
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace tutti
