#include "services/aggregate/organization_service.h"

#include "common/rpc/resource_name.h"
#include "common/rpc/status.h"
#include "common/status/status_macros.h"
#include "services/aggregate/aggregate_error.h"
#include "services/aggregate/closing_times.h"
#include "services/aggregate/organization_profile.h"

namespace tutti {
namespace {

constexpr int kDefaultPage = 100;
constexpr int kMaxPage = 1000;

// No error is without a reason of this service, or of the gate.
grpc::Status Answer(const absl::Status& status) { return ToGrpcStatus(WithSomeReason(status)); }

}  // namespace

absl::StatusOr<std::string> OrganizationServiceImpl::NamedBy(const grpc::ServerContext* context,
                                                             const std::string& name) {
  absl::StatusOr<std::string> id = parts_.access.Admit(context, ParseOrganizationName(name));
  if (!id.ok()) return id;
  RETURN_IF_ERROR(parts_.store.Check());
  return id;
}

template <typename Response>
grpc::Status OrganizationServiceImpl::Put(
    const absl::StatusOr<OrganizationRepository::Organization>& organization,
    Response& response) const {
  if (!organization.ok()) return Answer(organization.status());
  *response.mutable_organization() = DescribeOrganization(parts_.catalog, sizes_, **organization);
  return grpc::Status::OK;
}

grpc::Status OrganizationServiceImpl::CreateOrganization(
    grpc::ServerContext* context, const aggregate::v1::CreateOrganizationRequest* request,
    aggregate::v1::CreateOrganizationResponse* response) {
  const absl::StatusOr<std::string> id = NamedBy(context, request->organization().name());
  if (!id.ok()) return Answer(id.status());
  return Put(parts_.lifecycle.Create(*id, request->organization(), request->backfill()), *response);
}

grpc::Status OrganizationServiceImpl::GetOrganization(
    grpc::ServerContext* context, const aggregate::v1::GetOrganizationRequest* request,
    aggregate::v1::GetOrganizationResponse* response) {
  const absl::StatusOr<std::string> id = NamedBy(context, request->name());
  if (!id.ok()) return Answer(id.status());
  return Put(parts_.repository.Read(*id), *response);
}

grpc::Status OrganizationServiceImpl::ListOrganizations(
    grpc::ServerContext* context, const aggregate::v1::ListOrganizationsRequest* request,
    aggregate::v1::ListOrganizationsResponse* response) {
  const auto caller = parts_.access.CallerOf(context);
  if (!caller.ok()) return Answer(caller.status());
  if (const absl::Status fit = parts_.store.Check(); !fit.ok()) return Answer(fit);
  if (request->page_size() < 0 || request->page_size() > kMaxPage) {
    return Answer(FieldError("page_size", "must be 0 to 1000"));
  }
  const int limit = request->page_size() == 0 ? kDefaultPage : request->page_size();
  std::string cursor = request->page_token();
  const absl::StatusOr<std::vector<OrganizationRepository::Organization>> page =
      (*caller)->every_organization
          ? parts_.repository.List(limit, cursor)
          : parts_.repository.ListAmong((*caller)->organizations, limit, cursor);
  if (!page.ok()) return Answer(page.status());
  for (const OrganizationRepository::Organization& organization : *page) {
    *response->add_organizations() = DescribeOrganization(parts_.catalog, sizes_, *organization);
  }
  response->set_next_page_token(cursor);
  return grpc::Status::OK;
}

grpc::Status OrganizationServiceImpl::UpdateOrganization(
    grpc::ServerContext* context, const aggregate::v1::UpdateOrganizationRequest* request,
    aggregate::v1::UpdateOrganizationResponse* response) {
  const absl::StatusOr<std::string> id = NamedBy(context, request->organization().name());
  if (!id.ok()) return Answer(id.status());
  return Put(parts_.lifecycle.Update(*id, request->organization()), *response);
}

grpc::Status OrganizationServiceImpl::FinishBackfill(
    grpc::ServerContext* context, const aggregate::v1::FinishBackfillRequest* request,
    aggregate::v1::FinishBackfillResponse* response) {
  const absl::StatusOr<std::string> id = NamedBy(context, request->name());
  if (!id.ok()) return Answer(id.status());
  const auto organization = parts_.repository.Read(*id);
  if (!organization.ok()) return Answer(organization.status());
  const absl::StatusOr<std::vector<Day>> closing =
      ClosedByFinishing(**organization, parts_.clock.Now());
  if (!closing.ok()) return Answer(closing.status());
  for (const Day end : *closing) response->add_closing_end_days(FormatDay(end));
  return Put(request->validate_only() ? organization : parts_.lifecycle.FinishBackfill(*id),
             *response);
}

grpc::Status OrganizationServiceImpl::PauseScoring(
    grpc::ServerContext* context, const aggregate::v1::PauseScoringRequest* request,
    aggregate::v1::PauseScoringResponse* response) {
  const absl::StatusOr<std::string> id = NamedBy(context, request->name());
  if (!id.ok()) return Answer(id.status());
  const auto paused = parts_.lifecycle.Pause(*id);
  if (paused.ok()) parts_.scrubber.ScrubSoon();
  return Put(paused, *response);
}

grpc::Status OrganizationServiceImpl::ResumeScoring(
    grpc::ServerContext* context, const aggregate::v1::ResumeScoringRequest* request,
    aggregate::v1::ResumeScoringResponse* response) {
  const absl::StatusOr<std::string> id = NamedBy(context, request->name());
  if (!id.ok()) return Answer(id.status());
  return Put(parts_.lifecycle.Resume(*id), *response);
}

grpc::Status OrganizationServiceImpl::EraseOrganization(
    grpc::ServerContext* context, const aggregate::v1::EraseOrganizationRequest* request,
    aggregate::v1::EraseOrganizationResponse* response) {
  const absl::StatusOr<std::string> id = NamedBy(context, request->name());
  if (!id.ok()) return Answer(id.status());
  const absl::StatusOr<int64_t> deleted = parts_.lifecycle.Erase(*id);
  // One that failed may have come to a deletion.
  if (!absl::IsNotFound(deleted.status())) parts_.scrubber.ScrubSoon();
  if (!deleted.ok()) return Answer(deleted.status());
  response->set_deleted_keys(*deleted);
  return grpc::Status::OK;
}

}  // namespace tutti
