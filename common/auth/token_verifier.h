#ifndef TUTTI_COMMON_AUTH_TOKEN_VERIFIER_H_
#define TUTTI_COMMON_AUTH_TOKEN_VERIFIER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/auth/caller.h"
#include "common/auth/token_keys.h"
#include "common/files/file_snapshot.h"

namespace tutti {

// The longest token that is looked at, in bytes.
inline constexpr size_t kMaxTokenBytes = 4096;
// How far the clocks of issuer and verifier may differ.
inline constexpr absl::Duration kTokenLeeway = absl::Seconds(30);
// The most organisations that one token may name.
inline constexpr size_t kMaxTokenOrganizations = 200;

// Whom tokens must be from and for.
struct TokenRules {
  std::string issuer;    // claim `iss`, letter for letter
  std::string audience;  // claim `aud`: this, or a list with it
};

// Reads the claims of a JSON Web Token (RFC 7519, signed per RFC 7515, compact form)
// whose signature `keys` verify, at the time `now`. Required: the header's `alg` (RS256,
// ES256 or EdDSA) and `kid`; `iss`, `aud`, `exp`, `orgs` (a list of organisation ids, or
// of "*", which counts with the scope system.admin alone) and `scope` (words between
// single spaces; unknown ones do nothing). `nbf` is kept where it is given. Refused:
// `crit` in the header, whatever it names; a member that occurs twice; keys inside the
// header (jwk, jku, x5c, x5u); a `typ` other than JWT or at+jwt.
// Unauthenticated otherwise, with the reason, which must not reach the caller and has
// no part of the token.
absl::StatusOr<Caller> ReadToken(absl::string_view token, const TokenKeys& keys,
                                 const TokenRules& rules, absl::Time now);

// Verifies tokens by a file of keys that may change. Remembers tokens that were good, by
// their SHA-256, until they expire or the keys change. Thread-safe.
class TokenVerifier {
 public:
  // Reads the file. While it is absent or broken later, the keys that were read last are
  // believed for `grace`, and none after it. InvalidArgument, naming the file, when it cannot be
  // read or used, see TokenKeys, or lists keys of which none can be used, and when a rule is
  // empty.
  static absl::StatusOr<std::unique_ptr<TokenVerifier>> Open(const std::string& path,
                                                             TokenRules rules,
                                                             absl::Duration grace);

  // See ReadToken. What it returns does not change.
  absl::StatusOr<std::shared_ptr<const Caller>> Verify(absl::string_view token, absl::Time now);

  // Reads the file again if it is not the one that was read. Keys that are not in it any more
  // are gone, which may be all. `now` is of a clock that never goes back; the grace begins with
  // the first error, and each error says why. To be called every second.
  absl::Status ReloadIfChanged(absl::Duration now);

  // Whether there is a key that a token may be good by.
  bool HasKeys() const;

 private:
  using Digest = std::array<uint8_t, 32>;

  // Keys, and tokens that were good by them. Thread-safe.
  struct Believed {
    explicit Believed(std::shared_ptr<const TokenKeys> given) : keys(std::move(given)) {}

    const std::shared_ptr<const TokenKeys> keys;
    std::mutex mutex;
    absl::flat_hash_map<Digest, std::shared_ptr<const Caller>> known;  // guarded by mutex
    std::deque<Digest> known_order;  // oldest first; guarded by mutex
  };

  TokenVerifier(const std::string& path, TokenRules rules, absl::Duration grace);

  const TokenRules rules_;
  const absl::Duration grace_;
  FileSnapshot<Believed> believed_;
  std::mutex mutex_;
  std::optional<absl::Duration> broken_since_;  // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_COMMON_AUTH_TOKEN_VERIFIER_H_
