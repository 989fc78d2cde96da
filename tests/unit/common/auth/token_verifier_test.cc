#include "common/auth/token_verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/support/signing_key.h"

namespace tutti {
namespace {

constexpr char kHeader[] = R"({"alg":"EdDSA","kid":"k","typ":"JWT"})";
constexpr char kClaims[] =
    R"({"iss":"https://id.example","aud":"tutti","exp":2000,"nbf":1000,)"
    R"("orgs":["acme","beta"],"scope":"scores.read activities.write","sub":"s"})";

absl::Time At(int64_t seconds) { return absl::FromUnixSeconds(seconds); }

class ReadTokenTest : public testing::Test {
 protected:
  // A token of the good claims with one part replaced by another.
  std::string WithClaims(const std::string& part, const std::string& other) const {
    const std::string claims = absl::StrReplaceAll(kClaims, {{part, other}});
    EXPECT_NE(claims, kClaims);
    return key_.Sign(kHeader, claims);
  }

  std::string WithHeader(const std::string& header) const { return key_.Sign(header, kClaims); }

  absl::StatusOr<Caller> Read(const std::string& token, int64_t now = 1500) const {
    return ReadToken(token, *keys_, rules_, At(now));
  }

  // Why a token is refused.
  std::string Refusal(const std::string& token, int64_t now = 1500) const {
    const absl::StatusOr<Caller> caller = Read(token, now);
    EXPECT_EQ(caller.status().code(), absl::StatusCode::kUnauthenticated) << caller.status();
    return std::string(caller.status().message());
  }

