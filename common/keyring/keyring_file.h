#ifndef TUTTI_COMMON_KEYRING_KEYRING_FILE_H_
#define TUTTI_COMMON_KEYRING_KEYRING_FILE_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/keyring/scrubbed_keyring.h"
#include "common/keyring/secret_file.h"

namespace tutti {

// The file of a keyring; errors and guarantees as SecretFile's. Thread-safe.
class KeyringFile {
 public:
  using Version = SecretFile::Version;
  struct Loaded {
    ScrubbedKeyring keyring;
    Version version;
  };

  explicit KeyringFile(std::string path) : file_("keyring", std::move(path)) {}

  // DataLoss also when the content is not a keyring.
  absl::StatusOr<Loaded> Load() const;

  absl::StatusOr<Version> CurrentVersion() const { return file_.CurrentVersion(); }

  absl::Status Create(const ScrubbedKeyring& keyring) const;

  // Loads the keyring, lets `change` change it, and replaces the file.
  absl::Status Update(const std::function<absl::Status(ScrubbedKeyring&)>& change) const;

 private:
  SecretFile file_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_KEYRING_KEYRING_FILE_H_
