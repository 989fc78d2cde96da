#ifndef TUTTI_COMMON_KEYRING_KEYRING_OPERATIONS_H_
#define TUTTI_COMMON_KEYRING_KEYRING_OPERATIONS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/keyring/scrubbed_keyring.h"
#include "common/retention/lifetimes.h"
#include "common/window/window.h"
#include "tutti/keyring/v1/keyring.pb.h"

namespace tutti {

inline constexpr uint32_t kKeyringFormat = 2;
inline constexpr size_t kIdentityKeyBytes = 32;
inline constexpr size_t kWindowKeyBytes = 32;
inline constexpr size_t kKeyIdBytes = 16;
inline constexpr size_t kKeyringIdBytes = 16;
// An extension reaches back at most this far: 800 days of back-fill and a reach
// window before them.
inline constexpr int kMaxExtensionDays = 828;
inline constexpr absl::Duration kDefaultGrace = absl::Hours(48);

// A rotation refuses, unless it is forced, to destroy a key that a rotation in time would have
// destroyed more than this many days before: either nobody has rotated for so long, or the
// clock has jumped. Weekly rotation has a day to spare.
inline constexpr int kMaxOverdueDays = 8;

// What is done to a keyring. `now` is given, so that nothing here reads a clock;
// `grace` must be that of aggregate. A window whose end day is E is closed
// everywhere when it is closed at UTC-12, where days end last: at the end of day
// E + 1 there, plus the grace. Days begin first at UTC+14.

// The first end day whose shared keys a rotation keeps.
Day FirstKeptEndDay(absl::Time now, absl::Duration grace);

// A new keyring: an id, an identity key, and shared reach and day keys for every end day
// whose window is not closed everywhere, up to kKeyDaysAhead after today at
// UTC+14.
absl::StatusOr<ScrubbedKeyring> NewKeyring(absl::Time now, absl::Duration grace);

struct RotationResult {
  int created = 0;
  int destroyed = 0;
};

enum class OverdueKeys { kRefuse, kDestroy };

// Makes the shared keys that are missing up to kKeyDaysAhead after today, and
// destroys those whose windows are closed everywhere, and keys of extensions whose last
// day is over everywhere. No key is made for a window that ever had a shared one; those
// that a jump of the clock passed over are made when it has gone back. Rotating twice at
// one time changes nothing the second time.
//
// FailedPrecondition, and nothing is changed, when a key is overdue by more than
// kMaxOverdueDays and overdue ones are refused: the keyring alone cannot tell a rotation that
// comes weeks late from a clock that shows a day that has not come, and a window never gets a
// second key. The error says what would be destroyed, and by which clock.
absl::StatusOr<RotationResult> RotateKeyring(absl::Time now, absl::Duration grace,
                                             ScrubbedKeyring& keyring,
                                             OverdueKeys overdue = OverdueKeys::kRefuse);

struct ExtensionResult {
  int created = 0;
  int held = 0;  // that there were already, shared ones too
  // The last day on which all of these are kept, those that were held too; absent when every
  // one is shared.
  std::optional<Day> kept_until;
};

// Makes reach and day keys of one organisation for the end days from `from` to
// `to`, both included, for a back-fill, kept for kExtensionDays. `to` is by default the
// day before the first day that ever had shared keys: activity whose reach windows
// end later finds the shared keys; where that is before `from`, the last day that is over
// everywhere. Windows whose keys are held now are left as they are, so extending twice changes
// nothing the second time. InvalidArgument: a malformed organisation, days
// out of order, not in the past, or more than kMaxExtensionDays ago.
// FailedPrecondition, and nothing is changed: the organisation had a key for one of the windows,
// shared or extended, that was destroyed, for a window never gets a second one; or a shared key
// is overdue as in RotateKeyring, so that the clock may be wrong, by which the keys would be kept.
absl::StatusOr<ExtensionResult> ExtendKeyring(absl::string_view organization, Day from,
                                              std::optional<Day> to, absl::Time now,
                                              ScrubbedKeyring& keyring);

// Destroys the keys of an organisation's extensions at once, after its back-fill; returns
// how many. That they existed stays on record.
int ForgetExtension(absl::string_view organization, ScrubbedKeyring& keyring);

// What may be shown of a keyring: no key and nothing computed from one.
struct KeyringSummary {
  struct Key {
    Window window;
    std::string organization;  // empty: shared
    std::string id_hex;        // 32 digits
    std::string kept_until;    // of an extension's, as in the keyring; empty: shared
  };
  struct Range {
    WindowKind kind = WindowKind::kReach;
    Day first_end_day;
    Day last_end_day;
    std::string organization;  // empty: shared
  };
  std::string id_hex;  // 32 digits; empty before the first rotation that sets it
  absl::Time birth_time = absl::InfinitePast();
  int shared_keys = 0;
  int extension_keys = 0;
  std::vector<Key> keys;      // by organisation, kind and end day
  std::vector<Range> ranges;  // for which keys exist or existed; shared first
};
KeyringSummary Summarize(const ScrubbedKeyring& keyring);

}  // namespace tutti

#endif  // TUTTI_COMMON_KEYRING_KEYRING_OPERATIONS_H_
