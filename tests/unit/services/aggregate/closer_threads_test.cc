#include "services/aggregate/closer_threads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <set>

namespace tutti {
namespace {

// Lets threads wait for each other.
class Gate {
 public:
  void Open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void Arrive() {
    std::unique_lock<std::mutex> lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void AwaitArrivals(int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return arrived_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int arrived_ = 0;
  bool open_ = false;
};

// Mutation: threads of each caller's own.
TEST(CloserThreadsTest, RunsEachTaskOnceInABoundedNumberOfThreads) {
  CloserThreads threads(4);
  std::mutex mutex;
  std::set<std::thread::id> ids;
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  std::vector<std::thread> callers;
  std::vector<std::vector<int>> times(8, std::vector<int>(100));
  for (std::vector<int>& own : times) {
    callers.emplace_back([&] {
      threads.RunAll(own.size(), [&](size_t i) {
        most = std::max(most.load(), ++now);
        ++own[i];
        {
          const std::lock_guard<std::mutex> lock(mutex);
          ids.insert(std::this_thread::get_id());
        }
        --now;
      });
    });
  }
  for (std::thread& caller : callers) caller.join();
  for (const std::vector<int>& own : times) EXPECT_EQ(own, std::vector<int>(own.size(), 1));
  EXPECT_LE(ids.size(), 4u);
  EXPECT_LE(most, 4);
  threads.RunAll(0, [](size_t) { FAIL(); });
}

// Mutation: the tasks of one caller before those of others.
TEST(CloserThreadsTest, ServesWhoeverAskedFirst) {
  CloserThreads threads(1);
  Gate gate;
  std::vector<int> order;
  std::thread first([&] {
    threads.RunAll(2, [&](size_t i) {
      if (i == 0) gate.Arrive();
      order.push_back(1);
    });
  });
  gate.AwaitArrivals(1);
  std::atomic<bool> asked = false;
  std::thread second([&] {
    asked = true;
    threads.RunAll(1, [&](size_t) { order.push_back(2); });
  });
  while (!asked) std::this_thread::yield();
  gate.Open();
  first.join();
  second.join();
  EXPECT_EQ(order, (std::vector<int>{1, 1, 2}));
}

// Mutation: a stop that lets the queue run empty.
TEST(CloserThreadsTest, BeginsNothingAfterAStop) {
  CloserThreads threads(2);
  Gate gate;
  std::atomic<int> run = 0;
  std::thread caller([&] {
    threads.RunAll(10, [&](size_t) {
      ++run;
      gate.Arrive();
    });
  });
  gate.AwaitArrivals(2);
  threads.Stop();
  gate.Open();
  caller.join();
  EXPECT_EQ(run, 2);
  threads.RunAll(3, [&](size_t) { ++run; });
  EXPECT_EQ(run, 2);
}

}  // namespace
}  // namespace tutti
