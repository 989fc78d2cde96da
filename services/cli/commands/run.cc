#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <sstream>
#include <string>

#include "common/organization/organization_id.h"
#include "common/process/build_info.h"
#include "common/process/core_dumps.h"
#include "common/process/standard_files.h"
#include "common/rpc/grpc_lines.h"
#include "common/rpc/lock_order.h"
#include "common/rpc/tracing.h"
#include "common/text/plain_text.h"
#include "common/window/day.h"
#include "services/cli/commands/command_errors.h"
#include "services/cli/commands/commands.h"
#include "services/cli/commands/unknown_command.h"

namespace tutti {
namespace {

constexpr int kNotUnderstood = 2;

int Report(const absl::Status& status) {
  if (status.ok()) return 0;
  std::cerr << "tutti: " << PlainLines(InOwnWords(status)) << "\n";
  return ExitStatusOf(status);
}

// Says what is wrong with the command line, or helps with it.
int Exit(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream help;
  std::ostringstream wrong;
  const int status = app.exit(error, help, wrong);
  std::cout << PlainLines(help.str());
  std::cerr << PlainLines(wrong.str());
  return status == 0 ? 0 : kNotUnderstood;
}

}  // namespace

void AddOrganization(CLI::App& command, std::string& id) {
  command.add_option("organization", id, "The organisation's id: a-z, 0-9 and -")
      ->required()
      ->check(
          [](const std::string& given) {
            return IsOrganizationId(given)
                       ? std::string()
                       : std::string("must be an id of a-z, 0-9 and -, at most 63 characters");
          },
          "ID");
}

void AddDay(CLI::App& command, std::string& day) {
  command.add_option("--day", day, "Last day of the window, YYYY-MM-DD, or latest")
      ->check(
          [](const std::string& given) {
            return given == "latest" || ParseDay(given).ok()
                       ? std::string()
                       : std::string("must be a day, YYYY-MM-DD, or latest");
          },
          "DAY")
      ->capture_default_str();
}

int RunApp(CLI::App& app, CommandContext& context, int argc, char** argv) {
  IgnoreLockOrder();
  OpenStandardFiles();
  // A file at the limit of its size is an error of the write.
  std::signal(SIGXFSZ, SIG_IGN);
  WriteGrpcLines(GrpcLines::kText);
  // Most commands read a key, a token or somebody's name: rather than to list which, none
  // leaves a core dump, and none lets gRPC trace what it sends.
  for (const std::string& name : ForbidTracing()) {
    std::cerr << "tutti: " << name << " is ignored: tracing would write down what is sent\n";
  }
  if (const absl::Status forbidden = ForbidCoreDumps(); !forbidden.ok()) return Report(forbidden);
  app.require_subcommand(1);
  app.set_version_flag("--version", app.get_name() + " " + BuildInfo());
  if (const std::string unknown = UnknownCommand(app, argc, argv); !unknown.empty()) {
    return Report(UsageError(unknown));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return Exit(app, error);
  }
  return context.run ? Report(context.run()) : kNotUnderstood;
}

void EndProgram(int status) {
  std::cout.flush();
  if (std::cout.fail() || std::fflush(stdout) != 0) {
    const std::string reason = std::strerror(errno);
    std::cerr << "tutti: standard output cannot be written: " << reason << "\n";
    status = std::max(status, EXIT_FAILURE);
  }
  std::cerr.flush();
  std::_Exit(status);
}

int RunCommandLine(int argc, char** argv) {
  CLI::App app("Tutti scores how an organisation adopts its tools, and never a person.", "tutti");
  CommandContext context;
  context.tls.flags = {"--cert (TUTTI_CERT)", "--key (TUTTI_KEY)", "--ca (TUTTI_CA)",
                       "--token-file (TUTTI_TOKEN_FILE)"};
  // What is common to all commands may stand after the command, too: commands that are added take
  // this over.
  app.fallthrough();
  app.add_option("--ingest", context.ingest, "Address of tutti-ingest")
      ->envname("TUTTI_INGEST")
      ->capture_default_str();
  app.add_option("--aggregate", context.aggregate, "Address of tutti-aggregate")
      ->envname("TUTTI_AGGREGATE")
      ->capture_default_str();
  app.add_option("--score", context.score, "Address of tutti-score")
      ->envname("TUTTI_SCORE")
      ->capture_default_str();
  app.add_option("--ca", context.tls.authorities,
                 "PEM file of the authorities that sign the services' certificates; without it "
                 "the services are spoken to in plain text, on this machine alone")
      ->envname("TUTTI_CA");
  app.add_option("--cert", context.tls.certificate, "PEM file of your certificate")
      ->envname("TUTTI_CERT");
  app.add_option("--key", context.tls.key, "PEM file of its key")->envname("TUTTI_KEY");
  app.add_option("--token-file", context.token_file,
                 "File of your token, read at every call; needs --ca")
      ->envname("TUTTI_TOKEN_FILE");
  app.add_option("--timeout", context.timeout_seconds, "Seconds that one call may take")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  AddScoreCommands(app, context);
  AddReportCommand(app, context);
  AddImportCommand(app, context);
  AddOrganizationCommands(app, context);
  AddPublishCommand(app, context);
  AddKeyringCommands(app, context);
  AddOptOutCommands(app, context);
  AddHealthCommand(app, context);
  AddCheckConfigCommand(app, context);
  return RunApp(app, context, argc, argv);
}

}  // namespace tutti
