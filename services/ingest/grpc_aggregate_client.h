#ifndef TUTTI_SERVICES_INGEST_GRPC_AGGREGATE_CLIENT_H_
#define TUTTI_SERVICES_INGEST_GRPC_AGGREGATE_CLIENT_H_

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/time/time.h"
#include "common/keyring/key_store.h"
#include "grpcpp/channel.h"
#include "services/ingest/aggregate_client.h"
#include "tutti/aggregate/v1/aggregate.grpc.pb.h"

namespace tutti {

// Calls aggregate over a channel. Thread-safe.
class GrpcAggregateClient final : public AggregateClient {
 public:
  // Policies are asked for with the id of the keyring that is loaded then. `keys` outlives this;
  // `timeout` bounds each call.
  GrpcAggregateClient(const std::shared_ptr<grpc::Channel>& channel,
                      std::string counting_fingerprint, const KeyStore& keys,
                      absl::Duration timeout);
  ~GrpcAggregateClient() override { Shutdown(); }

  void FetchPolicy(const std::string& organization, PolicyCallback done) override;
  void Merge(aggregate::v1::MergeDeltasRequest request, absl::Duration limit,
             MergeCallback done) override;

  using ReportCallback =
      std::function<void(const absl::StatusOr<aggregate::v1::ReportKeyringResponse>&)>;

  // Tells aggregate which keyring is loaded, and learns what aggregate counts.
  void ReportKeyring(ReportCallback done);
  // Has later reports go over another channel. Not to be called beside ReportKeyring.
  void ReportOver(const std::shared_ptr<grpc::Channel>& channel);

  // False once aggregate has said that it counts by another catalogue, until a report of the
  // keyring has shown that it does not.
  bool CountsAlike() const { return counts_alike_; }

  // Cancels the calls in flight and returns when each has called back and is destroyed. Calls
  // made later fail with Cancelled, at once.
  void Shutdown();

 private:
  struct CallInFlight;
  template <typename Request, typename Response>
  struct Call;

  // Runs `start` with a new context, for `limit` at most, unless it is shut down.
  template <typename Request, typename Response, typename Start>
  void Run(Request request, absl::Duration limit,
           std::function<void(absl::StatusOr<Response>)> done, Start start);
  void Finish(const void* call);

  const std::unique_ptr<aggregate::v1::AggregateService::Stub> stub_;
  std::unique_ptr<aggregate::v1::AggregateService::Stub> report_stub_;
  const std::string counting_fingerprint_;
  const KeyStore& keys_;
  const absl::Duration timeout_;
  std::atomic<bool> counts_alike_ = true;

  std::mutex mutex_;
  std::condition_variable idle_;
  // Guarded by mutex_.
  bool shut_down_ = false;
  std::map<const void*, std::shared_ptr<CallInFlight>> in_flight_;
  int unfinished_ = 0;  // calls in flight, and those that are being destroyed
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_GRPC_AGGREGATE_CLIENT_H_
