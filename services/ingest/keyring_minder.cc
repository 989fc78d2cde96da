#include "services/ingest/keyring_minder.h"

#include "absl/strings/str_cat.h"
#include "common/keyring/keyring_operations.h"
#include "common/retention/lifetimes.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

// Left to whoever rotates.
constexpr absl::Duration kOverdue = absl::Hours(24);

}  // namespace

absl::Status KeyringMinder::Tick() {
  HearAggregate();
  absl::Status rotated = keys_.snapshot() == nullptr ? absl::OkStatus() : Rotate();
  ASSIGN_OR_RETURN(const bool reloaded, keys_.ReloadIfChanged());
  if (reloaded) policies_.Clear();
  return rotated;
}

int KeyringMinder::CountOverdueKeys() const {
  const std::optional<absl::Duration> grace = policies_.grace();
  const std::shared_ptr<const KeySnapshot> keys = keys_.snapshot();
  if (!grace.has_value() || keys == nullptr) return 0;
  return keys->CountSharedBefore(FirstKeptEndDay(clock_.Now() - kOverdue, *grace));
}

absl::Status KeyringMinder::Rotate() {
  const absl::Time now = clock_.Now();
  // A clock that went back would put the next one off.
  const bool due = now >= next_rotation_ || now < next_rotation_ - kRotationInterval;
  const std::optional<absl::Duration> grace = policies_.grace();
  if (!rotates_ || !due || !grace.has_value()) return absl::OkStatus();
  RETURN_IF_ERROR(CheckClock(now));
  absl::Status status = file_.Update(
      [&](ScrubbedKeyring& keyring) { return RotateKeyring(now, *grace, keyring).status(); });
  // A rotation that failed is tried again on the next tick.
  if (status.ok()) next_rotation_ = now + kRotationInterval;
  return status;
}

void KeyringMinder::HearAggregate() {
  const std::optional<absl::Time> heard = policies_.lease_end();
  if (heard == lease_end_) return;
  lease_end_ = heard;
  lease_heard_ = steady_clock_.SinceStart();
}

absl::Status KeyringMinder::CheckClock(absl::Time now) const {
  const absl::Duration since = steady_clock_.SinceStart() - lease_heard_;
  if (!lease_end_.has_value() || since > kHeardRecently) return absl::OkStatus();
  // What aggregate's clock shows now is up to a lease before this.
  const absl::Time latest = *lease_end_ + since;
  const absl::Duration ahead = now > latest ? now - latest : now - (latest - kLongestPolicyLease);
  if (absl::AbsDuration(ahead) <= kClocksDiffer) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "the keyring is not rotated: this clock is about ",
      absl::FormatDuration(absl::Trunc(absl::AbsDuration(ahead), absl::Minutes(1))),
      ahead > absl::ZeroDuration() ? " ahead of" : " behind",
      " aggregate's, and keys that are destroyed too early are never made again: set the clocks"));
}

}  // namespace tutti
