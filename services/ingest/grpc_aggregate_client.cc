#include "services/ingest/grpc_aggregate_client.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/rpc/status.h"

namespace tutti {
namespace {

// False when the keyring has no id yet.
bool SetIdentity(const KeySnapshot& keys, aggregate::v1::KeyringIdentity& keyring) {
  if (keys.keyring_id().empty()) return false;
  keyring.set_id(keys.keyring_id());
  keyring.mutable_birth_time()->set_seconds(absl::ToUnixSeconds(keys.birth_time()));
  return true;
}

}  // namespace

// One call: lives until it has called back.
template <typename Request, typename Response>
struct GrpcAggregateClient::Call {
  grpc::ClientContext context;
  Request request;
  Response response;
  std::function<void(absl::StatusOr<Response>)> done;
};

GrpcAggregateClient::GrpcAggregateClient(std::shared_ptr<grpc::Channel> channel,
                                         std::string counting_fingerprint, const KeyStore& keys,
                                         absl::Duration timeout)
    : channel_(std::move(channel)),
      stub_(aggregate::v1::AggregateService::NewStub(channel_)),
      counting_fingerprint_(std::move(counting_fingerprint)),
      keys_(keys),
      timeout_(timeout) {}

template <typename Request, typename Response, typename Start>
void GrpcAggregateClient::Run(Request request, std::function<void(absl::StatusOr<Response>)> done,
                              Start start) {
  auto call = std::make_shared<Call<Request, Response>>();
  call->request = std::move(request);
  call->done = std::move(done);
  call->context.set_deadline(absl::ToChronoTime(absl::Now() + timeout_));
  const std::shared_ptr<grpc::ClientContext> context(call, &call->context);
  bool refused = false;
  {
    const std::lock_guard lock(mutex_);
    refused = shut_down_;
    if (!refused) in_flight_.insert(context);
  }
  if (refused) return call->done(absl::CancelledError("the service stops"));
  start(&call->context, &call->request, &call->response,
        [this, call, context](const grpc::Status& status) {
          if (status.ok()) {
            call->done(std::move(call->response));
          } else {
            absl::Status error = FromGrpcStatus(status);
            if (ReasonOf(error) == kCatalogMismatch) counts_alike_ = false;
            call->done(std::move(error));
          }
          Remove(context);
        });
}

void GrpcAggregateClient::FetchPolicy(const std::string& organization, PolicyCallback done) {
  aggregate::v1::GetIngestPolicyRequest request;
  request.set_organization(absl::StrCat("organizations/", organization));
  request.set_catalog_fingerprint(counting_fingerprint_);
  if (!SetIdentity(*keys_.snapshot(), *request.mutable_keyring())) request.clear_keyring();
  Run(std::move(request), std::move(done),
      [this](auto* context, auto* sent, auto* response, auto finished) {
        stub_->async()->GetIngestPolicy(context, sent, response, std::move(finished));
      });
}

void GrpcAggregateClient::ReportKeyring(std::function<void(const absl::Status&)> done) {
  aggregate::v1::ReportKeyringRequest request;
  if (!SetIdentity(*keys_.snapshot(), *request.mutable_keyring())) request.clear_keyring();
  Run<aggregate::v1::ReportKeyringRequest, aggregate::v1::ReportKeyringResponse>(
      std::move(request),
      [this, done = std::move(done)](const auto& response) {
        if (response.ok() && !response->counting_fingerprint().empty()) {
          counts_alike_ = response->counting_fingerprint() == counting_fingerprint_;
        }
        done(response.status());
      },
      [this](auto* context, auto* sent, auto* response, auto finished) {
        stub_->async()->ReportKeyring(context, sent, response, std::move(finished));
      });
}

void GrpcAggregateClient::Merge(aggregate::v1::MergeDeltasRequest request, MergeCallback done) {
  request.set_catalog_fingerprint(counting_fingerprint_);
  Run(std::move(request), std::move(done),
      [this](auto* context, auto* sent, auto* response, auto finished) {
        stub_->async()->MergeDeltas(context, sent, response, std::move(finished));
      });
}

void GrpcAggregateClient::Remove(const std::shared_ptr<grpc::ClientContext>& context) {
  const std::lock_guard lock(mutex_);
  in_flight_.erase(context);
  // Told with the lock held: Shutdown returns, and this may be destroyed, only
  // after the lock was released.
  idle_.notify_all();
}

bool GrpcAggregateClient::Connected() const {
  return channel_->GetState(/*try_to_connect=*/true) == GRPC_CHANNEL_READY;
}

void GrpcAggregateClient::Shutdown() {
  std::set<std::shared_ptr<grpc::ClientContext>> in_flight;
  {
    const std::lock_guard lock(mutex_);
    shut_down_ = true;
    in_flight = in_flight_;
  }
  // Without the lock: a cancelled call may call back on this thread.
  for (const std::shared_ptr<grpc::ClientContext>& context : in_flight) context->TryCancel();
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return in_flight_.empty(); });
}

}  // namespace tutti
