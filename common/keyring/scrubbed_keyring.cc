#include "common/keyring/scrubbed_keyring.h"

#include <sodium.h>

#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/keyring/covered_windows.h"
#include "common/keyring/keyring_operations.h"
#include "common/status/status_macros.h"
#include "common/window/window_proto.h"

namespace tutti {
namespace {

using keyring::v1::CoveredRange;
using keyring::v1::Keyring;
using keyring::v1::WindowKey;

// What was written before there were checksums.
constexpr uint32_t kFormatWithoutChecksum = 1;

absl::Status Malformed(absl::string_view entry, int index, absl::string_view rule) {
  return absl::DataLossError(absl::StrCat("keyring: ", entry, "[", index, "]: ", rule));
}

absl::Status CheckRanges(const google::protobuf::RepeatedPtrField<CoveredRange>& ranges,
                         absl::string_view entry, bool shared) {
  for (int i = 0; i < ranges.size(); ++i) {
    const CoveredRange& range = ranges.Get(i);
    const absl::StatusOr<Day> first = ParseDay(range.first_end_day());
    const absl::StatusOr<Day> last = ParseDay(range.last_end_day());
    if (!first.ok() || !last.ok() || *last < *first) {
      return Malformed(entry, i, "first_end_day and last_end_day must be days, in order");
    }
    if (range.window_kind() != window::v1::WINDOW_KIND_REACH &&
        range.window_kind() != window::v1::WINDOW_KIND_DAY) {
      return Malformed(entry, i, "window_kind must be REACH or DAY");
    }
    if (range.organization().empty() != shared) {
      return Malformed(entry, i,
                       shared ? "organization must be empty" : "organization must be set");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckKeys(const Keyring& keyring) {
  const CoveredWindows covered(keyring);
  absl::flat_hash_set<std::pair<absl::string_view, Window>> windows;
  absl::flat_hash_set<absl::string_view> ids;
  for (int i = 0; i < keyring.keys_size(); ++i) {
    const WindowKey& key = keyring.keys(i);
    const absl::StatusOr<Window> window = WindowFrom(key);
    if (!window.ok()) return Malformed("keys", i, "window_kind or end_day is malformed");
    if (key.id().size() != kKeyIdBytes) return Malformed("keys", i, "id must have 16 bytes");
    if (key.key().size() != kWindowKeyBytes) {
      return Malformed("keys", i, "key must have 32 bytes");
    }
    if (!key.kept_until().empty() &&
        (key.organization().empty() || !ParseDay(key.kept_until()).ok())) {
      return Malformed("keys", i, "kept_until must be a day, and of an organization's key");
    }
    if (!windows.emplace(key.organization(), *window).second || !ids.insert(key.id()).second) {
      return Malformed("keys", i, "a window has two keys, or two keys have one id");
    }
    if (!covered.Contains(*window, key.organization())) {
      return Malformed("keys", i, "the window is in no covered range");
    }
  }
  return absl::OkStatus();
}

constexpr size_t kChecksumBytes = 32;
// The field of the checksum as it stands at the file's end: tag, length and content.
constexpr uint8_t kChecksumTag = Keyring::kChecksumFieldNumber << 3 | 2;
constexpr size_t kChecksumFieldBytes = 2 + kChecksumBytes;
static_assert(kChecksumTag < 0x80 && kChecksumBytes < 0x80 &&
              kChecksumBytes == crypto_generichash_BYTES);

void WriteChecksum(absl::Span<const uint8_t> content, uint8_t* field) {
  field[0] = kChecksumTag;
  field[1] = kChecksumBytes;
  crypto_generichash(field + 2, kChecksumBytes, content.data(), content.size(), nullptr, 0);
}

absl::Status CheckWhole(absl::Span<const uint8_t> bytes, const Keyring& keyring) {
  if (keyring.format() == kFormatWithoutChecksum && keyring.checksum().empty()) {
    return absl::OkStatus();
  }
  if (keyring.format() != kFormatWithoutChecksum && keyring.format() != kKeyringFormat) {
    return absl::DataLossError(absl::StrCat("keyring: format must be ", kFormatWithoutChecksum,
                                            " or ", kKeyringFormat,
                                            ": the file is damaged, or of another edition"));
  }
  if (bytes.size() > kChecksumFieldBytes) {
    const size_t content = bytes.size() - kChecksumFieldBytes;
    uint8_t expected[kChecksumFieldBytes];
    WriteChecksum(bytes.first(content), expected);
    if (bytes.subspan(content) == absl::MakeConstSpan(expected)) return absl::OkStatus();
  }
  return absl::DataLossError(
      "keyring: the checksum is wrong: the file is damaged or cut off; put an undamaged copy back");
}

absl::Status Check(const Keyring& keyring) {
  if (keyring.identity_key().size() != kIdentityKeyBytes) {
    return absl::DataLossError("keyring: identity_key must have 32 bytes");
  }
  if (!keyring.id().empty() && keyring.id().size() != kKeyringIdBytes) {
    return absl::DataLossError("keyring: id must have 16 bytes, or none");
  }
  if (keyring.shared().empty()) return absl::DataLossError("keyring: shared must not be empty");
  absl::Status status = CheckRanges(keyring.shared(), "shared", true);
  if (status.ok()) status = CheckRanges(keyring.extensions(), "extensions", false);
  return status.ok() ? CheckKeys(keyring) : status;
}

void ScrubString(std::string& bytes) {
  if (!bytes.empty()) sodium_memzero(bytes.data(), bytes.size());
}

}  // namespace

ScrubbedKeyring& ScrubbedKeyring::operator=(ScrubbedKeyring&& other) noexcept {
  if (this == &other) return *this;
  Scrub();
  message_.Clear();
  message_.Swap(&other.message_);
  return *this;
}

absl::StatusOr<ScrubbedKeyring> ScrubbedKeyring::Parse(absl::Span<const uint8_t> bytes) {
  if (bytes.empty()) return absl::DataLossError("keyring: the file is empty");
  ScrubbedKeyring keyring;
  if (!keyring.message_.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError("keyring: the file is not a keyring, or is cut off");
  }
  RETURN_IF_ERROR(CheckWhole(bytes, keyring.message_));
  RETURN_IF_ERROR(Check(keyring.message_));
  keyring.message_.set_format(kKeyringFormat);
  keyring.message_.clear_checksum();
  return keyring;
}

absl::StatusOr<SecretBytes> ScrubbedKeyring::Serialize() const {
  const size_t size = message_.ByteSizeLong();
  ASSIGN_OR_RETURN(SecretBytes bytes, SecretBytes::Create(size + kChecksumFieldBytes));
  if (!message_.SerializeToArray(bytes.span().data(), static_cast<int>(size))) {
    return absl::InternalError("keyring: cannot be serialised");
  }
  WriteChecksum(bytes.span().first(size), bytes.span().data() + size);
  return bytes;
}

void ScrubbedKeyring::ScrubKey(WindowKey& key) { ScrubString(*key.mutable_key()); }

void ScrubbedKeyring::Scrub() {
  ScrubString(*message_.mutable_identity_key());
  for (WindowKey& key : *message_.mutable_keys()) ScrubKey(key);
}

}  // namespace tutti
