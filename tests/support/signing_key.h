#ifndef TUTTI_TESTS_SUPPORT_SIGNING_KEY_H_
#define TUTTI_TESTS_SUPPORT_SIGNING_KEY_H_

#include <openssl/evp.h>

#include <memory>
#include <string>

namespace tutti {

// Signs tokens with OpenSSL: by another library than the one that verifies them.
class SigningKey {
 public:
  static SigningKey Rsa(unsigned bits);
  static SigningKey P256();
  static SigningKey Ed25519();

  // The public key as a JSON Web Key, with more members when given (", "use": "sig"").
  std::string Jwk(const std::string& kid, const std::string& more = "") const;

  // header.claims.signature, whatever the two texts are.
  std::string Sign(const std::string& header, const std::string& claims) const;

 private:
  explicit SigningKey(EVP_PKEY* key) : key_(key, EVP_PKEY_free) {}

  std::shared_ptr<EVP_PKEY> key_;
};

// Base64url without padding.
std::string Base64Url(const std::string& bytes);

// A signature by HMAC-SHA-256, as an attacker makes who knows the public key.
std::string SignByHmac(const std::string& secret, const std::string& header,
                       const std::string& claims);

}  // namespace tutti

#endif  // TUTTI_TESTS_SUPPORT_SIGNING_KEY_H_
