#include "services/ingest/keyring_minder.h"

#include "common/keyring/keyring_operations.h"

namespace tutti {
namespace {

// Left to whoever rotates.
constexpr absl::Duration kOverdue = absl::Hours(24);

}  // namespace

absl::Status KeyringMinder::Tick() {
  absl::Status rotated = Rotate();
  const absl::StatusOr<bool> reloaded = keys_.ReloadIfChanged();
  if (!reloaded.ok()) return reloaded.status();
  if (*reloaded) policies_.Clear();
  return rotated;
}

int KeyringMinder::CountOverdueKeys() const {
  const std::optional<absl::Duration> grace = policies_.grace();
  if (!grace.has_value()) return 0;
  return keys_.snapshot()->CountSharedBefore(FirstKeptEndDay(clock_.Now() - kOverdue, *grace));
}

absl::Status KeyringMinder::Rotate() {
  const absl::Time now = clock_.Now();
  if (!rotation_grace_.has_value() || now < next_rotation_) return absl::OkStatus();
  absl::Status status = file_.Update([&](ScrubbedKeyring& keyring) {
    return RotateKeyring(now, *rotation_grace_, keyring).status();
  });
  // A rotation that failed is tried again on the next tick.
  if (status.ok()) next_rotation_ = now + kRotationInterval;
  return status;
}

}  // namespace tutti
