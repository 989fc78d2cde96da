#include "common/auth/token_keys.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/support/signing_key.h"

namespace tutti {
namespace {

std::string KeySet(const std::string& keys) { return absl::StrCat(R"({"keys":[)", keys, "]}"); }

TEST(TokenKeysTest, VerifyEachAlgorithmWithItsKeyAlone) {
  const SigningKey rsa = SigningKey::Rsa(2048);
  const SigningKey curve = SigningKey::P256();
  const SigningKey edwards = SigningKey::Ed25519();
  const auto keys = TokenKeys::Parse(
      KeySet(absl::StrCat(rsa.Jwk("r"), ",", curve.Jwk("e"), ",", edwards.Jwk("d"))));
  ASSERT_TRUE(keys.ok()) << keys.status();
  const struct {
    const SigningKey& key;
    const char* kid;
    const char* alg;
  } all[] = {{rsa, "r", "RS256"}, {curve, "e", "ES256"}, {edwards, "d", "EdDSA"}};
  for (const auto& signer : all) {
    for (const auto& claimed : all) {
      const std::string jws =
          signer.key.Sign(absl::StrCat(R"({"alg":")", claimed.alg, "\"}"), "{}");
      for (const auto& named : all) {
        EXPECT_EQ((*keys)->Verify(named.kid, claimed.alg, jws).ok(),
                  &signer == &claimed && &claimed == &named)
            << signer.kid << claimed.kid << named.kid;
      }
    }
  }
  EXPECT_TRUE(
      absl::IsNotFound((*keys)->Verify("x", "RS256", rsa.Sign(R"({"alg":"RS256"})", "{}"))));
}

TEST(TokenKeysTest, RefuseEveryChangedByteOfASignedText) {
  const SigningKey key = SigningKey::P256();
  const auto keys = TokenKeys::Parse(KeySet(key.Jwk("k")));
  ASSERT_TRUE(keys.ok()) << keys.status();
  const std::string jws = key.Sign(R"({"alg":"ES256"})", R"({"a":1})");
  ASSERT_TRUE((*keys)->Verify("k", "ES256", jws).ok());
  for (size_t i = 0; i + 1 < jws.size(); ++i) {
    std::string changed = jws;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE((*keys)->Verify("k", "ES256", changed).ok()) << i;
  }
}

TEST(TokenKeysTest, LeaveOutKeysThatSignNoTokens) {
  const SigningKey good = SigningKey::Ed25519();
  const std::string rest = absl::StrCat(
      SigningKey::Rsa(1024).Jwk("weak"), ",", SigningKey::P256().Jwk("enc", R"(,"use":"enc")"), ",",
      SigningKey::P256().Jwk("alg", R"(,"alg":"ES384")"), ",", R"({"kty":"EC","crv":"P-256"})");
  const auto keys = TokenKeys::Parse(KeySet(absl::StrCat(rest, ",", good.Jwk("good"))));
  ASSERT_TRUE(keys.ok()) << keys.status();
  for (const char* kid : {"weak", "enc", "alg"}) {
    EXPECT_TRUE(absl::IsNotFound((*keys)->Verify(kid, "ES256", "a.b.c"))) << kid;
  }
  EXPECT_TRUE((*keys)->Verify("good", "EdDSA", good.Sign(R"({"alg":"EdDSA"})", "{}")).ok());
  EXPECT_FALSE((*keys)->empty());
  EXPECT_EQ((*keys)->left_out(), 4U);
}

TEST(TokenKeysTest, AreNoneWhenTheSetListsNone) {
  const auto empty = TokenKeys::Parse(KeySet(""));
  ASSERT_TRUE(empty.ok()) << empty.status();
  EXPECT_TRUE((*empty)->empty());
  EXPECT_EQ((*empty)->left_out(), 0U);
  const auto unusable = TokenKeys::Parse(KeySet(SigningKey::Rsa(1024).Jwk("weak")));
  ASSERT_TRUE(unusable.ok()) << unusable.status();
  EXPECT_TRUE((*unusable)->empty());
  EXPECT_EQ((*unusable)->left_out(), 1U);
  EXPECT_TRUE(TokenKeys::None()->empty());
}

TEST(TokenKeysTest, RefuseAFileThatShouldNotBeThere) {
  const std::string good = SigningKey::Ed25519().Jwk("k");
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string("[]"), std::string("null"),
        std::string(R"({"keys":{}})"), std::string(R"({"keys":[)"), KeySet("") + "x",
        KeySet(absl::StrCat(good, ",", good)),
        KeySet(absl::StrCat(good, R"(,{"kty":"oct","kid":"o","k":"AAAAAAAAAAAAAAAAAAAAAA"})")),
        KeySet(SigningKey::Ed25519().Jwk(
            "p", absl::StrCat(R"(,"d":")", Base64Url(std::string(32, 'd')), "\"")))}) {
    EXPECT_TRUE(absl::IsInvalidArgument(TokenKeys::Parse(text).status())) << text;
  }
}

}  // namespace
}  // namespace tutti
