#include "common/auth/token_keys.h"

#include <rhonabwy.h>
#include <simdjson.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <mutex>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

constexpr unsigned kLeastRsaBits = 2048;
constexpr unsigned kMostRsaBits = 8192;

struct FreeKey {
  void operator()(jwk_t* key) const { r_jwk_free(key); }
};
struct FreeKeySet {
  void operator()(jwks_t* keys) const { r_jwks_free(keys); }
};
struct FreeJws {
  void operator()(jws_t* jws) const { r_jws_free(jws); }
};
using Key = std::unique_ptr<jwk_t, FreeKey>;

absl::string_view Property(jwk_t* key, const char* name) {
  const char* const value = r_jwk_get_property_str(key, name);
  return value == nullptr ? absl::string_view() : absl::string_view(value);
}

// The one algorithm that a key is for; empty when it is for none of ours.
absl::string_view AlgorithmOf(jwk_t* key, int type, unsigned bits) {
  if ((type & R_KEY_TYPE_RSA) != 0) {
    return bits >= kLeastRsaBits && bits <= kMostRsaBits ? "RS256" : "";
  }
  if ((type & R_KEY_TYPE_EC) != 0) return Property(key, "crv") == "P-256" ? "ES256" : "";
  if ((type & R_KEY_TYPE_EDDSA) != 0) return Property(key, "crv") == "Ed25519" ? "EdDSA" : "";
  return "";
}

absl::Status Refuse(const char* what) { return absl::InvalidArgumentError(what); }

// How many keys the text lists. The library takes a text that is none for a set without keys.
absl::StatusOr<size_t> CountKeys(const std::string& text) {
  simdjson::dom::parser parser;
  simdjson::dom::object set;
  simdjson::dom::array keys;
  if (parser.parse(text).get(set) != simdjson::SUCCESS ||
      set["keys"].get(keys) != simdjson::SUCCESS) {
    return Refuse("it is no key set (RFC 7517): no JSON object with a list of keys");
  }
  return static_cast<size_t>(std::distance(keys.begin(), keys.end()));
}

}  // namespace

struct TokenKeys::Keys {
  struct Entry {
    Key key;
    absl::string_view algorithm;  // a literal
  };

  // The library counts references without locks of its own.
  std::mutex mutex;
  absl::flat_hash_map<std::string, Entry> by_id;
};

TokenKeys::TokenKeys(std::unique_ptr<Keys> keys, size_t left_out)
    : keys_(std::move(keys)), left_out_(left_out) {}
TokenKeys::~TokenKeys() = default;

std::unique_ptr<TokenKeys> TokenKeys::None() {
  return std::unique_ptr<TokenKeys>(new TokenKeys(std::make_unique<Keys>(), 0));
}

bool TokenKeys::empty() const { return keys_->by_id.empty(); }

absl::StatusOr<std::unique_ptr<TokenKeys>> TokenKeys::Parse(const std::string& text) {
  ASSIGN_OR_RETURN(const size_t listed, CountKeys(text));
  jwks_t* raw = nullptr;
  if (r_jwks_init(&raw) != RHN_OK) return absl::ResourceExhaustedError("no memory for keys");
  const std::unique_ptr<jwks_t, FreeKeySet> set(raw);
  // Keys that it cannot read it leaves out, and says so by an error; those it could are there.
  r_jwks_import_from_json_str(set.get(), text.c_str());
  auto keys = std::make_unique<Keys>();
  for (size_t i = 0; i < r_jwks_size(set.get()); ++i) {
    Key key(r_jwks_get_at(set.get(), i));
    unsigned bits = 0;
    const int type = r_jwk_key_type(key.get(), &bits, R_FLAG_IGNORE_REMOTE);
    if ((type & (R_KEY_TYPE_PRIVATE | R_KEY_TYPE_SYMMETRIC)) != 0) {
      return Refuse("the key set holds a private or symmetric key; give public keys alone");
    }
    const absl::string_view kid = Property(key.get(), "kid");
    const absl::string_view use = Property(key.get(), "use");
    const absl::string_view alg = Property(key.get(), "alg");
    const absl::string_view algorithm = AlgorithmOf(key.get(), type, bits);
    if ((type & R_KEY_TYPE_PUBLIC) == 0 || kid.empty() || algorithm.empty() ||
        (!use.empty() && use != "sig") || (!alg.empty() && alg != algorithm)) {
      continue;
    }
    const std::string id(kid);
    if (!keys->by_id.emplace(id, Keys::Entry{std::move(key), algorithm}).second) {
      return Refuse("two keys of the key set have one kid");
    }
  }
  const size_t left_out = listed - std::min(listed, keys->by_id.size());
  return std::unique_ptr<TokenKeys>(new TokenKeys(std::move(keys), left_out));
}

absl::Status TokenKeys::Verify(absl::string_view kid, absl::string_view alg,
                               absl::string_view jws) const {
  const std::lock_guard lock(keys_->mutex);
  const auto found = keys_->by_id.find(std::string(kid));
  if (found == keys_->by_id.end()) return absl::NotFoundError("its key is unknown");
  if (found->second.algorithm != alg) return Refuse("its key is for another algorithm");
  jws_t* raw = nullptr;
  if (r_jws_init(&raw) != RHN_OK) return absl::ResourceExhaustedError("no memory for a token");
  const std::unique_ptr<jws_t, FreeJws> parsed(raw);
  if (r_jws_compact_parsen(parsed.get(), jws.data(), jws.size(), R_FLAG_IGNORE_REMOTE) != RHN_OK ||
      r_jws_verify_signature(parsed.get(), found->second.key.get(), R_FLAG_IGNORE_REMOTE) !=
          RHN_OK) {
    return Refuse("its signature is wrong");
  }
  return absl::OkStatus();
}

}  // namespace tutti
