#ifndef TUTTI_COMMON_KEYRING_OPT_OUT_STORE_H_
#define TUTTI_COMMON_KEYRING_OPT_OUT_STORE_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/files/file_snapshot.h"
#include "common/files/read_file.h"
#include "common/keyring/opt_out_list.h"
#include "common/keyring/secret_file.h"

namespace tutti {

// Where a keyring's opt-out list stands unless it is said otherwise.
std::string OptOutPathBeside(const std::string& keyring_path);

// The file of an opt-out list; errors and guarantees as SecretFile's. Thread-safe.
class OptOutFile {
 public:
  explicit OptOutFile(std::string path) : file_("opt-out list", std::move(path)) {}

  struct Loaded {
    OptOutList list;
    FileStamp stamp;
  };
  absl::StatusOr<Loaded> Load() const;
  absl::Status Create() const;  // an empty list
  absl::Status Update(const std::function<absl::Status(OptOutList&)>& change) const;

 private:
  SecretFile file_;
};

// The list as a server sees it: a snapshot, replaced when the file is. There is none while
// the file cannot be read: whoever was added to it since would be counted. Thread-safe.
class OptOutStore {
 public:
  // Loads the file. Errors as OptOutFile::Load: without its list, nobody may count
  // people. One that is not there is none where it `may_come`.
  static absl::StatusOr<std::unique_ptr<OptOutStore>> Open(const std::string& path,
                                                           bool may_come = false);

  // nullptr while the file cannot be read: nobody may count people then.
  std::shared_ptr<const OptOutList> snapshot() const { return snapshot_.value(); }

  // Loads the file again when it is not the one that was loaded last. On an error
  // there is no snapshot until it is loaded.
  absl::Status ReloadIfChanged();

 private:
  explicit OptOutStore(const std::string& path);

  FileSnapshot<const OptOutList> snapshot_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_KEYRING_OPT_OUT_STORE_H_
