#include "common/auth/token_verifier.h"

#include <openssl/sha.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/files/read_file.h"
#include "common/organization/organization_id.h"
#include "common/retention/lifetimes.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

namespace dom = simdjson::dom;

constexpr FileKind kKeysFile{.noun = "the public keys that sign tokens",
                             .max_bytes = size_t{1} << 20};
constexpr size_t kMaxClientBytes = 64;
// Times beyond the year 9999 are mistakes.
constexpr double kMaxUnixSeconds = 253'402'300'799;

absl::Status Refuse(const char* what) { return absl::UnauthenticatedError(what); }

// Base64url without padding, RFC 7515 section 2. In one spelling alone: the bits that the
// last character has too many must be 0, or a token could be changed and still be good.
std::optional<std::string> Decode(absl::string_view part) {
  const bool plain = std::all_of(part.begin(), part.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
  });
  std::string bytes;
  if (!plain || part.empty() || !absl::WebSafeBase64Unescape(part, &bytes) ||
      absl::WebSafeBase64Escape(bytes) != part) {
    return std::nullopt;
  }
  return bytes;
}

bool HasRepeatedMember(const dom::element& element) {
  dom::object object;
  dom::array array;
  if (element.get(object) == simdjson::SUCCESS) {
    absl::flat_hash_set<std::string> names;
    return std::any_of(object.begin(), object.end(), [&names](const auto& member) {
      return !names.emplace(member.key).second || HasRepeatedMember(member.value);
    });
  }
  if (element.get(array) == simdjson::SUCCESS) {
    return std::any_of(array.begin(), array.end(), HasRepeatedMember);
  }
  return false;
}

// A text, where the member is there and is one.
std::optional<std::string> Text(const dom::object& object, const char* name) {
  std::string_view text;
  if (object[name].get(text) != simdjson::SUCCESS) return std::nullopt;
  return std::string(text);
}

bool Has(const dom::object& object, const char* name) {
  return object[name].error() == simdjson::SUCCESS;
}

// NumericDate of RFC 7519: seconds since 1970, perhaps with a fraction.
std::optional<absl::Time> Date(const dom::object& object, const char* name) {
  double seconds = 0;
  if (object[name].get(seconds) != simdjson::SUCCESS || !std::isfinite(seconds) || seconds < 0 ||
      seconds > kMaxUnixSeconds) {
    return std::nullopt;
  }
  return absl::UnixEpoch() + absl::Seconds(seconds);
}

absl::Status CheckHeader(const dom::object& header) {
  if (Has(header, "crit")) return Refuse("its header has crit");
  for (const char* name : {"jwk", "jku", "x5c", "x5u"}) {
    if (Has(header, name)) return Refuse("its header brings a key");
  }
  const std::optional<std::string> alg = Text(header, "alg");
  if (alg != "RS256" && alg != "ES256" && alg != "EdDSA") {
    return Refuse("its alg is not RS256, ES256 or EdDSA");
  }
  if (!Text(header, "kid").has_value()) return Refuse("its header has no kid");
  if (!Has(header, "typ")) return absl::OkStatus();
  const std::string typ = absl::AsciiStrToLower(Text(header, "typ").value_or(""));
  return typ == "jwt" || typ == "at+jwt" ? absl::OkStatus() : Refuse("its typ is not JWT");
}

bool IsFor(const dom::object& claims, const std::string& audience) {
  dom::array list;
  if (claims["aud"].get(list) != simdjson::SUCCESS) return Text(claims, "aud") == audience;
  return std::any_of(list.begin(), list.end(), [&audience](const dom::element& one) {
    std::string_view text;
    return one.get(text) == simdjson::SUCCESS && text == audience;
  });
}

uint32_t ScopesOf(const std::string& words) {
  uint32_t scopes = kNoScope;
  for (const absl::string_view word : absl::StrSplit(words, ' ')) scopes |= ScopeNamed(word);
  return scopes;
}

