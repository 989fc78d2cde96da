#ifndef TUTTI_COMMON_KEYRING_KEY_STORE_H_
#define TUTTI_COMMON_KEYRING_KEY_STORE_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/files/file_snapshot.h"
#include "common/identity/digester.h"
#include "common/keyring/keyring_file.h"
#include "common/keyring/secret_bytes.h"
#include "common/window/window.h"

namespace tutti {

// The public id of a window key.
using KeyId = std::array<uint8_t, 16>;

// Hashes digests to slots under the key of one window, with SipHash-2-4 of
// libsodium. Its key is the first 16 of the window key's 32 bytes: they are
// uniformly random by themselves. A view into the snapshot that gave it.
class SlotHash {
 public:
  SlotHash() = default;

  const KeyId& key_id() const { return *id_; }
  // SipHash-2-4(key, salt in little-endian order, digest).
  uint64_t Hash(uint64_t table_salt, const Digest& digest) const;

 private:
  friend class KeySnapshot;
  SlotHash(const KeyId* id, const uint8_t* key) : id_(id), key_(key) {}
  const KeyId* id_ = nullptr;
  const uint8_t* key_ = nullptr;
};

// The keys of one edition of the keyring file, in locked memory that is zeroed
// when the last user lets go. Immutable and thread-safe.
class KeySnapshot {
 public:
  static absl::StatusOr<std::shared_ptr<const KeySnapshot>> Create(const ScrubbedKeyring& keyring);

  // The key of a window: the organisation's own (of an extension), else the shared
  // one. False when there is none.
  bool Find(absl::string_view organization, Window window, SlotHash& hash) const;

  // How many shared keys there are of windows that end before a day.
  int CountSharedBefore(Day end_day) const;

  const Digester& digester() const { return digester_; }

  // The keyring's public id and when it was made; an empty id when it has none yet.
  const std::string& keyring_id() const { return keyring_id_; }
  absl::Time birth_time() const { return birth_time_; }

 private:
  friend class KeyStore;
  KeySnapshot(SecretBytes secrets, const Digester& digester)
      : secrets_(std::move(secrets)), digester_(digester) {}

  const uint8_t* identity_key() const { return secrets_.span().data(); }

  std::string keyring_id_;
  absl::Time birth_time_ = absl::InfinitePast();
  SecretBytes secrets_;  // the identity key, then the first half of each window key
  Digester digester_;
  std::vector<KeyId> ids_;
  // Organisation (empty: shared) and window -> index.
  absl::flat_hash_map<std::pair<std::string, Window>, size_t> index_;
  std::vector<Day> shared_end_days_;  // ascending; a day for each key
};

// The keyring as a server sees it: a snapshot, replaced when the file is.
// Thread-safe.
class KeyStore {
 public:
  // Loads the file. Errors as KeyringFile::Load. One that is not there is none where it
  // `may_come`: a later reload loads it then.
  static absl::StatusOr<std::unique_ptr<KeyStore>> Open(const std::string& path,
                                                        bool may_come = false);

  // nullptr as long as the file has not come.
  std::shared_ptr<const KeySnapshot> snapshot() const { return snapshot_.value(); }

  // Loads the file again when it is not the one that was loaded last; returns
  // whether it was. On an error the snapshot stays. FailedPrecondition when the
  // identity key is another: people would get second slots in windows that are
  // open.
  absl::StatusOr<bool> ReloadIfChanged() { return snapshot_.ReloadIfChanged(); }

 private:
  explicit KeyStore(const std::string& path);
  static absl::StatusOr<FileSnapshot<const KeySnapshot>::Loaded> Load(const KeyringFile& file,
                                                                      const KeySnapshot* current);

  FileSnapshot<const KeySnapshot> snapshot_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_KEYRING_KEY_STORE_H_
