#include "services/ingest/grpc_aggregate_client.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "common/rpc/resource_name.h"
#include "common/rpc/status.h"
#include "grpcpp/client_context.h"
#include "tutti/aggregate/v1/organization.pb.h"

namespace tutti {
namespace {

// Of a keyring that has no id yet the id is empty; of one that is yet to be made nothing is said.
template <typename Request>
void SetIdentity(const KeyStore& store, Request& request) {
  const std::shared_ptr<const KeySnapshot> keys = store.snapshot();
  if (keys == nullptr) return;
  aggregate::v1::KeyringIdentity& keyring = *request.mutable_keyring();
  keyring.set_id(keys->keyring_id());
  keyring.mutable_birth_time()->set_seconds(absl::ToUnixSeconds(keys->birth_time()));
}

}  // namespace

// One call: lives until it has called back.
struct GrpcAggregateClient::CallInFlight {
  virtual ~CallInFlight() = default;
  grpc::ClientContext context;
};

template <typename Request, typename Response>
struct GrpcAggregateClient::Call final : CallInFlight {
  Request request;
  Response response;
  std::function<void(absl::StatusOr<Response>)> done;
};

GrpcAggregateClient::GrpcAggregateClient(const std::shared_ptr<grpc::Channel>& channel,
                                         std::string counting_fingerprint, const KeyStore& keys,
                                         absl::Duration timeout)
    : stub_(aggregate::v1::AggregateService::NewStub(channel)),
      report_stub_(aggregate::v1::AggregateService::NewStub(channel)),
      counting_fingerprint_(std::move(counting_fingerprint)),
      keys_(keys),
      timeout_(timeout) {}

template <typename Request, typename Response, typename Start>
void GrpcAggregateClient::Run(Request request, absl::Duration limit,
                              std::function<void(absl::StatusOr<Response>)> done, Start start) {
  auto owned = std::make_unique<Call<Request, Response>>();
  Call<Request, Response>* const call = owned.get();
  call->request = std::move(request);
  call->done = std::move(done);
  call->context.set_deadline(absl::ToChronoTime(absl::Now() + limit));
  {
    const std::lock_guard lock(mutex_);
    if (!shut_down_) {
      in_flight_.emplace(call, std::move(owned));
      ++unfinished_;
    }
  }
  if (owned != nullptr) return call->done(absl::CancelledError("the service stops"));
  // gRPC copies the callback and may keep a copy for a while: it owns nothing.
  start(&call->context, &call->request, &call->response, [this, call](const grpc::Status& status) {
    if (status.ok()) {
      call->done(std::move(call->response));
    } else {
      absl::Status error = FromGrpcStatus(status);
      if (ReasonIn<aggregate::v1::Reason>(error) == aggregate::v1::REASON_CATALOG_MISMATCH)
        counts_alike_ = false;
      call->done(std::move(error));
    }
    Finish(call);
  });
}

void GrpcAggregateClient::FetchPolicy(const std::string& organization, PolicyCallback done) {
  aggregate::v1::GetIngestPolicyRequest request;
  request.set_organization(FormatOrganizationName(organization));
  request.set_catalog_fingerprint(counting_fingerprint_);
  SetIdentity(keys_, request);
  Run(std::move(request), timeout_, std::move(done),
      [this](auto* context, auto* sent, auto* response, auto finished) {
        stub_->async()->GetIngestPolicy(context, sent, response, std::move(finished));
      });
}

void GrpcAggregateClient::ReportKeyring(ReportCallback done) {
  aggregate::v1::ReportKeyringRequest request;
  SetIdentity(keys_, request);
  Run<aggregate::v1::ReportKeyringRequest, aggregate::v1::ReportKeyringResponse>(
      std::move(request), timeout_,
      [this, done = std::move(done)](const auto& response) {
        if (response.ok() && !response->counting_fingerprint().empty()) {
          counts_alike_ = response->counting_fingerprint() == counting_fingerprint_;
        }
        done(response);
      },
      [this](auto* context, auto* sent, auto* response, auto finished) {
        report_stub_->async()->ReportKeyring(context, sent, response, std::move(finished));
      });
}

void GrpcAggregateClient::ReportOver(const std::shared_ptr<grpc::Channel>& channel) {
  report_stub_ = aggregate::v1::AggregateService::NewStub(channel);
}

void GrpcAggregateClient::Merge(aggregate::v1::MergeDeltasRequest request, absl::Duration limit,
                                MergeCallback done) {
  request.set_catalog_fingerprint(counting_fingerprint_);
  Run(std::move(request), std::min(limit, timeout_), std::move(done),
      [this](auto* context, auto* sent, auto* response, auto finished) {
        stub_->async()->MergeDeltas(context, sent, response, std::move(finished));
      });
}

void GrpcAggregateClient::Finish(const void* call) {
  std::shared_ptr<CallInFlight> finished;
  {
    const std::lock_guard lock(mutex_);
    const auto found = in_flight_.find(call);
    finished = std::move(found->second);
    in_flight_.erase(found);
  }
  // A context shares the channel. Were it the last to do so, this thread, one of gRPC's own,
  // would end gRPC's threads, and wait for itself.
  finished.reset();
  const std::lock_guard lock(mutex_);
  --unfinished_;
  // Told with the lock held: Shutdown returns, and this may be destroyed, only
  // after the lock was released.
  idle_.notify_all();
}

void GrpcAggregateClient::Shutdown() {
  std::vector<std::shared_ptr<CallInFlight>> in_flight;
  {
    const std::lock_guard lock(mutex_);
    shut_down_ = true;
    for (const auto& [call, shared] : in_flight_) in_flight.push_back(shared);
  }
  // Without the lock: a cancelled call may call back on this thread.
  for (const std::shared_ptr<CallInFlight>& call : in_flight) call->context.TryCancel();
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return unfinished_ == 0; });
}

}  // namespace tutti
