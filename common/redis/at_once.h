#ifndef TUTTI_COMMON_REDIS_AT_ONCE_H_
#define TUTTI_COMMON_REDIS_AT_ONCE_H_

#include <cstddef>
#include <functional>

namespace tutti {

// Does work(0) to work(count - 1), sixteen of them at the same time, and returns when all are done.
// Connections block: each gets a thread of its own, so that a node that hangs keeps no other back.
void DoAtOnce(size_t count, const std::function<void(size_t)>& work);

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_AT_ONCE_H_
