#ifndef TUTTI_COMMON_AUTH_TOKEN_KEYS_H_
#define TUTTI_COMMON_AUTH_TOKEN_KEYS_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tutti {

// The public keys that sign tokens: a JSON Web Key Set (RFC 7517). Thread-safe.
class TokenKeys {
 public:
  // Takes, of the text of a key set, each key that has a `kid` and is RSA of 2048 to
  // 8192 bits (for RS256), on P-256 (for ES256) or Ed25519 (for EdDSA), and whose `use`
  // and `alg`, where it has them, say the same; leaves out the others. A set may be empty:
  // that is how all keys are withdrawn. InvalidArgument when it is no key set, when two have
  // one `kid`, and when one is private or symmetric: such a file is in the wrong place.
  static absl::StatusOr<std::unique_ptr<TokenKeys>> Parse(const std::string& text);

  // A set without keys: no token is good.
  static std::unique_ptr<TokenKeys> None();
  ~TokenKeys();

  // Whether there is none that a token can be signed with; and how many of the set's keys
  // were left out.
  bool empty() const;
  size_t left_out() const { return left_out_; }

  // Whether the key `kid` made the signature of a JWS in compact form with the
  // algorithm `alg`, which is the one that its key is for. NotFound for an unknown key,
  // InvalidArgument for another algorithm or a signature that is not right.
  absl::Status Verify(absl::string_view kid, absl::string_view alg, absl::string_view jws) const;

 private:
  struct Keys;
  TokenKeys(std::unique_ptr<Keys> keys, size_t left_out);

  std::unique_ptr<Keys> keys_;
  size_t left_out_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_AUTH_TOKEN_KEYS_H_
