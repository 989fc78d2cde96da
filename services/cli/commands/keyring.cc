#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/keyring/keyring_file.h"
#include "common/keyring/keyring_operations.h"
#include "common/keyring/locked_process.h"
#include "common/keyring/opt_out_store.h"
#include "common/status/status_macros.h"
#include "common/text/plain_text.h"
#include "services/cli/commands/command_errors.h"
#include "services/cli/commands/commands.h"
#include "services/cli/commands/keyring_extension.h"

namespace tutti {
namespace {

struct KeyringOptions {
  std::string path;
  std::string organization;
  std::string from;
  std::string to;
  int grace_hours = 48;
  bool force = false;
};

const char* KindName(WindowKind kind) { return kind == WindowKind::kReach ? "reach" : "day"; }

absl::Status Init(const KeyringOptions& options) {
  ASSIGN_OR_RETURN(ScrubbedKeyring keyring,
                   NewKeyring(absl::Now(), absl::Hours(options.grace_hours)));
  if (absl::Status created = KeyringFile(options.path).Create(keyring); !created.ok()) {
    return OfFile("--keyring", options.path, created);
  }
  const std::string list = OptOutPathBeside(options.path);
  absl::Status listed = OptOutFile(list).Create();
  if (!listed.ok() && !absl::IsAlreadyExists(listed)) return OfFile("--keyring", list, listed);
  std::cout << "made a keyring of " << Summarize(keyring).shared_keys << " window keys\n";
  return absl::OkStatus();
}

absl::Status Rotate(const KeyringOptions& options) {
  absl::StatusOr<RotationResult> rotated = RotationResult();
  absl::Status updated =
      KeyringFile(options.path).Update([&](ScrubbedKeyring& keyring) -> absl::Status {
        rotated = RotateKeyring(absl::Now(), absl::Hours(options.grace_hours), keyring,
                                options.force ? OverdueKeys::kDestroy : OverdueKeys::kRefuse);
        return rotated.status();
      });
  if (!rotated.ok()) return rotated.status();
  if (updated.ok()) {
    std::cout << rotated->created << " keys made, " << rotated->destroyed << " destroyed\n";
  }
  return OfFile("--keyring", options.path, updated);
}

absl::Status Extend(const KeyringOptions& options) {
  const absl::StatusOr<Day> from = ParseDay(options.from);
  if (!from.ok()) return UsageError(absl::StrCat("--from: ", from.status().message()));
  std::optional<Day> to;
  if (!options.to.empty()) {
    const absl::StatusOr<Day> day = ParseDay(options.to);
    if (!day.ok()) return UsageError(absl::StrCat("--to: ", day.status().message()));
    to = *day;
  }
  return ExtendKeyringFile(options.path, options.organization, *from, to);
}

absl::Status Forget(const KeyringOptions& options) {
  int destroyed = 0;
  absl::Status updated =
      KeyringFile(options.path).Update([&](ScrubbedKeyring& keyring) -> absl::Status {
        destroyed = ForgetExtension(options.organization, keyring);
        return absl::OkStatus();
      });
  if (updated.ok()) std::cout << destroyed << " keys destroyed\n";
  return OfFile("--keyring", options.path, updated);
}

absl::Status Show(const KeyringOptions& options) {
  absl::StatusOr<KeyringFile::Loaded> loaded = KeyringFile(options.path).Load();
  if (!loaded.ok()) return OfFile("--keyring", options.path, loaded.status());
  const KeyringSummary summary = Summarize(loaded->keyring);
  if (!summary.id_hex.empty()) {
    std::cout << "keyring " << summary.id_hex << ", made "
              << absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", summary.birth_time, absl::UTCTimeZone())
              << "\n";
  }
  std::cout << summary.shared_keys << " keys for coming windows, " << summary.extension_keys
            << " for past windows of back-fills\n";
  for (const KeyringSummary::Range& range : summary.ranges) {
    std::cout << "  ever made: " << KindName(range.kind) << " " << FormatDay(range.first_end_day)
              << " to " << FormatDay(range.last_end_day)
              << (range.organization.empty() ? "" : ", for ") << PlainText(range.organization)
              << "\n";
  }
  for (const KeyringSummary::Key& key : summary.keys) {
    std::cout << "  " << KindName(key.window.kind) << "\t" << FormatDay(key.window.end_day)
              << "\tid " << key.id_hex << (key.organization.empty() ? "" : "\t")
              << PlainText(key.organization) << (key.kept_until.empty() ? "" : "\tuntil ")
              << PlainText(key.kept_until) << "\n";
  }
  return absl::OkStatus();
}

// A command, and what it is given.
struct Action {
  CLI::App* command;
  std::shared_ptr<KeyringOptions> options;
};

// Each command has options of its own: one that was not called takes the environment all the
// same, and would put it in the place of what another was given.
Action AddAction(CLI::App& group, CommandContext& context, const char* name,
                 const std::string& description, absl::Status (*action)(const KeyringOptions&)) {
  const auto options = std::make_shared<KeyringOptions>();
  CLI::App* command = group.add_subcommand(name, description);
  command->add_option("--keyring", options->path, "The keyring's file")
      ->envname("TUTTI_KEYRING")
      ->required();
  command->callback([&context, options, action] {
    context.run = [options, action] {
      // Where it may: whoever has a limit rotates keys as before, in memory of their own
      // that is locked.
      static_cast<void>(LockProcess());
      return action(*options);
    };
  });
  return {command, options};
}

}  // namespace

void AddKeyringCommands(CLI::App& app, CommandContext& context) {
  CLI::App* group = app.add_subcommand("keyring", "Make and rotate the keys that ingest uses");
  group->require_subcommand(1);
  const auto add_grace = [](const Action& action) {
    action.command
        ->add_option("--grace-hours", action.options->grace_hours,
                     "The grace that aggregate runs with")
        ->check(CLI::Range(0, 24 * 30))
        ->capture_default_str();
  };
  add_grace(AddAction(*group, context, "init",
                      "Make a keyring, and an empty opt-out list, where none is", Init));
  const Action rotate =
      AddAction(*group, context, "rotate",
                absl::StrCat("Make keys of coming windows, destroy those of closed ones, "
                             "and those of back-fills ",
                             kExtensionDays, " days after they were made"),
                Rotate);
  add_grace(rotate);
  rotate.command->add_flag(
      "--force", rotate.options->force,
      absl::StrCat("Destroy also keys that should have gone more than ", kMaxOverdueDays,
                   " days ago: nobody has rotated since, and the clock is right"));
  const Action extend = AddAction(
      *group, context, "extend",
      absl::StrCat("Make keys of past windows of one organisation, for a back-fill that is to be "
                   "finished within ",
                   kExtensionDays, " days"),
      Extend);
  extend.command->add_option("--organization", extend.options->organization, "Its id")->required();
  extend.command->add_option("--from", extend.options->from, "The first day, YYYY-MM-DD")
      ->required();
  extend.command->add_option(
      "--to", extend.options->to,
      "The last end day; by default up to where the keys of coming windows begin");
  const Action forget =
      AddAction(*group, context, "forget",
                "Destroy the keys of one organisation's finished back-fill", Forget);
  forget.command->add_option("--organization", forget.options->organization, "Its id")->required();
  AddAction(*group, context, "show", "List which keys there are, and never a key", Show);
}

}  // namespace tutti
