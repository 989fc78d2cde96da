#include "services/aggregate/closer_threads.h"

#include <algorithm>

namespace tutti {

CloserThreads::~CloserThreads() {
  Stop();
  for (std::thread& thread : threads_) thread.join();
}

void CloserThreads::RunAll(size_t count, const std::function<void(size_t)>& task) {
  Batch batch{task, count};
  std::unique_lock<std::mutex> lock(mutex_);
  if (stopping_) return;
  for (size_t i = 0; i < count; ++i) tasks_.push_back({&batch, i});
  while (threads_.size() < std::min(most_, running_ + tasks_.size())) {
    threads_.emplace_back([this] { Work(); });
  }
  work_.notify_all();
  ended_.wait(lock, [&] { return batch.open == 0; });
}

void CloserThreads::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    for (const Task& task : tasks_) --task.batch->open;
    tasks_.clear();
  }
  work_.notify_all();
  ended_.notify_all();
}

void CloserThreads::Work() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    work_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    const Task task = tasks_.front();
    tasks_.pop_front();
    ++running_;
    lock.unlock();
    task.batch->task(task.index);
    lock.lock();
    --running_;
    if (--task.batch->open == 0) ended_.notify_all();
  }
}

}  // namespace tutti
