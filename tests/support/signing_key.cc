#include "tests/support/signing_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include <array>
#include <cstdint>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

std::string Number(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(key, name, &number);
  std::vector<uint8_t> bytes(static_cast<size_t>(BN_num_bytes(number)));
  BN_bn2bin(number, bytes.data());
  BN_free(number);
  return Base64Url({bytes.begin(), bytes.end()});
}

// JWS has r and s side by side, OpenSSL has them in DER.
std::string SidesOf(const std::string& der) {
  const auto* at = reinterpret_cast<const uint8_t*>(der.data());
  ECDSA_SIG* const signature = d2i_ECDSA_SIG(nullptr, &at, static_cast<int>(der.size()));
  std::array<uint8_t, 64> bytes = {};
  BN_bn2binpad(ECDSA_SIG_get0_r(signature), bytes.data(), 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature), bytes.data() + 32, 32);
  ECDSA_SIG_free(signature);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

std::string Base64Url(const std::string& bytes) {
  std::string text;
  absl::WebSafeBase64Escape(bytes, &text);
  return text;
}

std::string SignByHmac(const std::string& secret, const std::string& header,
                       const std::string& claims) {
  const std::string input = absl::StrCat(Base64Url(header), ".", Base64Url(claims));
  std::array<uint8_t, 32> digest = {};
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const uint8_t*>(input.data()), input.size(), digest.data(), nullptr);
  return absl::StrCat(input, ".", Base64Url({digest.begin(), digest.end()}));
}

SigningKey SigningKey::Rsa(unsigned bits) { return SigningKey(EVP_RSA_gen(bits)); }
SigningKey SigningKey::P256() { return SigningKey(EVP_EC_gen("P-256")); }
SigningKey SigningKey::Ed25519() {
  return SigningKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
}

std::string SigningKey::Jwk(const std::string& kid, const std::string& more) const {
  std::string members;
  if (EVP_PKEY_is_a(key_.get(), "RSA") != 0) {
    members = absl::StrCat(R"("kty":"RSA","n":")", Number(key_.get(), OSSL_PKEY_PARAM_RSA_N),
                           R"(","e":")", Number(key_.get(), OSSL_PKEY_PARAM_RSA_E), "\"");
  } else if (EVP_PKEY_is_a(key_.get(), "EC") != 0) {
    std::array<uint8_t, 65> point = {};
    EVP_PKEY_get_octet_string_param(key_.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(),
                                    nullptr);
    members = absl::StrCat(R"("kty":"EC","crv":"P-256","x":")",
                           Base64Url({point.begin() + 1, point.begin() + 33}), R"(","y":")",
                           Base64Url({point.begin() + 33, point.end()}), "\"");
  } else {
    std::array<uint8_t, 32> point = {};
    size_t size = point.size();
    EVP_PKEY_get_raw_public_key(key_.get(), point.data(), &size);
    members = absl::StrCat(R"("kty":"OKP","crv":"Ed25519","x":")",
                           Base64Url({point.begin(), point.end()}), "\"");
  }
  return absl::StrCat("{", members, R"(,"kid":")", kid, "\"", more, "}");
}

std::string SigningKey::Sign(const std::string& header, const std::string& claims) const {
  const std::string input = absl::StrCat(Base64Url(header), ".", Base64Url(claims));
  const bool edwards = EVP_PKEY_is_a(key_.get(), "ED25519") != 0;
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  EVP_DigestSignInit(context.get(), nullptr, edwards ? nullptr : EVP_sha256(), nullptr, key_.get());
  const auto* const data = reinterpret_cast<const uint8_t*>(input.data());
  size_t size = 0;
  EVP_DigestSign(context.get(), nullptr, &size, data, input.size());
  std::string signature(size, '\0');
  EVP_DigestSign(context.get(), reinterpret_cast<uint8_t*>(signature.data()), &size, data,
                 input.size());
  signature.resize(size);
  if (EVP_PKEY_is_a(key_.get(), "EC") != 0) signature = SidesOf(signature);
  return absl::StrCat(input, ".", Base64Url(signature));
}

}  // namespace tutti
