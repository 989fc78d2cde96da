#ifndef TUTTI_COMMON_RPC_HEALTH_H_
#define TUTTI_COMMON_RPC_HEALTH_H_

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "grpc/health/v1/health.grpc.pb.h"

namespace tutti {

// Serves grpc.health.v1 with two kinds of name: "" is alive as long as the process
// serves; a service's full name is ready when every part that it waits for is
// good. Thread-safe.
class HealthService final : public grpc::health::v1::Health::CallbackService {
 public:
  // `services` are full names; `parts` ("store", "keys") are not good at first.
  HealthService(const std::vector<std::string>& services, const std::vector<std::string>& parts);
  ~HealthService() override;

  // Says whether a part is good.
  void SetPart(const std::string& part, bool good);

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

  Status StatusOf(const std::string& service) const;  // mutex_ is held

  const std::set<std::string> services_;
  mutable std::mutex mutex_;
  std::map<std::string, bool> parts_;  // guarded by mutex_
  bool draining_ = false;              // guarded by mutex_
  std::set<Watcher*> watchers_;        // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_HEALTH_H_
