#include "common/keyring/keyring_file.h"

namespace tutti {

absl::StatusOr<KeyringFile::Loaded> KeyringFile::Load() const {
  const absl::StatusOr<SecretFile::Loaded> loaded = file_.Load();
  if (!loaded.ok()) return loaded.status();
  absl::StatusOr<ScrubbedKeyring> keyring = ScrubbedKeyring::Parse(loaded->bytes.span());
  if (!keyring.ok()) return keyring.status();
  return Loaded{*std::move(keyring), loaded->stamp};
}

absl::Status KeyringFile::Create(const ScrubbedKeyring& keyring) const {
  const absl::StatusOr<SecretBytes> bytes = keyring.Serialize();
  return bytes.ok() ? file_.Create(*bytes) : bytes.status();
}

absl::Status KeyringFile::Update(
    const std::function<absl::Status(ScrubbedKeyring&)>& change) const {
  return file_.Update([&](const SecretBytes& before) -> absl::StatusOr<SecretBytes> {
    absl::StatusOr<ScrubbedKeyring> keyring = ScrubbedKeyring::Parse(before.span());
    if (!keyring.ok()) return keyring.status();
    if (absl::Status changed = change(*keyring); !changed.ok()) return changed;
    return keyring->Serialize();
  });
}

}  // namespace tutti
