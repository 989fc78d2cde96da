#include "common/identity/digester.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <sodium.h>

#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

constexpr size_t kHmacBytes = 32;

// HMAC over memory fails only when OpenSSL cannot allocate. A digest made of what
// was left over would count somebody twice, so there is no going on.
void RequireSuccess(int result) {
  if (result != 1) std::abort();
}

}  // namespace

DigestScope::DigestScope(absl::string_view kind, absl::string_view organization) {
  prefix_.append(kind.data(), kind.size());
  prefix_.push_back('\0');
  prefix_.append(organization.data(), organization.size());
  prefix_.push_back('\0');
}

void Digester::Session::Free::operator()(evp_mac_ctx_st* context) const {
  EVP_MAC_CTX_free(context);
}

absl::StatusOr<Digester> Digester::Create(absl::Span<const uint8_t> key) {
  if (key.size() != kKeyBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("identity key: must have ", kKeyBytes, " bytes"));
  }
  EVP_MAC* mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  if (mac == nullptr) return absl::InternalError("OpenSSL does not provide HMAC");
  std::unique_ptr<evp_mac_ctx_st, Session::Free> context(EVP_MAC_CTX_new(mac));
  EVP_MAC_free(mac);
  char hash[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash, 0),
      OSSL_PARAM_construct_end(),
  };
  if (context == nullptr || EVP_MAC_init(context.get(), key.data(), key.size(), parameters) != 1) {
    return absl::InternalError("OpenSSL does not provide HMAC-SHA-256");
  }
  return Digester(Session(std::move(context)));
}

Digester::Session Digester::NewSession() const {
  std::unique_ptr<evp_mac_ctx_st, Session::Free> context(
      EVP_MAC_CTX_dup(prototype_.context_.get()));
  if (context == nullptr) std::abort();
  return Session(std::move(context));
}

Digest Digester::Compute(evp_mac_ctx_st& context, const DigestScope& scope,
                         const SubjectId& subject) {
  // Without a key, EVP_MAC_init starts again under the key it was given first.
  RequireSuccess(EVP_MAC_init(&context, nullptr, 0, nullptr));
  const absl::string_view id = subject.normalised();
  const auto update = [&context](absl::string_view text) {
    RequireSuccess(
        EVP_MAC_update(&context, reinterpret_cast<const uint8_t*>(text.data()), text.size()));
  };
  update(scope.prefix_);
  update(id);
  uint8_t hmac[kHmacBytes];
  size_t written = 0;
  RequireSuccess(EVP_MAC_final(&context, hmac, &written, sizeof(hmac)));
  Digest digest;
  std::memcpy(digest.bytes.data(), hmac, digest.bytes.size());
  sodium_memzero(hmac, sizeof(hmac));
  return digest;
}

}  // namespace tutti
