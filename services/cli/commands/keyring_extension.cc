#include "services/cli/commands/keyring_extension.h"

#include <iostream>

#include "absl/time/clock.h"
#include "common/keyring/keyring_file.h"
#include "common/keyring/keyring_operations.h"
#include "common/keyring/locked_process.h"
#include "services/cli/commands/command_errors.h"

namespace tutti {

absl::Status ExtendKeyringFile(const std::string& path, const std::string& organization, Day from,
                               std::optional<Day> to) {
  // Where it may: keys stay out of swap.
  static_cast<void>(LockProcess());
  absl::StatusOr<ExtensionResult> extended = ExtensionResult();
  const absl::Status updated =
      KeyringFile(path).Update([&](ScrubbedKeyring& keyring) -> absl::Status {
        extended = ExtendKeyring(organization, from, to, absl::Now(), keyring);
        return extended.status();
      });
  if (!extended.ok()) return extended.status();
  if (!updated.ok()) return OfFile("--keyring", path, updated);
  const ExtensionResult& result = *extended;
  std::cout << result.created << " keys made for past windows";
  if (result.held > 0) {
    std::cout << (result.created > 0 ? "; " : ": ") << result.held
              << " that are held already stay as they are";
  }
  std::cout << "\n";
  if (result.kept_until.has_value()) {
    std::cout << "Finish the back-fill by " << FormatDay(*result.kept_until)
              << ": a rotation after that day destroys these keys, and a window never gets a "
                 "second one. `tutti keyring forget` destroys them at once.\n";
  }
  return absl::OkStatus();
}

absl::Status CheckKeyringExtends(const std::string& path, const std::string& organization,
                                 Day from) {
  static_cast<void>(LockProcess());
  absl::StatusOr<KeyringFile::Loaded> loaded = KeyringFile(path).Load();
  if (!loaded.ok()) return OfFile("--keyring", path, loaded.status());
  return ExtendKeyring(organization, from, std::nullopt, absl::Now(), loaded->keyring).status();
}

}  // namespace tutti
