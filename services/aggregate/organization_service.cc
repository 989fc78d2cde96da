#include "services/aggregate/organization_service.h"

#include "common/rpc/resource_name.h"
#include "common/rpc/status.h"

namespace tutti {
namespace {

using aggregate::v1::Organization;

constexpr int kDefaultPage = 100;
constexpr int kMaxPage = 1000;

// Runs a method of the directory on the organisation that the request names, and
// puts what it has become into the response.
template <typename Request, typename Response>
grpc::Status ChangeNamed(
    OrganizationDirectory& directory, const Request& request, Response& response,
    absl::StatusOr<Organization> (OrganizationDirectory::*method)(const std::string&)) {
  const absl::StatusOr<std::string> id = ParseOrganizationName(request.name());
  if (!id.ok()) return ToGrpcStatus(id.status());
  absl::StatusOr<Organization> organization = (directory.*method)(*id);
  if (!organization.ok()) return ToGrpcStatus(organization.status());
  *response.mutable_organization() = *std::move(organization);
  return grpc::Status::OK;
}

}  // namespace

grpc::Status OrganizationServiceImpl::CreateOrganization(
    grpc::ServerContext*, const aggregate::v1::CreateOrganizationRequest* request,
    aggregate::v1::CreateOrganizationResponse* response) {
  const absl::StatusOr<std::string> id = ParseOrganizationName(request->organization().name());
  if (!id.ok()) return ToGrpcStatus(id.status());
  absl::StatusOr<Organization> created =
      directory_.Create(*id, request->organization(), request->backfill());
  if (!created.ok()) return ToGrpcStatus(created.status());
  *response->mutable_organization() = *std::move(created);
  return grpc::Status::OK;
}

grpc::Status OrganizationServiceImpl::GetOrganization(
    grpc::ServerContext*, const aggregate::v1::GetOrganizationRequest* request,
    aggregate::v1::GetOrganizationResponse* response) {
  return ChangeNamed(directory_, *request, *response, &OrganizationDirectory::Get);
}

grpc::Status OrganizationServiceImpl::ListOrganizations(
    grpc::ServerContext*, const aggregate::v1::ListOrganizationsRequest* request,
    aggregate::v1::ListOrganizationsResponse* response) {
  if (request->page_size() < 0 || request->page_size() > kMaxPage) {
    return ToGrpcStatus(
        WithFieldViolation(absl::InvalidArgumentError("page_size: must be 0 to 1000"), "page_size",
                           "must be 0 to 1000"));
  }
  std::string cursor = request->page_token();
  absl::StatusOr<std::vector<Organization>> page =
      directory_.List(request->page_size() == 0 ? kDefaultPage : request->page_size(), cursor);
  if (!page.ok()) return ToGrpcStatus(page.status());
  for (Organization& organization : *page) {
    *response->add_organizations() = std::move(organization);
  }
  response->set_next_page_token(cursor);
  return grpc::Status::OK;
}

grpc::Status OrganizationServiceImpl::UpdateOrganization(
    grpc::ServerContext*, const aggregate::v1::UpdateOrganizationRequest* request,
    aggregate::v1::UpdateOrganizationResponse* response) {
  const absl::StatusOr<std::string> id = ParseOrganizationName(request->organization().name());
  if (!id.ok()) return ToGrpcStatus(id.status());
  absl::StatusOr<Organization> updated = directory_.Update(*id, request->organization());
  if (!updated.ok()) return ToGrpcStatus(updated.status());
  *response->mutable_organization() = *std::move(updated);
  return grpc::Status::OK;
}

grpc::Status OrganizationServiceImpl::FinishBackfill(
    grpc::ServerContext*, const aggregate::v1::FinishBackfillRequest* request,
    aggregate::v1::FinishBackfillResponse* response) {
  return ChangeNamed(directory_, *request, *response, &OrganizationDirectory::FinishBackfill);
}

grpc::Status OrganizationServiceImpl::PauseScoring(
    grpc::ServerContext*, const aggregate::v1::PauseScoringRequest* request,
    aggregate::v1::PauseScoringResponse* response) {
  return ChangeNamed(directory_, *request, *response, &OrganizationDirectory::Pause);
}

grpc::Status OrganizationServiceImpl::ResumeScoring(
    grpc::ServerContext*, const aggregate::v1::ResumeScoringRequest* request,
    aggregate::v1::ResumeScoringResponse* response) {
  return ChangeNamed(directory_, *request, *response, &OrganizationDirectory::Resume);
}

grpc::Status OrganizationServiceImpl::EraseOrganization(
    grpc::ServerContext*, const aggregate::v1::EraseOrganizationRequest* request,
    aggregate::v1::EraseOrganizationResponse* response) {
  const absl::StatusOr<std::string> id = ParseOrganizationName(request->name());
  if (!id.ok()) return ToGrpcStatus(id.status());
  const absl::StatusOr<int64_t> deleted = directory_.Erase(*id);
  if (!deleted.ok()) return ToGrpcStatus(deleted.status());
  response->set_deleted_keys(*deleted);
  return grpc::Status::OK;
}

}  // namespace tutti
