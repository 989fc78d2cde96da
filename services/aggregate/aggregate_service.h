#ifndef TUTTI_SERVICES_AGGREGATE_AGGREGATE_SERVICE_H_
#define TUTTI_SERVICES_AGGREGATE_AGGREGATE_SERVICE_H_

#include "common/catalog/catalog.h"
#include "common/clock/clock.h"
#include "common/rpc/access.h"
#include "services/aggregate/closing_loop.h"
#include "services/aggregate/delta_merger.h"
#include "services/aggregate/organization_repository.h"
#include "services/aggregate/store_verdict.h"
#include "tutti/aggregate/v1/aggregate.grpc.pb.h"

namespace tutti {

// What the service works with. References outlive it.
struct AggregateParts {
  OrganizationRepository& repository;
  CountingHistory& history;
  DeltaMerger& merger;
  ClosingLoop& closing;
  const Catalog& catalog;
  const WallClock& clock;
  Access& access;
  const StoreVerdict& store;
};

// Serves AggregateService: names and messages in, domain classes behind.
class AggregateServiceImpl final : public aggregate::v1::AggregateService::Service {
 public:
  explicit AggregateServiceImpl(const AggregateParts& parts) : parts_(parts) {}

  grpc::Status GetIngestPolicy(grpc::ServerContext* context,
                               const aggregate::v1::GetIngestPolicyRequest* request,
                               aggregate::v1::GetIngestPolicyResponse* response) override;
  grpc::Status ReportKeyring(grpc::ServerContext* context,
                             const aggregate::v1::ReportKeyringRequest* request,
                             aggregate::v1::ReportKeyringResponse* response) override;
  grpc::Status MergeDeltas(grpc::ServerContext* context,
                           const aggregate::v1::MergeDeltasRequest* request,
                           aggregate::v1::MergeDeltasResponse* response) override;
  grpc::Status PublishDueWindows(grpc::ServerContext* context,
                                 const aggregate::v1::PublishDueWindowsRequest* request,
                                 aggregate::v1::PublishDueWindowsResponse* response) override;

 private:
  absl::Status NoteKeyring(const aggregate::v1::KeyringIdentity& keyring);
  absl::Status CheckCatalog(const std::string& fingerprint) const;

  const AggregateParts parts_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_AGGREGATE_SERVICE_H_
