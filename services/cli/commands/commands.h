#ifndef TUTTI_SERVICES_CLI_COMMANDS_COMMANDS_H_
#define TUTTI_SERVICES_CLI_COMMANDS_COMMANDS_H_

#include <functional>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "common/rpc/tls.h"

namespace tutti {

// What every command shares. Filled in while the command line is parsed.
struct CommandContext {
  // Addresses of the services, host:port or unix:path.
  std::string ingest = "127.0.0.1:7401";
  std::string aggregate = "127.0.0.1:7402";
  std::string score = "127.0.0.1:7403";
  // Plain text, to this machine alone, when none is given.
  TlsFiles tls;
  // File of the token to show; none when empty.
  std::string token_file;
  // Seconds that a call may take.
  int timeout_seconds = 60;
  // Set by the chosen subcommand; run after parsing.
  std::function<absl::Status()> run;
};

// Each adds its subcommands. `context` outlives the parsing.
void AddOrganizationCommands(CLI::App& app, CommandContext& context);
void AddKeyringCommands(CLI::App& app, CommandContext& context);
void AddOptOutCommands(CLI::App& app, CommandContext& context);
void AddImportCommand(CLI::App& app, CommandContext& context);
void AddPublishCommand(CLI::App& app, CommandContext& context);
void AddScoreCommands(CLI::App& app, CommandContext& context);
void AddReportCommand(CLI::App& app, CommandContext& context);
void AddHealthCommand(CLI::App& app, CommandContext& context);
void AddCheckConfigCommand(CLI::App& app, CommandContext& context);

// Parts of the above: to end an organisation's back-fill, and to erase it.
void AddFinishBackfill(CLI::App& group, CommandContext& context);
void AddErase(CLI::App& group, CommandContext& context);

// The argument that names an organisation by its id; what is no id is not understood.
void AddOrganization(CLI::App& command, std::string& id);

// The option that names a window by its last day, or the latest.
void AddDay(CLI::App& command, std::string& day);

// Parses the command line of a program whose commands have been added, and runs what it asks for.
// Returns the exit status: 0 done, 1 failed, 2 not understood, 3 nothing there yet, or not all that
// an import needs; of health, 4 not ready, 5 no answer.
int RunApp(CLI::App& app, CommandContext& context, int argc, char** argv);

// Ends the program once what it printed is written; with 1 where that cannot be, as on a full disk.
// Nothing static is destroyed: gRPC's threads end their connections on their own and may need it.
[[noreturn]] void EndProgram(int status);

// RunApp for `tutti`.
int RunCommandLine(int argc, char** argv);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_COMMANDS_COMMANDS_H_
