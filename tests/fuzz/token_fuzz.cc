// Tokens and key sets: nothing is taken that its key did not sign, and of what it signed
// nothing that the rules do not allow.

#include <fuzzer/FuzzedDataProvider.h>
#include <simdjson.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/auth/token_keys.h"
#include "common/auth/token_verifier.h"
#include "common/organization/organization_id.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/signing_key.h"

namespace tutti {
namespace {

constexpr int64_t kNow = 1'500;
constexpr char kHeader[] = R"({"alg":"EdDSA","kid":"k"})";

struct Issuer {
  const SigningKey key = SigningKey::Ed25519();
  const std::unique_ptr<TokenKeys> keys =
      *TokenKeys::Parse(absl::StrCat(R"({"keys":[)", key.Jwk("k"), "]}"));
  const TokenRules rules = {"https://id.example", "tutti"};
};

const Issuer& TheIssuer() {
  static const auto& issuer = *new Issuer();
  return issuer;
}

absl::StatusOr<Caller> Read(const std::string& token) {
  return ReadToken(token, *TheIssuer().keys, TheIssuer().rules, absl::FromUnixSeconds(kNow));
}

void RequireSound(const Caller& caller) {
  Require(caller.expires > absl::FromUnixSeconds(kNow), "a caller has not expired");
  Require(caller.every_organization || !caller.organizations.empty(), "a caller is for somebody");
  Require(!caller.every_organization || caller.HasAny(kSystemAdmin),
          "only admins are for everybody");
  for (const std::string& organization : caller.organizations) {
    Require(IsOrganizationId(organization), "a caller is for organisations");
  }
  Require(!caller.name.empty() && caller.name.size() <= 70, "a caller has a short name");
}

void ReadAnything(FuzzedDataProvider& draw) {
  Require(!Read(draw.ConsumeRemainingBytesAsString()).ok(), "what nobody signed is refused");
}

void ReadWhatIsSigned(FuzzedDataProvider& draw) {
  const bool header = draw.ConsumeBool();
  const std::string text = draw.ConsumeRemainingBytesAsString();
  const auto caller =
      header ? Read(TheIssuer().key.Sign(text, "{}")) : Read(TheIssuer().key.Sign(kHeader, text));
  if (caller.ok()) RequireSound(*caller);
  Require(caller.ok() || absl::IsUnauthenticated(caller.status()), "or it is refused as a token");
}

void ReadWhatIsGood(FuzzedDataProvider& draw) {
  const auto times = [&](int64_t from, int64_t to) {
    return draw.ConsumeIntegralInRange(from, to);
  };
  std::vector<std::string> organizations;
  for (int64_t count = times(1, 5); count > 0; --count) {
    organizations.push_back(absl::StrCat("o", times(0, 1'000'000)));
  }
  std::string subject = draw.ConsumeRandomLengthString(50);
  if (!simdjson::validate_utf8(subject.data(), subject.size())) subject = "s";
  nlohmann::json claims = {
      {"iss", "https://id.example"}, {"aud", "tutti"},         {"exp", times(kNow + 1, 1'000'000)},
      {"orgs", organizations},       {"scope", "scores.read"}, {"sub", subject}};
  if (draw.ConsumeBool()) claims["nbf"] = times(0, kNow);
  const std::string token = TheIssuer().key.Sign(kHeader, claims.dump());
  const auto caller = Read(token);
  Require(caller.ok(), "a good token is taken");
  RequireSound(*caller);
  for (const std::string& organization : organizations) {
    Require(caller->MayUse(organization), "it is for whom it says");
  }
  Require(!caller->MayUse("o") && caller->scopes == kScoresRead, "and for nobody else");
  std::string changed = token;
  const auto at = static_cast<size_t>(times(0, static_cast<int64_t>(changed.size()) - 1));
  changed[at] = static_cast<char>(changed[at] ^ (1 << times(0, 6)));
  Require(!Read(changed).ok(), "a changed token is refused");
}

void ReadAnyKeySet(FuzzedDataProvider& draw) {
  static const std::string good = TheIssuer().key.Jwk("k");
  std::string text = draw.ConsumeRemainingBytesAsString();
  static_cast<void>(TokenKeys::Parse(text));
  // The library takes no zero in a text.
  if (!simdjson::validate_utf8(text.data(), text.size()) || text.find('\0') != std::string::npos) {
    text = "x";
  }
  const nlohmann::json other = {{"kty", text}, {"kid", "other"}, {"crv", text}, {"x", text}};
  Require(TokenKeys::Parse(absl::StrCat("{\"keys\":[", other.dump(), ",", good, "]}")).ok(),
          "a good key is taken, whatever stands beside it");
}

}  // namespace
}  // namespace tutti

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider draw(data, size);
  switch (draw.ConsumeIntegralInRange(0, 3)) {
    case 0:
      tutti::ReadAnything(draw);
      break;
    case 1:
      tutti::ReadWhatIsGood(draw);
      break;
    case 2:
      tutti::ReadAnyKeySet(draw);
      break;
    default:
      tutti::ReadWhatIsSigned(draw);
  }
  return 0;
}
