#include "common/keyring/opt_out_store.h"

#include <utility>

namespace tutti {

std::string OptOutPathBeside(const std::string& keyring_path) { return keyring_path + ".optout"; }

absl::StatusOr<OptOutFile::Loaded> OptOutFile::Load() const {
  const absl::StatusOr<SecretFile::Loaded> loaded = file_.Load();
  if (!loaded.ok()) return loaded.status();
  absl::StatusOr<OptOutList> list = OptOutList::Parse(loaded->bytes.span());
  if (!list.ok()) return list.status();
  return Loaded{*std::move(list), loaded->stamp};
}

absl::Status OptOutFile::Create() const {
  const absl::StatusOr<OptOutList> list = OptOutList::New();
  if (!list.ok()) return list.status();
  const absl::StatusOr<SecretBytes> bytes = list->Serialize();
  return bytes.ok() ? file_.Create(*bytes) : bytes.status();
}

absl::Status OptOutFile::Update(const std::function<absl::Status(OptOutList&)>& change) const {
  return file_.Update([&](const SecretBytes& before) -> absl::StatusOr<SecretBytes> {
    absl::StatusOr<OptOutList> list = OptOutList::Parse(before.span());
    if (!list.ok()) return list.status();
    if (absl::Status changed = change(*list); !changed.ok()) return changed;
    return list->Serialize();
  });
}

OptOutStore::OptOutStore(const std::string& path)
    : snapshot_(
          path,
          [file = OptOutFile(path)](const OptOutList* /*current*/)
              -> absl::StatusOr<FileSnapshot<const OptOutList>::Loaded> {
            absl::StatusOr<OptOutFile::Loaded> loaded = file.Load();
            if (!loaded.ok()) return loaded.status();
            return {{std::make_shared<const OptOutList>(std::move(loaded->list)), loaded->stamp}};
          }) {}

absl::StatusOr<std::unique_ptr<OptOutStore>> OptOutStore::Open(const std::string& path) {
  std::unique_ptr<OptOutStore> store(new OptOutStore(path));
  if (absl::Status loaded = store->ReloadIfChanged(); !loaded.ok()) return loaded;
  return store;
}

absl::Status OptOutStore::ReloadIfChanged() {
  absl::Status reloaded = snapshot_.ReloadIfChanged().status();
  if (!reloaded.ok()) snapshot_.Replace(nullptr);
  return reloaded;
}

}  // namespace tutti
