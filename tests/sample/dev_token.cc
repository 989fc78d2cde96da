#include "tests/sample/dev_token.h"

#include <rhonabwy.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/keyring/secret_file.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

constexpr char kKeyId[] = "dev";

struct FreeKey {
  void operator()(jwk_t* key) const { r_jwk_free(key); }
};
struct FreeJws {
  void operator()(jws_t* jws) const { r_jws_free(jws); }
};
struct FreeText {
  void operator()(char* text) const { r_free(text); }
};
using Key = std::unique_ptr<jwk_t, FreeKey>;
using Text = std::unique_ptr<char, FreeText>;

Key NewKey() {
  jwk_t* key = nullptr;
  return Key(r_jwk_init(&key) == RHN_OK ? key : nullptr);
}

absl::Status Failed() { return absl::InternalError("the development key cannot be used"); }

absl::StatusOr<SecretBytes> MakePrivateKey() {
  const Key key = NewKey();
  const Key unused = NewKey();
  if (key == nullptr || unused == nullptr ||
      r_jwk_generate_key_pair(key.get(), unused.get(), R_KEY_TYPE_EDDSA, 256, kKeyId) != RHN_OK) {
    return Failed();
  }
  const Text text(r_jwk_export_to_json_str(key.get(), 0));
  if (text == nullptr) return Failed();
  const std::string json = text.get();
  absl::StatusOr<SecretBytes> bytes = SecretBytes::Create(json.size());
  if (bytes.ok()) std::copy(json.begin(), json.end(), bytes->span().begin());
  return bytes;
}

absl::StatusOr<Key> LoadPrivateKey(const std::string& path) {
  const SecretFile file("development key", path);
  absl::StatusOr<SecretFile::Loaded> loaded = file.Load();
  if (absl::IsNotFound(loaded.status())) {
    ASSIGN_OR_RETURN(const SecretBytes made, MakePrivateKey());
    const absl::Status created = file.Create(made);
    if (!created.ok() && !absl::IsAlreadyExists(created)) return created;
    loaded = file.Load();
  }
  if (!loaded.ok()) return loaded.status();
  const absl::Span<const uint8_t> bytes = std::as_const(loaded->bytes).span();
  const std::string text(bytes.begin(), bytes.end());
  Key key = NewKey();
  if (key == nullptr || r_jwk_import_from_json_str(key.get(), text.c_str()) != RHN_OK ||
      (r_jwk_key_type(key.get(), nullptr, R_FLAG_IGNORE_REMOTE) &
       (R_KEY_TYPE_EDDSA | R_KEY_TYPE_PRIVATE)) != (R_KEY_TYPE_EDDSA | R_KEY_TYPE_PRIVATE)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is no Ed25519 key"));
  }
  return key;
}

absl::StatusOr<std::string> KeySetOf(jwk_t* private_key) {
  const Key key = NewKey();
  if (key == nullptr ||
      r_jwk_extract_pubkey(private_key, key.get(), R_FLAG_IGNORE_REMOTE) != RHN_OK) {
    return Failed();
  }
  const Text text(r_jwk_export_to_json_str(key.get(), 0));
  if (text == nullptr) return Failed();
  return absl::StrCat(R"({"keys":[)", text.get(), "]}\n");
}

}  // namespace

absl::StatusOr<DevToken> MakeDevToken(const std::string& folder, const DevTokenClaims& claims) {
  ASSIGN_OR_RETURN(const Key key, LoadPrivateKey(absl::StrCat(folder, "/private.jwk")));
  const std::string payload =
      nlohmann::json{{"iss", claims.issuer},
                     {"aud", claims.audience},
                     {"iat", absl::ToUnixSeconds(claims.issued_at)},
                     {"nbf", absl::ToUnixSeconds(claims.issued_at)},
                     {"exp", absl::ToUnixSeconds(claims.issued_at + claims.lifetime)},
                     {"orgs", claims.organizations},
                     {"scope", absl::StrJoin(claims.scopes, " ")}}
          .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  jws_t* raw = nullptr;
  if (r_jws_init(&raw) != RHN_OK) return Failed();
  const std::unique_ptr<jws_t, FreeJws> jws(raw);
  if (r_jws_set_alg(jws.get(), R_JWA_ALG_EDDSA) != RHN_OK ||
      r_jws_set_header_str_value(jws.get(), "typ", "JWT") != RHN_OK ||
      r_jws_set_header_str_value(jws.get(), "kid", kKeyId) != RHN_OK ||
      r_jws_set_payload(jws.get(), reinterpret_cast<const unsigned char*>(payload.data()),
                        payload.size()) != RHN_OK) {
    return Failed();
  }
  const Text token(r_jws_serialize(jws.get(), key.get(), R_FLAG_IGNORE_REMOTE));
  if (token == nullptr) return Failed();
  ASSIGN_OR_RETURN(std::string key_set, KeySetOf(key.get()));
  return DevToken{token.get(), std::move(key_set)};
}

}  // namespace tutti
