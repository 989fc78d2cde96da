#ifndef TUTTI_SERVICES_CLI_COMMANDS_COMMAND_CATALOG_H_
#define TUTTI_SERVICES_CLI_COMMANDS_COMMAND_CATALOG_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/catalog/catalog.h"
#include "services/cli/commands/commands.h"

namespace tutti {

// A catalogue, and what to say about where it is from.
struct CommandCatalog {
  std::unique_ptr<const Catalog> catalog;
  std::string warning;  // empty when it is certainly the one that was meant
};

// The catalogue that the file has, if one is named (--catalog); else the one that the score service
// runs on, if it is to be asked; else, and with a warning when it was asked and did not say, the
// one that this program came with.
absl::StatusOr<CommandCatalog> FindCatalog(const CommandContext& context, const std::string& file,
                                           bool ask);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_COMMANDS_COMMAND_CATALOG_H_
