#include "common/keyring/opt_out_store.h"

#include <utility>

namespace tutti {

std::string OptOutPathBeside(const std::string& keyring_path) { return keyring_path + ".optout"; }

absl::StatusOr<OptOutFile::Loaded> OptOutFile::Load() const {
  const absl::StatusOr<SecretFile::Loaded> loaded = file_.Load();
  if (!loaded.ok()) return loaded.status();
  absl::StatusOr<OptOutList> list = OptOutList::Parse(loaded->bytes.span());
  if (!list.ok()) return list.status();
  return Loaded{*std::move(list), loaded->version};
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

absl::StatusOr<std::unique_ptr<OptOutStore>> OptOutStore::Open(const std::string& path) {
  std::unique_ptr<OptOutStore> store(new OptOutStore(path));
  if (absl::Status loaded = store->ReloadIfChanged(); !loaded.ok()) return loaded;
  return store;
}

std::shared_ptr<const OptOutList> OptOutStore::snapshot() const {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

void OptOutStore::Replace(std::shared_ptr<const OptOutList> fresh, SecretFile::Version version) {
  // The lock is let go before `fresh`, which is the old snapshot then.
  const std::lock_guard lock(mutex_);
  fresh.swap(snapshot_);
  version_ = version;
}

absl::Status OptOutStore::ReloadIfChanged() {
  const absl::StatusOr<SecretFile::Version> current = file_.CurrentVersion();
  {
    const std::lock_guard lock(mutex_);
    if (current.ok() && snapshot_ != nullptr && *current == version_) return absl::OkStatus();
  }
  absl::StatusOr<OptOutFile::Loaded> loaded =
      current.ok() ? file_.Load() : absl::StatusOr<OptOutFile::Loaded>(current.status());
  if (!loaded.ok()) {
    Replace(nullptr, {});
    return loaded.status();
  }
  Replace(std::make_shared<const OptOutList>(std::move(loaded->list)), loaded->version);
  return absl::OkStatus();
}

}  // namespace tutti
