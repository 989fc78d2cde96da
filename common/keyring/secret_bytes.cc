#include "common/keyring/secret_bytes.h"

#include <sodium.h>

#include "absl/status/status.h"

namespace tutti {

absl::StatusOr<SecretBytes> SecretBytes::Create(size_t size) {
  if (sodium_init() < 0) return absl::InternalError("libsodium cannot be initialised");
  SecretBytes bytes(static_cast<uint8_t*>(sodium_malloc(size)), size);
  // sodium_malloc locks on a best effort and does not say whether it could.
  // Locking again is harmless, and says so.
  if (bytes.bytes_ == nullptr || sodium_mlock(bytes.bytes_.get(), size) != 0) {
    return absl::ResourceExhaustedError(
        "memory for keys cannot be locked: raise the limit on locked memory (ulimit -l)");
  }
  return bytes;
}

void SecretBytes::Free::operator()(uint8_t* bytes) const { sodium_free(bytes); }

}  // namespace tutti
