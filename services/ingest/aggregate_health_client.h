#ifndef TUTTI_SERVICES_INGEST_AGGREGATE_HEALTH_CLIENT_H_
#define TUTTI_SERVICES_INGEST_AGGREGATE_HEALTH_CLIENT_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/clock/clock.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpcpp/channel.h"

namespace tutti {

// Asks whether an aggregate answers and is ready itself: a connection says neither. Not
// thread-safe.
class AggregateHealthClient {
 public:
  // `address` is what the channel was made for, for errors. `clock` outlives this.
  AggregateHealthClient(const std::shared_ptr<grpc::Channel>& channel, std::string address,
                        const SteadyClock& clock);

  // OK when one says that it is ready, or has said so within a second and a half, or three while
  // questions are not answered: where there are several, some may go or hang. Returns within a
  // second.
  absl::Status Ask();

 private:
  absl::Status AskOne(bool& answered);

  const std::unique_ptr<grpc::health::v1::Health::Stub> health_;
  const std::string address_;
  const SteadyClock& clock_;
  absl::Duration good_at_ = -absl::InfiniteDuration();
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_AGGREGATE_HEALTH_CLIENT_H_
