#include "common/keyring/keyring_file.h"

#include "common/status/status_macros.h"

namespace tutti {

absl::StatusOr<KeyringFile::Loaded> KeyringFile::Load() const {
  ASSIGN_OR_RETURN(const SecretFile::Loaded loaded, file_.Load());
  ASSIGN_OR_RETURN(ScrubbedKeyring keyring, ScrubbedKeyring::Parse(loaded.bytes.span()));
  return Loaded{std::move(keyring), loaded.stamp};
}

absl::Status KeyringFile::Create(const ScrubbedKeyring& keyring) const {
  const absl::StatusOr<SecretBytes> bytes = keyring.Serialize();
  return bytes.ok() ? file_.Create(*bytes) : bytes.status();
}

absl::Status KeyringFile::Update(
    const std::function<absl::Status(ScrubbedKeyring&)>& change) const {
  return file_.Update([&](const SecretBytes& before) -> absl::StatusOr<SecretBytes> {
    ASSIGN_OR_RETURN(ScrubbedKeyring keyring, ScrubbedKeyring::Parse(before.span()));
    RETURN_IF_ERROR(change(keyring));
    return keyring.Serialize();
  });
}

}  // namespace tutti
