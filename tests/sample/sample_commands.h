#ifndef TUTTI_TESTS_SAMPLE_SAMPLE_COMMANDS_H_
#define TUTTI_TESTS_SAMPLE_SAMPLE_COMMANDS_H_

#include "services/cli/commands/commands.h"

namespace tutti {

// The commands of `tutti-sample`. `context` outlives the parsing.
void AddMakeCommand(CLI::App& app, CommandContext& context);
void AddDevTokenCommand(CLI::App& app, CommandContext& context);

// Parses the command line of `tutti-sample` and runs what it asks for; see RunApp.
int RunSampleCommandLine(int argc, char** argv);

}  // namespace tutti

#endif  // TUTTI_TESTS_SAMPLE_SAMPLE_COMMANDS_H_
