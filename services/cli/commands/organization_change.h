#ifndef TUTTI_SERVICES_CLI_COMMANDS_ORGANIZATION_CHANGE_H_
#define TUTTI_SERVICES_CLI_COMMANDS_ORGANIZATION_CHANGE_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "services/cli/commands/commands.h"
#include "tutti/aggregate/v1/organization.pb.h"

namespace tutti {

// Reads an organisation, changes it and writes it back, unless somebody else changed it
// meanwhile. `name` is "organizations/acme". Returns what it has become; the errors of
// `change` and of the service.
absl::StatusOr<aggregate::v1::Organization> ChangeOrganization(
    const CommandContext& context, const std::string& name,
    const std::function<absl::Status(aggregate::v1::Organization&)>& change);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_COMMANDS_ORGANIZATION_CHANGE_H_
