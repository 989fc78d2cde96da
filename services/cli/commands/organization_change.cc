#include "services/cli/commands/organization_change.h"

#include "services/cli/commands/connection.h"
#include "tutti/aggregate/v1/organization.grpc.pb.h"

namespace tutti {

using aggregate::v1::OrganizationService;

absl::StatusOr<aggregate::v1::Organization> ChangeOrganization(
    const CommandContext& context, const std::string& name,
    const std::function<absl::Status(aggregate::v1::Organization&)>& change) {
  const Connection<OrganizationService> connection(context.aggregate, context);
  aggregate::v1::GetOrganizationRequest get;
  get.set_name(name);
  aggregate::v1::GetOrganizationResponse got;
  absl::Status status = connection.Call(&OrganizationService::Stub::GetOrganization, get, got);
  if (!status.ok()) return status;
  aggregate::v1::UpdateOrganizationRequest request;
  *request.mutable_organization() = got.organization();
  if (status = change(*request.mutable_organization()); !status.ok()) return status;
  aggregate::v1::UpdateOrganizationResponse response;
  status = connection.Call(&OrganizationService::Stub::UpdateOrganization, request, response);
  if (!status.ok()) return status;
  return response.organization();
}

}  // namespace tutti
