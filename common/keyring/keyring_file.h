#ifndef TUTTI_COMMON_KEYRING_KEYRING_FILE_H_
#define TUTTI_COMMON_KEYRING_KEYRING_FILE_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/keyring/scrubbed_keyring.h"

namespace tutti {

// The file of a keyring. It is only ever replaced whole: the new content is
// written to "<path>.new", synchronised, renamed over the old file, and the folder
// synchronised, so that a reader or a crash sees the old keyring or the new one.
// Writers exclude each other by a lock on "<path>.lock"; readers need none.
// Thread-safe.
class KeyringFile {
 public:
  // Tells one content of the file from the next.
  struct Version {
    uint64_t device = 0;
    uint64_t inode = 0;
    int64_t modified_ns = 0;
    int64_t size = 0;
    friend bool operator==(const Version& a, const Version& b) {
      return a.device == b.device && a.inode == b.inode && a.modified_ns == b.modified_ns &&
             a.size == b.size;
    }
  };
  struct Loaded {
    ScrubbedKeyring keyring;
    Version version;
  };

  explicit KeyringFile(std::string path) : path_(std::move(path)) {}

  // NotFound; PermissionDenied unless the file is a regular one, its mode is 0600
  // or 0400 and its owner the user that this process runs as; DataLoss when it is
  // not a keyring.
  absl::StatusOr<Loaded> Load() const;

  // NotFound when there is no file.
  absl::StatusOr<Version> CurrentVersion() const;

  // Writes a keyring where none is. AlreadyExists.
  absl::Status Create(const ScrubbedKeyring& keyring) const;

  // Loads the keyring, lets `change` change it, and replaces the file, with all
  // other writers excluded. When `change` fails, or changes nothing, the file stays
  // as it is. Unavailable when another process is writing.
  absl::Status Update(const std::function<absl::Status(ScrubbedKeyring&)>& change) const;

 private:
  absl::Status Replace(const SecretBytes& bytes) const;

  std::string path_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_KEYRING_KEYRING_FILE_H_
