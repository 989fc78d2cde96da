#ifndef TUTTI_SERVICES_CLI_COMMANDS_UNKNOWN_COMMAND_H_
#define TUTTI_SERVICES_CLI_COMMANDS_UNKNOWN_COMMAND_H_

#include <string>

#include "CLI/CLI.hpp"

namespace tutti {

// What to say of a command line whose command there is not, with the one that was probably meant;
// empty when there is one. The parser itself would complain of what comes after it.
std::string UnknownCommand(const CLI::App& app, int argc, const char* const* argv);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_COMMANDS_UNKNOWN_COMMAND_H_
