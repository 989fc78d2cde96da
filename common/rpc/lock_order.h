#ifndef TUTTI_COMMON_RPC_LOCK_ORDER_H_
#define TUTTI_COMMON_RPC_LOCK_ORDER_H_

namespace tutti {

// Has gRPC's mutexes not look for deadlocks, which costs several percent of a busy
// program's time: the platform's Abseil is built as for debugging. First thing in main.
void IgnoreLockOrder();

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_LOCK_ORDER_H_