absl::Status ReadOrganizations(const dom::object& claims, Caller& caller) {
  dom::array list;
  if (claims["orgs"].get(list) != simdjson::SUCCESS) return Refuse("it has no orgs");
  if (list.size() > kMaxTokenOrganizations) return Refuse("it names too many orgs");
  for (const dom::element& one : list) {
    std::string_view text;
    if (one.get(text) != simdjson::SUCCESS) return Refuse("its orgs are not all texts");
    if (text == "*" && caller.HasAny(kSystemAdmin)) {
      caller.every_organization = true;
    } else if (IsOrganizationId({text.data(), text.size()})) {
      caller.organizations.emplace(text);
    } else {
      return Refuse("its orgs are not all organisation ids");
    }
  }
  return list.size() > 0 ? absl::OkStatus() : Refuse("it has no orgs");
}

// Whom the token is for: its subject, else its organisations. Hashed: a subject may be
// a person.
std::string PrincipalOf(const dom::object& claims, const Caller& caller) {
  const std::optional<std::string> subject = Text(claims, "sub");
  const std::string whom = subject.has_value()
                               ? absl::StrCat("sub ", *subject)
                               : absl::StrCat("orgs ", absl::StrJoin(caller.organizations, " "));
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const uint8_t*>(whom.data()), whom.size(),
         reinterpret_cast<uint8_t*>(digest.data()));
  return digest;
}

// The software that the token was given to (RFC 8693, 4.3), when it has a plain name.
std::string NameOf(const dom::object& claims) {
  const std::string client = Text(claims, "client_id").value_or("");
  const bool plain = std::all_of(client.begin(), client.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == ':' ||
           c == '/' || c == '-';
  });
  if (client.empty() || client.size() > kMaxClientBytes || !plain) return "token";
  return absl::StrCat("token:", client);
}

absl::StatusOr<Caller> ReadClaims(const dom::object& claims, const TokenRules& rules,
                                  absl::Time now) {
  if (Text(claims, "iss") != rules.issuer) return Refuse("its iss is another");
  if (!IsFor(claims, rules.audience)) return Refuse("its aud is another");
  const std::optional<absl::Time> expires = Date(claims, "exp");
  if (!expires.has_value()) return Refuse("it has no exp that is a date");
  if (now >= *expires + kTokenLeeway) return Refuse("it has expired");
  if (Has(claims, "nbf")) {
    const std::optional<absl::Time> begins = Date(claims, "nbf");
    if (!begins.has_value()) return Refuse("its nbf is no date");
    if (now < *begins - kTokenLeeway) return Refuse("it is not yet valid");
  }
  const std::optional<std::string> scope = Text(claims, "scope");
  if (!scope.has_value()) return Refuse("it has no scope");
  Caller caller;
  caller.expires = *expires + kTokenLeeway;
  caller.scopes = ScopesOf(*scope);
  RETURN_IF_ERROR(ReadOrganizations(claims, caller));
  caller.principal = PrincipalOf(claims, caller);
  caller.name = NameOf(claims);
  return caller;
}

// An object in which no member occurs twice.
std::optional<dom::object> ParseObject(dom::parser& parser, const std::string& text) {
  dom::element root;
  dom::object object;
  if (parser.parse(text).get(root) != simdjson::SUCCESS || root.get(object) != simdjson::SUCCESS ||
      HasRepeatedMember(root)) {
    return std::nullopt;
  }
  return object;
}

}  // namespace

absl::StatusOr<Caller> ReadToken(absl::string_view token, const TokenKeys& keys,
                                 const TokenRules& rules, absl::Time now) {
  if (token.size() > kMaxTokenBytes) return Refuse("it is too long");
  const std::vector<absl::string_view> parts = absl::StrSplit(token, '.');
  if (parts.size() != 3) return Refuse("it is not in compact form");
  const std::optional<std::string> header_text = Decode(parts[0]);
  const std::optional<std::string> claims_text = Decode(parts[1]);
  if (!header_text.has_value() || !claims_text.has_value() || !Decode(parts[2]).has_value()) {
    return Refuse("it is not base64url");
  }
  dom::parser header_parser;
  dom::parser claims_parser;
  const std::optional<dom::object> header = ParseObject(header_parser, *header_text);
  const std::optional<dom::object> claims = ParseObject(claims_parser, *claims_text);
  if (!header.has_value() || !claims.has_value()) {
    return Refuse("it is not of JSON objects whose members occur once");
  }
  RETURN_IF_ERROR(CheckHeader(*header));
  if (const absl::Status verified =
          keys.Verify(*Text(*header, "kid"), *Text(*header, "alg"), token);
      !verified.ok()) {
    return absl::UnauthenticatedError(verified.message());
  }
  return ReadClaims(*claims, rules, now);
}

