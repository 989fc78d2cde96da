#ifndef TUTTI_TESTS_SAMPLE_DEV_TOKEN_H_
#define TUTTI_TESTS_SAMPLE_DEV_TOKEN_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tutti {

// What a token of the development issuer says; see common/auth/token_verifier.h.
struct DevTokenClaims {
  std::string issuer = "tutti-dev";
  std::string audience = "tutti";
  std::vector<std::string> organizations;
  std::vector<std::string> scopes;
  absl::Time issued_at;
  absl::Duration lifetime = absl::Hours(12);
};

// Signs a token (EdDSA) with the key in `folder`/private.jwk, which is made when it is
// absent, readable by this user alone. The key set that verifies it is the second
// result: whoever has the folder may write it where the services read it. It is for
// development: nobody guards that key. PermissionDenied when others can read the key;
// InvalidArgument when it is no Ed25519 key.
struct DevToken {
  std::string token;
  std::string key_set;  // JSON Web Key Set
};
absl::StatusOr<DevToken> MakeDevToken(const std::string& folder, const DevTokenClaims& claims);

}  // namespace tutti

#endif  // TUTTI_TESTS_SAMPLE_DEV_TOKEN_H_
