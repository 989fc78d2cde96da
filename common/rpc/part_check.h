#ifndef TUTTI_COMMON_RPC_PART_CHECK_H_
#define TUTTI_COMMON_RPC_PART_CHECK_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/clock/clock.h"
#include "common/rpc/health.h"

namespace tutti {

// Asks twice a second whether something that calls need is good, on a thread of its own, and
// tells health. What hangs says nothing: a question that is not answered within `patience` is
// answered with no, until it is. Within patience and a second, health knows.
class PartCheck {
 public:
  static constexpr absl::Duration kPatience = absl::Seconds(2);

  // Returns once the first question is answered, or after `patience`. `health`, which outlives
  // this, has such a part; `ask` is called by one thread at a time and ends by itself.
  PartCheck(HealthService& health, std::string part, std::function<absl::Status()> ask,
            absl::Duration patience = kPatience);
  // Waits for the end of a question that is under way.
  ~PartCheck();

  PartCheck(const PartCheck&) = delete;
  PartCheck& operator=(const PartCheck&) = delete;

 private:
  void Ask();
  void WatchForSilence();

  HealthService& health_;
  const std::string part_;
  const std::function<absl::Status()> ask_;
  const absl::Duration patience_;
  const SystemSteadyClock clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  bool ends_ = false;
  bool said_ = false;  // whether health has been told anything
  std::optional<absl::Duration> asked_at_;
  std::thread asking_;
  std::thread watching_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_PART_CHECK_H_