  const SigningKey key_ = SigningKey::Ed25519();
  const SigningKey rsa_ = SigningKey::Rsa(2048);
  const std::string key_set_ =
      absl::StrCat(R"({"keys":[)", key_.Jwk("k"), ",", rsa_.Jwk("r"), "]}");
  const std::unique_ptr<TokenKeys> keys_ = *TokenKeys::Parse(key_set_);
  const TokenRules rules_ = {"https://id.example", "tutti"};
};

TEST_F(ReadTokenTest, SaysWhomItIsFor) {
  const absl::StatusOr<Caller> caller = Read(key_.Sign(kHeader, kClaims));
  ASSERT_TRUE(caller.ok()) << caller.status();
  EXPECT_THAT(caller->organizations, testing::ElementsAre("acme", "beta"));
  EXPECT_FALSE(caller->every_organization);
  EXPECT_EQ(caller->scopes, kScoresRead | kActivitiesWrite);
  EXPECT_EQ(caller->expires, At(2000) + kTokenLeeway);
  EXPECT_TRUE(Read(WithClaims(R"("tutti")", R"(["other","tutti"])")).ok());
  EXPECT_TRUE(Read(WithHeader(R"({"alg":"EdDSA","kid":"k"})")).ok());
  EXPECT_TRUE(Read(WithHeader(R"({"alg":"EdDSA","kid":"k","typ":"at+jwt"})")).ok());
  EXPECT_TRUE(Read(rsa_.Sign(R"({"alg":"RS256","kid":"r"})", kClaims)).ok());
}

TEST_F(ReadTokenTest, NamesTheSoftwareAndNeverThePerson) {
  EXPECT_EQ(Read(key_.Sign(kHeader, kClaims))->name, "token");
  const auto name_with = [&](const std::string& client) {
    return Read(WithClaims(R"("sub":"s")", absl::StrCat(R"("sub":"ann","client_id":)", client)))
        ->name;
  };
  EXPECT_EQ(name_with(R"("crm-export:eu/1")"), "token:crm-export:eu/1");
  EXPECT_EQ(name_with(R"("ann@made-up.example")"), "token");
  EXPECT_EQ(name_with(R"("two words")"), "token");
  EXPECT_EQ(name_with(R"("")"), "token");
  EXPECT_EQ(name_with(absl::StrCat("\"", std::string(64, 'a'), "\"")),
            absl::StrCat("token:", std::string(64, 'a')));
  EXPECT_EQ(name_with(absl::StrCat("\"", std::string(65, 'a'), "\"")), "token");
}

TEST_F(ReadTokenTest, GivesEveryOrganizationToSystemAdminsAlone) {
  const absl::StatusOr<Caller> caller = Read(
      key_.Sign(kHeader, R"({"iss":"https://id.example","aud":"tutti","exp":2000,"orgs":["*"],)"
                         R"("scope":"system.admin"})"));
  ASSERT_TRUE(caller.ok()) << caller.status();
  EXPECT_TRUE(caller->MayUse("whatever"));
  EXPECT_TRUE(caller->HasAny(kScoresRead));
  EXPECT_EQ(Refusal(WithClaims(R"("acme")", R"("*")")), "its orgs are not all organisation ids");
}

// Found by tests/fuzz: the library verifies what it has decoded, so other spellings of a
// token passed.
TEST_F(ReadTokenTest, RefusesAnotherSpellingOfTheSameBytes) {
  const std::string token = key_.Sign(kHeader, absl::StrCat(kClaims, " "));
  ASSERT_TRUE(Read(token).ok());
  const size_t dot = token.rfind('.');
  for (const size_t last : {dot - 1, token.size() - 1}) {
    std::string other = token;
    // 'A', 'Q', 'g' and 'w' have four bits 0; the next letter has not.
    ASSERT_NE(std::string("AQgw").find(token[last]), std::string::npos) << token;
    ++other[last];
    EXPECT_EQ(Refusal(other), "it is not base64url");
  }
}

TEST_F(ReadTokenTest, RefusesOtherAlgorithms) {
  const std::string none =
      absl::StrCat(Base64Url(R"({"alg":"none","kid":"k"})"), ".", Base64Url(kClaims), ".");
  EXPECT_EQ(Refusal(none), "it is not base64url");
  for (const char* alg :
       {"none", "None", "NONE", "", "HS256", "RS384", "PS256", "ES384", "eddsa"}) {
    EXPECT_EQ(Refusal(WithHeader(absl::StrCat(R"({"alg":")", alg, R"(","kid":"k"})"))),
              "its alg is not RS256, ES256 or EdDSA");
  }
  EXPECT_EQ(Refusal(WithHeader(R"({"kid":"k"})")), "its alg is not RS256, ES256 or EdDSA");
  EXPECT_EQ(Refusal(WithHeader(R"({"alg":["EdDSA"],"kid":"k"})")),
            "its alg is not RS256, ES256 or EdDSA");
}

TEST_F(ReadTokenTest, RefusesAKeyUsedForAnotherAlgorithm) {
  // The public key as the secret of an HMAC.
  EXPECT_EQ(Refusal(SignByHmac(rsa_.Jwk("r"), R"({"alg":"HS256","kid":"r"})", kClaims)),
            "its alg is not RS256, ES256 or EdDSA");
  EXPECT_EQ(Refusal(SignByHmac(rsa_.Jwk("r"), R"({"alg":"RS256","kid":"r"})", kClaims)),
            "its signature is wrong");
  EXPECT_EQ(Refusal(key_.Sign(R"({"alg":"EdDSA","kid":"r"})", kClaims)),
            "its key is for another algorithm");
}

TEST_F(ReadTokenTest, RefusesKeysThatItDoesNotKnow) {
  EXPECT_EQ(Refusal(SigningKey::Ed25519().Sign(kHeader, kClaims)), "its signature is wrong");
  EXPECT_EQ(Refusal(WithHeader(R"({"alg":"EdDSA","kid":"other"})")), "its key is unknown");
  EXPECT_EQ(Refusal(WithHeader(R"({"alg":"EdDSA"})")), "its header has no kid");
  const SigningKey own = SigningKey::Ed25519();
  for (const std::string& member :
       {absl::StrCat(R"("jwk":)", own.Jwk("k")), std::string(R"("jku":"https://evil.example/")"),
        std::string(R"("x5u":"https://evil.example/")"), std::string(R"("x5c":[])")}) {
    EXPECT_EQ(Refusal(own.Sign(absl::StrCat(R"({"alg":"EdDSA","kid":"k",)", member, "}"), kClaims)),
              "its header brings a key");
  }
}

TEST_F(ReadTokenTest, RefusesCriticalHeaders) {
  for (const char* crit : {R"(["exp"])", R"(["b64"])", R"([])", R"("x")", "null"}) {
    EXPECT_EQ(Refusal(WithHeader(absl::StrCat(R"({"alg":"EdDSA","kid":"k","crit":)", crit, "}"))),
              "its header has crit");
  }
}

TEST_F(ReadTokenTest, RefusesTokensFromOrForOthers) {
  EXPECT_EQ(Refusal(WithClaims("https://id.example", "https://id.example/")), "its iss is another");
  EXPECT_EQ(Refusal(WithClaims(R"("iss":"https://id.example",)", "")), "its iss is another");
  EXPECT_EQ(Refusal(WithClaims(R"("tutti")", R"("Tutti")")), "its aud is another");
  EXPECT_EQ(Refusal(WithClaims(R"("tutti")", R"(["a","b"])")), "its aud is another");
  EXPECT_EQ(Refusal(WithClaims(R"("aud":"tutti",)", "")), "its aud is another");
}

TEST_F(ReadTokenTest, RefusesTokensOutsideTheirTime) {
  const std::string token = key_.Sign(kHeader, kClaims);
  EXPECT_TRUE(Read(token, 970).ok());
  EXPECT_EQ(Refusal(token, 969), "it is not yet valid");
  EXPECT_TRUE(Read(token, 2029).ok());
  EXPECT_EQ(Refusal(token, 2030), "it has expired");
  for (const char* exp : {"\"2000\"", "-1", "null", "1e300", "[2000]"}) {
    EXPECT_EQ(Refusal(WithClaims("2000", exp)), "it has no exp that is a date");
  }
  EXPECT_EQ(Refusal(WithClaims("1000", "\"1000\"")), "its nbf is no date");
}

TEST_F(ReadTokenTest, RefusesTokensForNoOrganization) {
  EXPECT_EQ(Refusal(WithClaims(R"("orgs":["acme","beta"],)", "")), "it has no orgs");
  EXPECT_EQ(Refusal(WithClaims(R"(["acme","beta"])", "[]")), "it has no orgs");
  EXPECT_EQ(Refusal(WithClaims(R"(["acme","beta"])", R"("acme")")), "it has no orgs");
  EXPECT_EQ(Refusal(WithClaims(R"("beta")", "7")), "its orgs are not all texts");
  EXPECT_EQ(Refusal(WithClaims(R"("beta")", R"("Beta")")), "its orgs are not all organisation ids");
  std::string many;
  for (size_t i = 0; i < kMaxTokenOrganizations; ++i) absl::StrAppend(&many, ",\"a", i, "\"");
  EXPECT_EQ(Refusal(WithClaims(R"(,"beta")", many)), "it names too many orgs");
  EXPECT_EQ(Refusal(WithClaims(R"("scope")", R"("scp")")), "it has no scope");
}

TEST_F(ReadTokenTest, RefusesMembersThatOccurTwice) {
  const char twice[] = "it is not of JSON objects whose members occur once";
  EXPECT_EQ(Refusal(WithClaims(R"("sub":"s")", R"("orgs":["other"])")), twice);
  EXPECT_EQ(Refusal(WithClaims(R"("sub":"s")", R"("\u0069ss":"https://id.example")")), twice);
  EXPECT_EQ(Refusal(WithClaims(R"("sub":"s")", R"("more":[{"a":1,"a":2}])")), twice);
  EXPECT_EQ(Refusal(WithHeader(R"({"alg":"none","alg":"EdDSA","kid":"k"})")), twice);
}

TEST_F(ReadTokenTest, RefusesWhatIsNoToken) {
  const std::string good = key_.Sign(kHeader, kClaims);
  for (const std::string& token :
       {std::string(), std::string("."), std::string(".."), std::string("a.b"), good + ".",
        good + "=", " " + good, std::string("eyJ.eyJ.eyJ"), good.substr(0, good.size() / 2)}) {
    EXPECT_TRUE(absl::IsUnauthenticated(Read(token).status())) << token;
  }
  EXPECT_EQ(
      Refusal(WithClaims(R"("sub":"s")", absl::StrCat(R"("x":")", std::string(4096, 'x'), "\""))),
      "it is too long");
}

constexpr absl::Duration kGrace = absl::Minutes(10);

class TokenVerifierTest : public ReadTokenTest {
 protected:
  void Write(const std::string& text) {
    std::ofstream(path_ + ".new") << text;
    std::filesystem::rename(path_ + ".new", path_);
  }

  const std::string path_ = (std::filesystem::path(testing::TempDir()) /
                             testing::UnitTest::GetInstance()->current_test_info()->name())
                                .string();

 private:
  void TearDown() override { std::filesystem::remove_all(path_); }
};

TEST_F(TokenVerifierTest, ForgetsTokensOfKeysThatAreGone) {
  Write(key_set_);
  const auto verifier = TokenVerifier::Open(path_, rules_, kGrace);
  ASSERT_TRUE(verifier.ok()) << verifier.status();
  const std::string token = key_.Sign(kHeader, kClaims);
  const auto first = (*verifier)->Verify(token, At(1500));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(*(*verifier)->Verify(token, At(1600)), *first) << "not remembered";
  EXPECT_FALSE((*verifier)->Verify(token, At(2030)).ok()) << "remembered for too long";
  Write(absl::StrCat(R"({"keys":[)", rsa_.Jwk("r"), "]}"));
  ASSERT_TRUE((*verifier)->ReloadIfChanged(absl::ZeroDuration()).ok());
  EXPECT_FALSE((*verifier)->Verify(token, At(1500)).ok());
  EXPECT_TRUE(
      (*verifier)->Verify(rsa_.Sign(R"({"alg":"RS256","kid":"r"})", kClaims), At(1500)).ok());
}

// Mutation: a set without keys taken for a broken file.
TEST_F(TokenVerifierTest, BelievesNobodyOnceTheSetIsEmpty) {
  Write(key_set_);
  const auto verifier = TokenVerifier::Open(path_, rules_, kGrace);
  ASSERT_TRUE(verifier.ok()) << verifier.status();
  const std::string token = key_.Sign(kHeader, kClaims);
  ASSERT_TRUE((*verifier)->Verify(token, At(1500)).ok());
  EXPECT_TRUE((*verifier)->HasKeys());
  for (const std::string& none :
       {std::string(R"({"keys":[]})"),
        absl::StrCat(R"({"keys":[)", SigningKey::Rsa(1024).Jwk("k"), "]}")}) {
    Write(none);
    EXPECT_TRUE((*verifier)->ReloadIfChanged(absl::ZeroDuration()).ok());
    EXPECT_FALSE((*verifier)->HasKeys());
    EXPECT_FALSE((*verifier)->Verify(token, At(1500)).ok()) << none;
    Write(key_set_);
    EXPECT_TRUE((*verifier)->ReloadIfChanged(absl::ZeroDuration()).ok());
    EXPECT_TRUE((*verifier)->Verify(token, At(1500)).ok());
  }
}

// Mutation: the grace begins anew with each look; or never ends; or no error is told after it, for
// the file is what it was.
TEST_F(TokenVerifierTest, KeepsItsKeysForTheGraceWhenTheFileIsBroken) {
  const std::string token = key_.Sign(kHeader, kClaims);
  const auto break_it = [this](int how) {
    std::filesystem::remove_all(path_);
    if (how == 1) Write("{");
    if (how == 2) std::filesystem::create_directory(path_);
    if (how == 3) {
      EXPECT_EQ(mkfifo(path_.c_str(), 0600), 0);
    }
    if (how == 4) std::filesystem::create_symlink("/dev/zero", path_);
    if (how == 5) Write("");
  };
  for (int how = 0; how < 6; ++how) {
    std::filesystem::remove_all(path_);
    Write(key_set_);
    const auto verifier = TokenVerifier::Open(path_, rules_, kGrace);
    ASSERT_TRUE(verifier.ok()) << verifier.status();
    break_it(how);
    const absl::Duration begin = absl::Hours(1);
    for (const absl::Duration later :
         {absl::ZeroDuration(), absl::Seconds(1), kGrace - absl::Nanoseconds(1)}) {
      const absl::Status reloaded = (*verifier)->ReloadIfChanged(begin + later);
      EXPECT_TRUE(absl::IsInvalidArgument(reloaded)) << how;
      EXPECT_THAT(reloaded.message(), testing::HasSubstr(path_));
      EXPECT_TRUE((*verifier)->Verify(token, At(1500)).ok()) << how << later;
    }
    for (int look = 0; look < 2; ++look) {
      EXPECT_TRUE(absl::IsInvalidArgument((*verifier)->ReloadIfChanged(begin + kGrace))) << how;
    }
    EXPECT_FALSE((*verifier)->HasKeys());
    EXPECT_FALSE((*verifier)->Verify(token, At(1500)).ok()) << how;
  }
}

// Mutation: the stamp of the file stays when its keys go.
TEST_F(TokenVerifierTest, BelievesTheSameFileAgainOnceItIsBack) {
  Write(key_set_);
  const auto verifier = TokenVerifier::Open(path_, rules_, kGrace);
  ASSERT_TRUE(verifier.ok()) << verifier.status();
  const std::string token = key_.Sign(kHeader, kClaims);
  std::filesystem::rename(path_, path_ + ".away");
  EXPECT_FALSE((*verifier)->ReloadIfChanged(absl::ZeroDuration()).ok());
  EXPECT_FALSE((*verifier)->ReloadIfChanged(kGrace).ok());
  ASSERT_FALSE((*verifier)->Verify(token, At(1500)).ok());
  std::filesystem::rename(path_ + ".away", path_);
  EXPECT_TRUE((*verifier)->ReloadIfChanged(kGrace).ok());
  EXPECT_TRUE((*verifier)->Verify(token, At(1500)).ok());
  // And a later fault has its whole grace.
  std::filesystem::remove(path_);
  EXPECT_FALSE((*verifier)->ReloadIfChanged(2 * kGrace).ok());
  EXPECT_TRUE((*verifier)->Verify(token, At(1500)).ok());
}

TEST_F(TokenVerifierTest, StartsWithASetThatIsMeantToBeEmpty) {
  Write(R"({"keys":[]})");
  const auto verifier = TokenVerifier::Open(path_, rules_, kGrace);
  ASSERT_TRUE(verifier.ok()) << verifier.status();
  EXPECT_FALSE((*verifier)->HasKeys());
  Write(absl::StrCat(R"({"keys":[)", SigningKey::Rsa(1024).Jwk("weak"), "]}"));
  EXPECT_FALSE(TokenVerifier::Open(path_, rules_, kGrace).ok());
}

TEST_F(TokenVerifierTest, DoesNotStartWithoutKeysOrRules) {
  EXPECT_FALSE(TokenVerifier::Open(path_ + ".absent", rules_, kGrace).ok());
  Write(key_set_);
  EXPECT_FALSE(TokenVerifier::Open(path_, {"", "tutti"}, kGrace).ok());
  EXPECT_FALSE(TokenVerifier::Open(path_, {"https://id.example", ""}, kGrace).ok());
}

}  // namespace
}  // namespace tutti
