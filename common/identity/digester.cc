#include "common/identity/digester.h"

#include <sodium.h>

#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

constexpr size_t kStackBytes = 1024;

}  // namespace

DigestScope::DigestScope(absl::string_view kind, absl::string_view organization) {
  prefix_.append(kind.data(), kind.size());
  prefix_.push_back('\0');
  prefix_.append(organization.data(), organization.size());
  prefix_.push_back('\0');
}

absl::StatusOr<Digester> Digester::Create(absl::Span<const uint8_t> key) {
  if (key.size() != kKeyBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("identity key: must have ", kKeyBytes, " bytes"));
  }
  Digester digester;
  hmac_sha256_set_key(&digester.start_, key.size(), key.data());
  // It has made its pads of the key on the stack.
  sodium_stackzero(kStackBytes);
  return digester;
}

Digester::~Digester() { sodium_memzero(&start_, sizeof(start_)); }

Digester::Session::~Session() { sodium_memzero(&state_, sizeof(state_)); }

Digest Digester::Session::Compute(const DigestScope& scope, const SubjectId& subject) {
  const auto update = [this](absl::string_view text) {
    hmac_sha256_update(&state_, text.size(), reinterpret_cast<const uint8_t*>(text.data()));
  };
  update(scope.prefix_);
  update(subject.normalised());
  Digest digest;
  // Puts the state back to its start, and with it forgets the subject.
  hmac_sha256_digest(&state_, digest.bytes.size(), digest.bytes.data());
  return digest;
}

}  // namespace tutti
