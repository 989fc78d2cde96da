#ifndef TUTTI_COMMON_KEYRING_SECRET_FILE_H_
#define TUTTI_COMMON_KEYRING_SECRET_FILE_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/files/read_file.h"
#include "common/keyring/secret_bytes.h"

namespace tutti {

// A file of keys. It is only ever replaced whole: the new content is written to
// "<path>.new", synchronised, renamed over the old file, and the folder
// synchronised, so that a reader or a crash sees the old content or the new one.
// Writers exclude each other by a lock on "<path>.lock"; readers need none.
// Thread-safe.
class SecretFile {
 public:
  struct Loaded {
    SecretBytes bytes;
    FileStamp stamp;
  };
  using Change = std::function<absl::StatusOr<SecretBytes>(const SecretBytes&)>;

  // `noun`, "keyring", and the path begin every error.
  SecretFile(const std::string& noun, std::string path);

  // NotFound; PermissionDenied unless the file is a regular one, its mode is 0600
  // or 0400 and its owner the user that this process runs as; DataLoss above
  // 64 MiB.
  absl::StatusOr<Loaded> Load() const;

  // Writes a file where none is. AlreadyExists; Unavailable as Update.
  absl::Status Create(const SecretBytes& bytes) const;

  // Whether the file can be replaced, and locked meanwhile, as far as that can be seen without
  // changing anything.
  absl::Status CheckUpdatable() const;

  // Replaces the content by what `change` makes of it, with all other writers
  // excluded. When `change` fails, or changes nothing, the file stays as it is.
  // OK says that the content is durable; after another error it may be replaced already.
  // Unavailable when another process has been writing for 5 s.
  absl::Status Update(const Change& change) const;

 private:
  absl::Status Replace(const SecretBytes& bytes) const;

  const std::string noun_;  // and the path
  const std::string path_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_KEYRING_SECRET_FILE_H_
