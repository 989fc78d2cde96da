#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/files/write_file.h"
#include "common/organization/organization_id.h"
#include "common/status/status_macros.h"
#include "services/cli/commands/command_errors.h"
#include "tests/sample/dev_token.h"
#include "tests/sample/sample_commands.h"

namespace tutti {
namespace {

struct Options {
  std::string folder;
  DevTokenClaims claims;
  int hours = 12;
};

// A token that no service takes is not made.
absl::Status CheckClaims(const DevTokenClaims& claims) {
  const auto& scopes = claims.scopes;
  const bool system = std::find(scopes.begin(), scopes.end(), "system.admin") != scopes.end();
  for (const std::string& organization : claims.organizations) {
    if (organization == "*" ? system : IsOrganizationId(organization)) continue;
    return UsageError(
        "--organization must be an id of a-z, 0-9 and -, at most 63 characters, or * with --scope "
        "system.admin");
  }
  return absl::OkStatus();
}

absl::Status Run(Options options) {
  RETURN_IF_ERROR(CheckClaims(options.claims));
  std::error_code error;
  std::filesystem::create_directories(options.folder, error);
  if (error) {
    return OfFile("--keys", options.folder, absl::PermissionDeniedError(error.message()));
  }
  options.claims.issued_at = absl::Now();
  options.claims.lifetime = absl::Hours(options.hours);
  const absl::StatusOr<DevToken> made = MakeDevToken(options.folder, options.claims);
  if (!made.ok()) return Named("--keys", made.status());
  const std::string key_set = absl::StrCat(options.folder, "/jwks.json");
  const absl::Status written = ReplaceFile(key_set, made->key_set, 0644);
  if (!written.ok()) return Named("--keys", written);
  std::cout << made->token << "\n";
  return absl::OkStatus();
}

}  // namespace

void AddDevTokenCommand(CLI::App& app, CommandContext& context) {
  CLI::App* command = app.add_subcommand(
      "dev-token", "Print a token for a suite on this machine. For development: its key is a file");
  const auto options = std::make_shared<Options>();
  command
      ->add_option("--keys", options->folder,
                   "Folder of the key, private.jwk, which is made when it is absent, and of "
                   "jwks.json, which the services read (--token_keys)")
      ->required();
  command
      ->add_option("--organization", options->claims.organizations,
                   "An organisation that it is for; * for all, with the scope system.admin")
      ->required();
  command
      ->add_option("--scope", options->claims.scopes,
                   "activities.write, scores.read, organizations.admin or system.admin")
      ->required()
      ->check(CLI::IsMember(
          {"activities.write", "scores.read", "organizations.admin", "system.admin"}));
  command->add_option("--hours", options->hours, "How long it is good")
      ->check(CLI::Range(1, 24 * 7))
      ->capture_default_str();
  command->add_option("--issuer", options->claims.issuer, "As the services' --token_issuer")
      ->capture_default_str();
  command->add_option("--audience", options->claims.audience, "As the services' --token_audience")
      ->capture_default_str();
  command->callback([&context, options] { context.run = [options] { return Run(*options); }; });
}

}  // namespace tutti
