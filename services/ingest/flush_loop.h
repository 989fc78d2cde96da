#ifndef TUTTI_SERVICES_INGEST_FLUSH_LOOP_H_
#define TUTTI_SERVICES_INGEST_FLUSH_LOOP_H_

#include <condition_variable>
#include <mutex>
#include <thread>

#include "absl/time/time.h"
#include "services/ingest/delta_coalescer.h"

namespace tutti {

// A thread that ticks a coalescer, from its making to its end. The beat does not follow
// the requests, so what a request waits for its tick says nothing about what it brought;
// and it is uneven by chance, so that nobody who asks in step with it can time answers to
// the microsecond.
class FlushLoop {
 public:
  // The coalescer outlives this. A beat takes `interval`, a millisecond to a second, to half
  // as much again.
  FlushLoop(DeltaCoalescer& coalescer, absl::Duration interval);
  // Ticks once more and ends.
  ~FlushLoop();
  FlushLoop(const FlushLoop&) = delete;
  FlushLoop& operator=(const FlushLoop&) = delete;

 private:
  void Run(absl::Duration interval);

  DeltaCoalescer& coalescer_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_FLUSH_LOOP_H_
