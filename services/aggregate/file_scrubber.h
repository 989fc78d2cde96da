#ifndef TUTTI_SERVICES_AGGREGATE_FILE_SCRUBBER_H_
#define TUTTI_SERVICES_AGGREGATE_FILE_SCRUBBER_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "absl/time/time.h"
#include "common/storage/counter_store.h"

namespace tutti {

// Has the store's files scrubbed of what was deleted, in a thread of its own: whoever
// waits for a close must not wait for that, for how long it takes depends on everybody's
// counters. However many ask, the files are scrubbed once at a time, and again until a
// scrub succeeds that began after the last one asked. Thread-safe.
class FileScrubber {
 public:
  // `counters` outlives this. A scrub that failed is repeated after `retry`, and then
  // after twice as long each time, up to an hour.
  FileScrubber(CounterStore& counters, absl::Duration retry) : counters_(counters), retry_(retry) {}
  ~FileScrubber() { Stop(); }

  // Begins with a scrub: a process that ended between a deletion and its scrub left that
  // to the next.
  void Start();
  // Returns soon; what was not scrubbed is left to the next process.
  void Stop();

  // Something was deleted.
  void ScrubSoon();

  uint64_t failures() const { return failures_; }
  // Whether something may linger in the files that was deleted.
  bool pending() const { return pending_; }

 private:
  void Run();
  bool stopping();

  CounterStore& counters_;
  const absl::Duration retry_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  bool wanted_ = true;     // guarded by mutex_
  std::atomic<bool> pending_ = true;
  std::atomic<uint64_t> failures_ = 0;
  std::thread thread_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_FILE_SCRUBBER_H_
