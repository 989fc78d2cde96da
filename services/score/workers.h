#ifndef TUTTI_SERVICES_SCORE_WORKERS_H_
#define TUTTI_SERVICES_SCORE_WORKERS_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tutti {

// Threads for what waits for the store or computes for long, so that those that gRPC calls
// back on, of which there are few, are free for answers that are at hand. Thread-safe.
class Workers {
 public:
  explicit Workers(int threads);
  // Does what is left first.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Runs it soon, on one of the threads. It must not wait for another task.
  void Run(std::function<void()> task);

 private:
  void Work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;  // guarded by mutex_
  bool stopping_ = false;                    // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_SCORE_WORKERS_H_
