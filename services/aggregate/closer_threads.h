#ifndef TUTTI_SERVICES_AGGREGATE_CLOSER_THREADS_H_
#define TUTTI_SERVICES_AGGREGATE_CLOSER_THREADS_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tutti {

// A bounded number of threads that everybody who closes windows shares. They are started when
// they are first needed, and kept. Whoever asked first is served first. Thread-safe.
class CloserThreads {
 public:
  explicit CloserThreads(size_t most) : most_(most) {}
  ~CloserThreads();
  CloserThreads(const CloserThreads&) = delete;
  CloserThreads& operator=(const CloserThreads&) = delete;

  // Calls task(0) to task(count - 1), each once, in these threads, and waits for all. After
  // Stop those that have not begun are left out. Not to be called by a task.
  void RunAll(size_t count, const std::function<void(size_t)>& task);

  // From now on nothing begins. Returns at once.
  void Stop();

 private:
  struct Batch {
    const std::function<void(size_t)>& task;
    size_t open;  // tasks that have not ended
  };
  struct Task {
    Batch* batch = nullptr;
    size_t index = 0;
  };

  void Work();

  const size_t most_;
  std::mutex mutex_;
  std::condition_variable work_;      // for threads
  std::condition_variable ended_;     // for callers
  std::deque<Task> tasks_;            // that have not begun; guarded by mutex_
  size_t running_ = 0;                // tasks; guarded by mutex_
  bool stopping_ = false;             // guarded by mutex_
  std::vector<std::thread> threads_;  // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_CLOSER_THREADS_H_
