#ifndef TUTTI_SERVICES_AGGREGATE_ORGANIZATION_SERVICE_H_
#define TUTTI_SERVICES_AGGREGATE_ORGANIZATION_SERVICE_H_

#include "common/catalog/catalog.h"
#include "common/clock/clock.h"
#include "common/rpc/access.h"
#include "services/aggregate/file_scrubber.h"
#include "services/aggregate/needed_sizes.h"
#include "services/aggregate/organization_lifecycle.h"
#include "services/aggregate/organization_repository.h"
#include "services/aggregate/store_verdict.h"
#include "tutti/aggregate/v1/organization.grpc.pb.h"

namespace tutti {

// What the service works with. References outlive it.
struct OrganizationServiceParts {
  OrganizationRepository& repository;
  OrganizationLifecycle& lifecycle;
  FileScrubber& scrubber;
  const Catalog& catalog;
  const WallClock& clock;
  Access& access;
  const StoreVerdict& store;
};

// Serves OrganizationService: names and messages in, domain classes behind.
class OrganizationServiceImpl final : public aggregate::v1::OrganizationService::Service {
 public:
  explicit OrganizationServiceImpl(const OrganizationServiceParts& parts) : parts_(parts) {}

  grpc::Status CreateOrganization(grpc::ServerContext* context,
                                  const aggregate::v1::CreateOrganizationRequest* request,
                                  aggregate::v1::CreateOrganizationResponse* response) override;
  grpc::Status GetOrganization(grpc::ServerContext* context,
                               const aggregate::v1::GetOrganizationRequest* request,
                               aggregate::v1::GetOrganizationResponse* response) override;
  grpc::Status ListOrganizations(grpc::ServerContext* context,
                                 const aggregate::v1::ListOrganizationsRequest* request,
                                 aggregate::v1::ListOrganizationsResponse* response) override;
  grpc::Status UpdateOrganization(grpc::ServerContext* context,
                                  const aggregate::v1::UpdateOrganizationRequest* request,
                                  aggregate::v1::UpdateOrganizationResponse* response) override;
  grpc::Status FinishBackfill(grpc::ServerContext* context,
                              const aggregate::v1::FinishBackfillRequest* request,
                              aggregate::v1::FinishBackfillResponse* response) override;
  grpc::Status PauseScoring(grpc::ServerContext* context,
                            const aggregate::v1::PauseScoringRequest* request,
                            aggregate::v1::PauseScoringResponse* response) override;
  grpc::Status ResumeScoring(grpc::ServerContext* context,
                             const aggregate::v1::ResumeScoringRequest* request,
                             aggregate::v1::ResumeScoringResponse* response) override;
  grpc::Status EraseOrganization(grpc::ServerContext* context,
                                 const aggregate::v1::EraseOrganizationRequest* request,
                                 aggregate::v1::EraseOrganizationResponse* response) override;

 private:
  // The id that a name is of, when the caller may use it and the store can be used.
  absl::StatusOr<std::string> NamedBy(const grpc::ServerContext* context, const std::string& name);

  // Puts what an organisation is into the response, or says why there is none.
  template <typename Response>
  grpc::Status Put(const absl::StatusOr<OrganizationRepository::Organization>& organization,
                   Response& response) const;

  const OrganizationServiceParts parts_;
  mutable NeededSizes sizes_{parts_.catalog};
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_ORGANIZATION_SERVICE_H_
