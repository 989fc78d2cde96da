#include "services/aggregate/organization_service.h"

#include "common/rpc/resource_name.h"
#include "common/rpc/status.h"
#include "services/aggregate/aggregate_error.h"

namespace tutti {
namespace {

using aggregate::v1::Organization;

constexpr int kDefaultPage = 100;
constexpr int kMaxPage = 1000;

// No error is without a reason of this service, or of the gate.
grpc::Status Answer(const absl::Status& status) { return ToGrpcStatus(WithSomeReason(status)); }

}  // namespace

absl::StatusOr<std::string> OrganizationServiceImpl::NamedBy(const grpc::ServerContext* context,
                                                             const std::string& name) {
  return access_.Admit(context, ParseOrganizationName(name));
}

template <typename Request, typename Response>
grpc::Status OrganizationServiceImpl::ChangeNamed(
    const grpc::ServerContext* context, const Request& request, Response& response,
    absl::StatusOr<Organization> (OrganizationDirectory::*method)(const std::string&)) {
  const absl::StatusOr<std::string> id = NamedBy(context, request.name());
  if (!id.ok()) return Answer(id.status());
  absl::StatusOr<Organization> organization = (directory_.*method)(*id);
  if (!organization.ok()) return Answer(organization.status());
  *response.mutable_organization() = *std::move(organization);
  return grpc::Status::OK;
}

grpc::Status OrganizationServiceImpl::CreateOrganization(
    grpc::ServerContext* context, const aggregate::v1::CreateOrganizationRequest* request,
    aggregate::v1::CreateOrganizationResponse* response) {
  const absl::StatusOr<std::string> id = NamedBy(context, request->organization().name());
  if (!id.ok()) return Answer(id.status());
  absl::StatusOr<Organization> created =
      directory_.Create(*id, request->organization(), request->backfill());
  if (!created.ok()) return Answer(created.status());
  *response->mutable_organization() = *std::move(created);
  return grpc::Status::OK;
}

grpc::Status OrganizationServiceImpl::GetOrganization(
    grpc::ServerContext* context, const aggregate::v1::GetOrganizationRequest* request,
    aggregate::v1::GetOrganizationResponse* response) {
  return ChangeNamed(context, *request, *response, &OrganizationDirectory::Get);
}

grpc::Status OrganizationServiceImpl::ListOrganizations(
    grpc::ServerContext* context, const aggregate::v1::ListOrganizationsRequest* request,
    aggregate::v1::ListOrganizationsResponse* response) {
  const auto caller = access_.CallerOf(context);
  if (!caller.ok()) return Answer(caller.status());
  if (request->page_size() < 0 || request->page_size() > kMaxPage) {
    return Answer(FieldError("page_size", "must be 0 to 1000"));
  }
  const int limit = request->page_size() == 0 ? kDefaultPage : request->page_size();
  std::string cursor = request->page_token();
  absl::StatusOr<std::vector<Organization>> page =
      (*caller)->every_organization ? directory_.List(limit, cursor)
                                    : directory_.ListAmong((*caller)->organizations, limit, cursor);
  if (!page.ok()) return Answer(page.status());
  for (Organization& organization : *page) {
    *response->add_organizations() = std::move(organization);
  }
  response->set_next_page_token(cursor);
  return grpc::Status::OK;
}

grpc::Status OrganizationServiceImpl::UpdateOrganization(
    grpc::ServerContext* context, const aggregate::v1::UpdateOrganizationRequest* request,
    aggregate::v1::UpdateOrganizationResponse* response) {
  const absl::StatusOr<std::string> id = NamedBy(context, request->organization().name());
  if (!id.ok()) return Answer(id.status());
  absl::StatusOr<Organization> updated = directory_.Update(*id, request->organization());
  if (!updated.ok()) return Answer(updated.status());
  *response->mutable_organization() = *std::move(updated);
  return grpc::Status::OK;
}

grpc::Status OrganizationServiceImpl::FinishBackfill(
    grpc::ServerContext* context, const aggregate::v1::FinishBackfillRequest* request,
    aggregate::v1::FinishBackfillResponse* response) {
  const absl::StatusOr<std::string> id = NamedBy(context, request->name());
  if (!id.ok()) return Answer(id.status());
  const absl::StatusOr<std::vector<Day>> closing = directory_.ClosedByFinishing(*id);
  if (!closing.ok()) return Answer(closing.status());
  absl::StatusOr<Organization> organization =
      request->validate_only() ? directory_.Get(*id) : directory_.FinishBackfill(*id);
  if (!organization.ok()) return Answer(organization.status());
  *response->mutable_organization() = *std::move(organization);
  for (const Day end : *closing) response->add_closing_end_days(FormatDay(end));
  return grpc::Status::OK;
}

grpc::Status OrganizationServiceImpl::PauseScoring(
    grpc::ServerContext* context, const aggregate::v1::PauseScoringRequest* request,
    aggregate::v1::PauseScoringResponse* response) {
  grpc::Status paused = ChangeNamed(context, *request, *response, &OrganizationDirectory::Pause);
  if (paused.ok()) scrubber_.ScrubSoon();
  return paused;
}

grpc::Status OrganizationServiceImpl::ResumeScoring(
    grpc::ServerContext* context, const aggregate::v1::ResumeScoringRequest* request,
    aggregate::v1::ResumeScoringResponse* response) {
  return ChangeNamed(context, *request, *response, &OrganizationDirectory::Resume);
}

grpc::Status OrganizationServiceImpl::EraseOrganization(
    grpc::ServerContext* context, const aggregate::v1::EraseOrganizationRequest* request,
    aggregate::v1::EraseOrganizationResponse* response) {
  const absl::StatusOr<std::string> id = NamedBy(context, request->name());
  if (!id.ok()) return Answer(id.status());
  const absl::StatusOr<int64_t> deleted = directory_.Erase(*id);
  // One that failed may have come to a deletion.
  if (!absl::IsNotFound(deleted.status())) scrubber_.ScrubSoon();
  if (!deleted.ok()) return Answer(deleted.status());
  response->set_deleted_keys(*deleted);
  return grpc::Status::OK;
}

}  // namespace tutti
