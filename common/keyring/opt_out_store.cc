#include "common/keyring/opt_out_store.h"

#include <utility>

#include "common/retention/retention.h"
#include "common/status/status_macros.h"

namespace tutti {

std::string OptOutPathBeside(const std::string& keyring_path) {
  return keyring_path + kOptOutSuffix;
}

absl::StatusOr<OptOutFile::Loaded> OptOutFile::Load() const {
  ASSIGN_OR_RETURN(const SecretFile::Loaded loaded, file_.Load());
  ASSIGN_OR_RETURN(OptOutList list, OptOutList::Parse(loaded.bytes.span()));
  return Loaded{std::move(list), loaded.stamp};
}

absl::Status OptOutFile::Create() const {
  ASSIGN_OR_RETURN(const OptOutList list, OptOutList::New());
  const absl::StatusOr<SecretBytes> bytes = list.Serialize();
  return bytes.ok() ? file_.Create(*bytes) : bytes.status();
}

absl::Status OptOutFile::Update(const std::function<absl::Status(OptOutList&)>& change) const {
  return file_.Update([&](const SecretBytes& before) -> absl::StatusOr<SecretBytes> {
    ASSIGN_OR_RETURN(OptOutList list, OptOutList::Parse(before.span()));
    RETURN_IF_ERROR(change(list));
    return list.Serialize();
  });
}

OptOutStore::OptOutStore(const std::string& path)
    : snapshot_(
          path,
          [file = OptOutFile(path)](const OptOutList* /*current*/)
              -> absl::StatusOr<FileSnapshot<const OptOutList>::Loaded> {
            ASSIGN_OR_RETURN(OptOutFile::Loaded loaded, file.Load());
            return {{std::make_shared<const OptOutList>(std::move(loaded.list)), loaded.stamp}};
          }) {}

absl::StatusOr<std::unique_ptr<OptOutStore>> OptOutStore::Open(const std::string& path,
                                                               bool may_come) {
  std::unique_ptr<OptOutStore> store(new OptOutStore(path));
  const absl::Status loaded = store->ReloadIfChanged();
  if (!loaded.ok() && !(may_come && absl::IsNotFound(loaded))) return loaded;
  return store;
}

absl::Status OptOutStore::ReloadIfChanged() {
  absl::Status reloaded = snapshot_.ReloadIfChanged().status();
  if (!reloaded.ok()) snapshot_.Replace(nullptr);
  return reloaded;
}

}  // namespace tutti
