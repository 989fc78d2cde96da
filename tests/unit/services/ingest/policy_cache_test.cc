#include "services/ingest/policy_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "common/keyring/keyring_operations.h"
#include "ingest_fixture.h"

namespace tutti {
namespace {

class PolicyCacheTest : public IngestFixture {
 protected:
  // Asks; null when there is no answer yet.
  std::shared_ptr<std::optional<PolicyCache::Answer>> Ask(const std::string& organization) {
    auto answer = std::make_shared<std::optional<PolicyCache::Answer>>();
    policies->Get(organization, [answer](const PolicyCache::Answer& given) {
      EXPECT_FALSE(answer->has_value());
      *answer = given;
    });
    return answer;
  }
  bool HasPolicy(const std::string& organization) {
    const auto answer = Ask(organization);
    return answer->has_value() && (*answer)->ok();
  }
};

TEST_F(PolicyCacheTest, FetchesOnceForAllWhoAskAtTheSameTime) {
  client.hold_policies = true;
  const auto first = Ask("acme");
  const auto second = Ask("acme");
  EXPECT_EQ(client.fetched, 1);
  EXPECT_FALSE(first->has_value());
  client.AnswerPolicies();
  EXPECT_TRUE(first->has_value());
  EXPECT_TRUE(second->has_value());
}

TEST_F(PolicyCacheTest, FetchesAgainInTheBackgroundAfterHalfTheLease) {
  EXPECT_TRUE(HasPolicy("acme"));
  clock.Advance(absl::Seconds(29));
  EXPECT_TRUE(HasPolicy("acme"));
  EXPECT_EQ(client.fetched, 1);
  clock.Advance(absl::Seconds(1));
  client.hold_policies = true;
  EXPECT_TRUE(HasPolicy("acme"));
  EXPECT_TRUE(HasPolicy("acme"));
  EXPECT_EQ(client.fetched, 2);
}

TEST_F(PolicyCacheTest, UsesNothingAfterTheLease) {
  EXPECT_TRUE(HasPolicy("acme"));
  client.policies["acme"] = absl::UnavailableError("down");
  clock.Advance(absl::Seconds(59));
  EXPECT_TRUE(HasPolicy("acme"));
  clock.Advance(absl::Seconds(1));
  const auto answer = Ask("acme");
  ASSERT_TRUE(answer->has_value());
  EXPECT_EQ(ReasonIn<ingest::v1::Reason>((*answer)->status()),
            ingest::v1::REASON_STORE_UNAVAILABLE);
}

TEST_F(PolicyCacheTest, RefusesALeaseThatIsOverWhenItArrives) {
  clock.Advance(absl::Hours(1));
  EXPECT_EQ(ReasonIn<ingest::v1::Reason>((*Ask("acme"))->status()),
            ingest::v1::REASON_STORE_UNAVAILABLE);
}

TEST_F(PolicyCacheTest, RemembersErrorsForAMoment) {
  EXPECT_EQ(ReasonIn<ingest::v1::Reason>((*Ask("nobody"))->status()),
            ingest::v1::REASON_ORGANIZATION_NOT_FOUND);
  EXPECT_FALSE(HasPolicy("nobody"));
  EXPECT_EQ(client.fetched, 1);
  client.policies["nobody"] = AcmePolicy();
  clock.Advance(kPolicyErrorLife);
  EXPECT_TRUE(HasPolicy("nobody"));
}

TEST_F(PolicyCacheTest, LetsGoOfKeysWhenThePolicyIsOverOrTheKeyringChanges) {
  EXPECT_TRUE(HasPolicy("acme"));
  const std::weak_ptr<const KeySnapshot> first = keys->snapshot();
  ASSERT_TRUE(
      KeyringFile(keyring_path)
          .Update([&](ScrubbedKeyring& keyring) {
            return RotateKeyring(clock.Now() + absl::Hours(24), kDefaultGrace, keyring).status();
          })
          .ok());
  ASSERT_TRUE(*keys->ReloadIfChanged());
  EXPECT_FALSE(first.expired());
  policies->Clear();
  EXPECT_TRUE(first.expired());

  EXPECT_TRUE(HasPolicy("acme"));
  const long users = keys->snapshot().use_count();
  clock.Advance(absl::Seconds(60));
  policies->EvictExpired();
  EXPECT_EQ(keys->snapshot().use_count(), users - 1);
}

TEST_F(PolicyCacheTest, RefusesMalformedPolicies) {
  policy().set_time_zone("Middle/Earth");
  EXPECT_FALSE(HasPolicy("acme"));
  policies->Clear();
  policy() = AcmePolicy();
  policy().mutable_windows(0)->mutable_kinds(0)->set_kept_slots_log2(11);
  EXPECT_FALSE(HasPolicy("acme"));
  policies->Clear();
  policy() = AcmePolicy();
  policy().mutable_windows(0)->set_end_day("tomorrow");
  EXPECT_FALSE(HasPolicy("acme"));
}

}  // namespace
}  // namespace tutti
