#ifndef TUTTI_COMMON_RPC_HEALTH_H_
#define TUTTI_COMMON_RPC_HEALTH_H_

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/clock/clock.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace tutti {

// Serves grpc.health.v1 with two kinds of name: "" is alive as long as the process
// serves; a service's full name is ready when every part that it waits for is
// good. Thread-safe.
class HealthService final : public grpc::health::v1::Health::CallbackService {
 public:
  // `services` are full names; `parts` ("store", "keys") are not good at first. The clock
  // outlives this.
  HealthService(const std::vector<std::string>& services, const std::vector<std::string>& parts,
                const SteadyClock& clock);
  ~HealthService() override;

  // One more part, not good at first. Before it serves.
  void AddPart(const std::string& part);

  // Says whether a part is good, and if not, why: also in the log, when it goes, once a minute
  // while it is away, within ten seconds when the reason is another than the one that was told
  // last, and when it comes back.
  void SetPart(const std::string& part, const absl::Status& status);

  // How long a part took to answer the latest question, or has been taking; see PartCheck. In
  // tenths of a second, rounded up: how long a store was busy closing a window is not to be seen.
  void SetAnswerTime(const std::string& part, absl::Duration took);
  absl::Duration AnswerTime(const std::string& part) const;

  // Every part, in order.
  std::vector<std::string> parts() const;
  bool IsGood(const std::string& part) const;

  // From now on nothing is ready, whatever the parts: the server is about to stop.
  // Ends all watches.
  void Drain();

  bool ready() const;

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const grpc::health::v1::HealthCheckRequest* request,
                                  grpc::health::v1::HealthCheckResponse* response) override;
  grpc::ServerWriteReactor<grpc::health::v1::HealthCheckResponse>* Watch(
      grpc::CallbackServerContext* context,
      const grpc::health::v1::HealthCheckRequest* request) override;

 private:
  class Watcher;
  using Status = grpc::health::v1::HealthCheckResponse::ServingStatus;

  struct Part {
    std::optional<absl::Status> status;  // absent before it was first said
    absl::Status told;                   // the trouble that the log has last
    absl::Duration next_line;            // when the log names the same trouble again
    absl::Duration next_other_line;      // and another
    absl::Duration answer_time;
    bool good() const { return status.has_value() && status->ok(); }
  };

  // mutex_ is held.
  bool AllGood() const;
  Status StatusOf(const std::string& service) const;
  void Log(const std::string& name, Part& part, const absl::Status& status) const;

  const std::set<std::string> services_;
  const SteadyClock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, Part> parts_;  // guarded by mutex_
  bool draining_ = false;              // guarded by mutex_
  std::set<Watcher*> watchers_;        // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_HEALTH_H_
