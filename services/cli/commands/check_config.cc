#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/cli/commands/command_errors.h"
#include "services/cli/commands/commands.h"

namespace tutti {
namespace {

// Becomes the service's own program, with its flags and --check_config behind them, where no other
// flag undoes it: what starts a service is what checks it. The program beside this one is of the
// same edition.
absl::Status BecomeService(const std::string& service, const std::vector<std::string>& flags) {
  const std::string program = absl::StrCat("tutti-", service);
  std::vector<std::string> words = {program};
  words.insert(words.end(), flags.begin(), flags.end());
  words.emplace_back("--check_config");
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) execv((self.parent_path() / program).c_str(), arguments.data());
  execvp(program.c_str(), arguments.data());
  return absl::ErrnoToStatus(
      errno,
      absl::StrCat(program, " cannot be run: it is neither beside this program nor in PATH"));
}

}  // namespace

void AddCheckConfigCommand(CLI::App& app, CommandContext& context) {
  CLI::App* check = app.add_subcommand(
      "check-config",
      "Check a service's flags and files as it does when it starts, without serving: "
      "tutti check-config ingest --listen=... --keyring=...");
  const auto service = std::make_shared<std::string>();
  check->add_option("service", *service, "ingest, aggregate or score; its flags follow")
      ->required()
      ->check(CLI::IsMember({"ingest", "aggregate", "score"}));
  // They are the service's, also where one is called as one of this program.
  check->fallthrough(false)->prefix_command();
  check->callback([&context, check, service] {
    context.run = [check, service] { return BecomeService(*service, check->remaining()); };
  });
}

}  // namespace tutti
