#include "common/keyring/key_store.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/keyring/keyring_operations.h"
#include "common/status/status_macros.h"
#include "common/window/window_proto.h"

namespace tutti {
namespace {

constexpr size_t kSipHashKeyBytes = crypto_shorthash_KEYBYTES;
static_assert(kSipHashKeyBytes == 16 && crypto_shorthash_BYTES == sizeof(uint64_t));

uint64_t LittleEndian(const uint8_t* bytes) {
  uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = (value << 8) | bytes[i];
  return value;
}

}  // namespace

uint64_t SlotHash::Hash(uint64_t table_salt, const Digest& digest) const {
  uint8_t message[sizeof(table_salt) + sizeof(digest.bytes)];
  for (size_t i = 0; i < sizeof(table_salt); ++i) {
    message[i] = static_cast<uint8_t>(table_salt >> (8 * i));
  }
  std::memcpy(message + sizeof(table_salt), digest.bytes.data(), digest.bytes.size());
  uint8_t hash[crypto_shorthash_BYTES];
  crypto_shorthash(hash, message, sizeof(message), key_);
  return LittleEndian(hash);
}

absl::StatusOr<std::shared_ptr<const KeySnapshot>> KeySnapshot::Create(
    const ScrubbedKeyring& keyring) {
  const keyring::v1::Keyring& message = keyring.message();
  const auto count = static_cast<size_t>(message.keys_size());
  ASSIGN_OR_RETURN(SecretBytes secrets,
                   SecretBytes::Create(kIdentityKeyBytes + count * kSipHashKeyBytes));
  uint8_t* to = secrets.span().data();
  std::memcpy(to, message.identity_key().data(), kIdentityKeyBytes);
  ASSIGN_OR_RETURN(Digester digester, Digester::Create({to, kIdentityKeyBytes}));

  std::shared_ptr<KeySnapshot> snapshot(new KeySnapshot(std::move(secrets), digester));
  snapshot->keyring_id_ = message.id();
  snapshot->birth_time_ = absl::FromUnixSeconds(message.birth_time().seconds());
  snapshot->ids_.resize(count);
  to += kIdentityKeyBytes;
  for (size_t i = 0; i < count; ++i, to += kSipHashKeyBytes) {
    const keyring::v1::WindowKey& key = message.keys(static_cast<int>(i));
    ASSIGN_OR_RETURN(const Window window, WindowFrom(key));
    std::memcpy(to, key.key().data(), kSipHashKeyBytes);
    std::memcpy(snapshot->ids_[i].data(), key.id().data(), key.id().size());
    snapshot->index_.emplace(std::make_pair(key.organization(), window), i);
    if (key.organization().empty()) snapshot->shared_end_days_.push_back(window.end_day);
  }
  std::sort(snapshot->shared_end_days_.begin(), snapshot->shared_end_days_.end());
  return std::shared_ptr<const KeySnapshot>(std::move(snapshot));
}

int KeySnapshot::CountSharedBefore(Day end_day) const {
  const auto& days = shared_end_days_;
  return static_cast<int>(std::lower_bound(days.begin(), days.end(), end_day) - days.begin());
}

bool KeySnapshot::Find(absl::string_view organization, Window window, SlotHash& hash) const {
  auto found = index_.find(std::make_pair(std::string(organization), window));
  if (found == index_.end()) found = index_.find(std::make_pair(std::string(), window));
  if (found == index_.end()) return false;
  const size_t i = found->second;
  hash = SlotHash(&ids_[i], secrets_.span().data() + kIdentityKeyBytes + i * kSipHashKeyBytes);
  return true;
}

KeyStore::KeyStore(const std::string& path)
    : snapshot_(path, [file = KeyringFile(path)](const KeySnapshot* current) {
        return Load(file, current);
      }) {}

absl::StatusOr<std::unique_ptr<KeyStore>> KeyStore::Open(const std::string& path, bool may_come) {
  std::unique_ptr<KeyStore> store(new KeyStore(path));
  const absl::Status loaded = store->ReloadIfChanged().status();
  if (!loaded.ok() && !(may_come && absl::IsNotFound(loaded))) return loaded;
  return store;
}

absl::StatusOr<FileSnapshot<const KeySnapshot>::Loaded> KeyStore::Load(const KeyringFile& file,
                                                                       const KeySnapshot* current) {
  ASSIGN_OR_RETURN(const KeyringFile::Loaded loaded, file.Load());
  ASSIGN_OR_RETURN(std::shared_ptr<const KeySnapshot> fresh, KeySnapshot::Create(loaded.keyring));
  if (current != nullptr &&
      sodium_memcmp(current->identity_key(), fresh->identity_key(), kIdentityKeyBytes) != 0) {
    return absl::FailedPreconditionError(
        "keyring: the file has another identity key: people would be counted twice; put the old "
        "keyring back, or restart with this one and accept that open windows are incomplete");
  }
  return {{std::move(fresh), loaded.stamp}};
}

}  // namespace tutti
