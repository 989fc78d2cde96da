#ifndef TUTTI_SERVICES_INGEST_KEYRING_MINDER_H_
#define TUTTI_SERVICES_INGEST_KEYRING_MINDER_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/clock/clock.h"
#include "common/keyring/key_store.h"
#include "common/keyring/keyring_file.h"
#include "services/ingest/policy_cache.h"

namespace tutti {

// Looks after the keyring of a running ingest: picks up a file that was replaced,
// and rotates it when told to. Not thread-safe, but for CountOverdueKeys.
class KeyringMinder {
 public:
  // Nothing is rotated by a clock that differs from aggregate's by more than this. An answer of
  // aggregate shows its time to within a lease, so up to kLongestPolicyLease more is not noticed.
  static constexpr absl::Duration kClocksDiffer = absl::Minutes(10);
  // What aggregate's clock showed longer ago is not held against ours: a machine that slept
  // would wait for activity before it rotates.
  static constexpr absl::Duration kHeardRecently = absl::Hours(1);

  // References outlive this. `rotates`: nobody else does.
  KeyringMinder(KeyringFile file, KeyStore& keys, PolicyCache& policies, const WallClock& clock,
                const SteadyClock& steady_clock, bool rotates)
      : file_(std::move(file)),
        keys_(keys),
        policies_(policies),
        clock_(clock),
        steady_clock_(steady_clock),
        rotates_(rotates) {}

  // Rotates when that is due, with aggregate's grace and not before that is known, then loads the
  // file again if it changed; policies that hold other keys are dropped. To be called about every
  // second. On an error what was loaded stays in use. FailedPrecondition when the clock seems to
  // have jumped, for keys are overdue (see RotateKeyring) or aggregate's clock shows another time.
  absl::Status Tick();

  // How many shared keys a rotation with aggregate's grace would have destroyed more than a
  // day ago: nobody rotates, or somebody does with a longer grace, and keys outlive their
  // windows by more than the statement says. 0 before aggregate has named its grace.
  // Thread-safe.
  int CountOverdueKeys() const;

 private:
  absl::Status Rotate();
  void HearAggregate();
  absl::Status CheckClock(absl::Time now) const;

  const KeyringFile file_;
  KeyStore& keys_;
  PolicyCache& policies_;
  const WallClock& clock_;
  const SteadyClock& steady_clock_;
  const bool rotates_;
  absl::Time next_rotation_ = absl::InfinitePast();
  // When the latest lease of aggregate ends, and when that was heard.
  std::optional<absl::Time> lease_end_;
  absl::Duration lease_heard_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_KEYRING_MINDER_H_
