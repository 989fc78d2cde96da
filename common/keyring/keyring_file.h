#ifndef TUTTI_COMMON_KEYRING_KEYRING_FILE_H_
#define TUTTI_COMMON_KEYRING_KEYRING_FILE_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/files/read_file.h"
#include "common/keyring/scrubbed_keyring.h"
#include "common/keyring/secret_file.h"

namespace tutti {

// The file of a keyring; errors and guarantees as SecretFile's. Thread-safe.
class KeyringFile {
 public:
  struct Loaded {
    ScrubbedKeyring keyring;
    FileStamp stamp;
  };

  explicit KeyringFile(std::string path) : file_("keyring", std::move(path)) {}

  // DataLoss also when the content is not a keyring.
  absl::StatusOr<Loaded> Load() const;

  absl::Status Create(const ScrubbedKeyring& keyring) const;

  absl::Status CheckUpdatable() const { return file_.CheckUpdatable(); }

  // Loads the keyring, lets `change` change it, and replaces the file.
  absl::Status Update(const std::function<absl::Status(ScrubbedKeyring&)>& change) const;

 private:
  SecretFile file_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_KEYRING_KEYRING_FILE_H_
