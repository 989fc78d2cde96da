#ifndef TUTTI_COMMON_KEYRING_SCRUBBED_KEYRING_H_
#define TUTTI_COMMON_KEYRING_SCRUBBED_KEYRING_H_

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/keyring/secret_bytes.h"
#include "tutti/keyring/v1/keyring.pb.h"

namespace tutti {

// A keyring message that leaves no key behind in the heap: while it lives, its
// keys stand in ordinary strings; each is zeroed before it is freed. Live it
// short.
//
// Why that is enough: protobuf reads a bytes field of a flat array into its
// string in one piece, and writes it to a flat array from there. The one other
// buffer that it uses holds the last 16 bytes of the array, and those belong to
// what is written after the keys: the covered ranges, which a valid keyring always has, or what
// is public, too. Serialised forms stand in SecretBytes only.
class ScrubbedKeyring {
 public:
  ScrubbedKeyring() = default;
  ScrubbedKeyring(ScrubbedKeyring&& other) noexcept { message_.Swap(&other.message_); }
  ScrubbedKeyring& operator=(ScrubbedKeyring&& other) noexcept;
  ~ScrubbedKeyring() { Scrub(); }

  // Parses and validates: the checksum, but of format 1, which has none; lengths of keys and ids,
  // days, kinds, no window twice for the same organisation, every key within a covered range.
  // DataLoss names the entry and the rule; nothing of a key. The message is of the current format,
  // without a checksum.
  static absl::StatusOr<ScrubbedKeyring> Parse(absl::Span<const uint8_t> bytes);

  // The serialised form, keys before ranges, and then the checksum.
  absl::StatusOr<SecretBytes> Serialize() const;

  const keyring::v1::Keyring& message() const { return message_; }
  // Strings with keys must not be replaced or removed but by EraseKeys.
  keyring::v1::Keyring& mutable_message() { return message_; }

  // Zeroes and removes the keys that match; returns how many.
  template <typename Predicate>
  int EraseKeys(Predicate matches) {
    auto& keys = *message_.mutable_keys();
    int kept = 0;
    for (int i = 0; i < keys.size(); ++i) {
      if (matches(keys.Get(i))) {
        ScrubKey(*keys.Mutable(i));
      } else {
        if (kept != i) keys.SwapElements(kept, i);
        ++kept;
      }
    }
    const int erased = keys.size() - kept;
    keys.DeleteSubrange(kept, erased);
    return erased;
  }

 private:
  static void ScrubKey(keyring::v1::WindowKey& key);
  void Scrub();

  keyring::v1::Keyring message_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_KEYRING_SCRUBBED_KEYRING_H_