TokenVerifier::TokenVerifier(const std::string& path, TokenRules rules, absl::Duration grace)
    : rules_(std::move(rules)),
      grace_(grace),
      believed_(
          path,
          [path](const Believed* /*current*/) -> absl::StatusOr<FileSnapshot<Believed>::Loaded> {
            absl::StatusOr<FileText> file = ReadFile(path, kKeysFile);
            if (!file.ok()) return absl::InvalidArgumentError(file.status().message());
            absl::StatusOr<std::unique_ptr<TokenKeys>> keys = TokenKeys::Parse(file->text);
            if (!keys.ok()) {
              return absl::InvalidArgumentError(absl::StrCat(path, ": ", keys.status().message()));
            }
            return {{std::make_shared<Believed>(*std::move(keys)), file->stamp}};
          }) {}

absl::StatusOr<std::unique_ptr<TokenVerifier>> TokenVerifier::Open(const std::string& path,
                                                                   TokenRules rules,
                                                                   absl::Duration grace) {
  if (rules.issuer.empty() || rules.audience.empty()) {
    return absl::InvalidArgumentError("tokens need an issuer and an audience");
  }
  auto verifier = std::unique_ptr<TokenVerifier>(new TokenVerifier(path, std::move(rules), grace));
  RETURN_IF_ERROR(verifier->believed_.ReloadIfChanged().status());
  const TokenKeys& keys = *verifier->believed_.value()->keys;
  // A list of none is meant so.
  if (keys.empty() && keys.left_out() > 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        path,
        " has no key that tokens can be signed with: give RSA of 2048 to 8192 bits, P-256 or "
        "Ed25519, with a kid"));
  }
  return verifier;
}

absl::StatusOr<std::shared_ptr<const Caller>> TokenVerifier::Verify(absl::string_view token,
                                                                    absl::Time now) {
  if (token.size() > kMaxTokenBytes) return Refuse("it is too long");
  Digest digest;
  SHA256(reinterpret_cast<const uint8_t*>(token.data()), token.size(), digest.data());
  const std::shared_ptr<Believed> believed = believed_.value();
  {
    const std::lock_guard lock(believed->mutex);
    const auto found = believed->known.find(digest);
    if (found != believed->known.end()) {
      if (now >= found->second->expires) return Refuse("it has expired");
      return found->second;
    }
  }
  ASSIGN_OR_RETURN(Caller caller, ReadToken(token, *believed->keys, rules_, now));
  auto known = std::make_shared<const Caller>(std::move(caller));
  const std::lock_guard lock(believed->mutex);
  if (believed->known.emplace(digest, known).second) {
    believed->known_order.push_back(digest);
    if (believed->known_order.size() > kMostTokensKnown) {
      believed->known.erase(believed->known_order.front());
      believed->known_order.pop_front();
    }
  }
  return known;
}

absl::Status TokenVerifier::ReloadIfChanged(absl::Duration now) {
  absl::Status read = believed_.ReloadIfChanged().status();
  const std::lock_guard lock(mutex_);
  if (read.ok()) {
    broken_since_.reset();
    return read;
  }
  if (!broken_since_.has_value()) broken_since_ = now;
  // The old file, put back, is read again.
  if (now - *broken_since_ >= grace_ && HasKeys()) {
    believed_.Replace(std::make_shared<Believed>(TokenKeys::None()));
  }
  return read;
}

bool TokenVerifier::HasKeys() const { return !believed_.value()->keys->empty(); }

}  // namespace tutti
