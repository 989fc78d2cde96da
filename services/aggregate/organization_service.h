#ifndef TUTTI_SERVICES_AGGREGATE_ORGANIZATION_SERVICE_H_
#define TUTTI_SERVICES_AGGREGATE_ORGANIZATION_SERVICE_H_

#include "common/rpc/access.h"
#include "services/aggregate/file_scrubber.h"
#include "services/aggregate/organization_directory.h"
#include "tutti/aggregate/v1/organization.grpc.pb.h"

namespace tutti {

// Serves OrganizationService from the directory.
class OrganizationServiceImpl final : public aggregate::v1::OrganizationService::Service {
 public:
  // What it refers to outlives this.
  OrganizationServiceImpl(OrganizationDirectory& directory, FileScrubber& scrubber, Access& access)
      : directory_(directory), scrubber_(scrubber), access_(access) {}

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
  // The id that a name is of, when the caller may use it.
  absl::StatusOr<std::string> NamedBy(const grpc::ServerContext* context, const std::string& name);

  // Runs a method of the directory on the organisation that the request names, and
  // puts what it has become into the response.
  template <typename Request, typename Response>
  grpc::Status ChangeNamed(const grpc::ServerContext* context, const Request& request,
                           Response& response,
                           absl::StatusOr<aggregate::v1::Organization> (
                               OrganizationDirectory::*method)(const std::string&));

  OrganizationDirectory& directory_;
  FileScrubber& scrubber_;
  Access& access_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_ORGANIZATION_SERVICE_H_
