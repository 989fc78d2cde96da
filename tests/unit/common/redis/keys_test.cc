#include "common/redis/keys.h"

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tutti {
namespace {

using ::testing::HasSubstr;

const Day kDay(2026, 3, 1);

TEST(Keys, CrcIsTheOneOfRedisCluster) {
  EXPECT_EQ(Crc16("123456789"), 0x31C3);
  EXPECT_EQ(Crc16(""), 0);
}

TEST(Keys, NameTheOrganisationTheWindowAndTheKind) {
  const BitmapId reach{"acme", {WindowKind::kReach, kDay}, "person"};
  const BitmapId day{"acme", {WindowKind::kDay, kDay}, "device"};
  EXPECT_EQ(BitmapKey(reach), "{acme}:reach:2026-03-01:person");
  EXPECT_EQ(BitmapKey(day), "{acme}:day:2026-03-01:device");
  EXPECT_EQ(SealedBitmapKey(reach), "{acme}:sealed:reach:2026-03-01:person");
  EXPECT_EQ(SealedBitmapKey(day), "{acme}:sealed:day:2026-03-01:device");
  EXPECT_EQ(StagedKey("acme", kDay), "{acme}:staged:2026-03-01");
  EXPECT_EQ(PublicationKey("acme", kDay), "{acme}:pub:2026-03-01");
  EXPECT_EQ(PublicationIndexKey("acme"), "{acme}:pub:index");
  EXPECT_EQ(ProfileKey("acme"), "{acme}:profile");
  EXPECT_EQ(TransitKey("acme"), "{acme}:merge");
  EXPECT_EQ(TickKey("acme"), "{acme}:tick");
  EXPECT_EQ(TallyKey("acme"), "{acme}:tally");
  EXPECT_EQ(LedgerKey("acme"), "{acme}:ledger");
  EXPECT_EQ(LeaseKey("acme"), "{acme}:lease");
  EXPECT_EQ(CohortKey(kDay, "retail"), "cohort:2026-03-01:retail");
  EXPECT_EQ(JournalKey(), "journal");
  EXPECT_EQ(CountingHistoryKey(), "counting-history");
  EXPECT_EQ(JournalIdentityKey(), "journal-identity");
  EXPECT_EQ(JournalBoundKey(), "journal:-bound");
  EXPECT_EQ(JournalEntriesKey("acme"), "journal:acme");
  EXPECT_EQ(AllKeysPattern("acme"), "{acme}:*");
  EXPECT_EQ(PublicationChannel("acme"), "pub:acme");
}

// Mutation: an entry of the statement that no key is of any more.
TEST(Keys, EveryEntryIsOfAKeyAndEveryKeyHasAnEntry) {
  std::set<std::string> said;
  for (const Retention& retention : RetentionsOfRedis("48 hours")) {
    EXPECT_EQ(retention.where, "Redis");
    EXPECT_FALSE(retention.how_long.empty()) << retention.what;
    EXPECT_TRUE(said.insert(retention.what).second) << retention.what << " is said twice";
  }
  said.insert(RetentionOfJournal().what);
  std::set<std::string> held;
  for (const KeyRow& row : KeyRows()) held.insert(RetentionOf(row.held, "48 hours").what);
  EXPECT_EQ(held, said);
}

// Mutation: a row whose time no sentence says.
TEST(Keys, WhatRedisForgetsByItselfIsSaidWithItsTime) {
  for (const KeyRow& row : KeyRows()) {
    if (row.lifetime == absl::InfiniteDuration()) continue;
    EXPECT_THAT(RetentionOf(row.held, "48 hours").how_long, HasSubstr(InWords(row.lifetime)))
        << row.name;
    EXPECT_EQ(absl::Seconds(std::stoll(ExpirySeconds(row.key))), row.lifetime) << row.name;
  }
}

TEST(Keys, SpreadOrganisationsOverEveryBucket) {
  std::set<int> buckets;
  for (int i = 0; i < 2000; ++i) {
    const int bucket = BucketOf(absl::StrCat("organisation-", i));
    ASSERT_GE(bucket, 0);
    ASSERT_LT(bucket, kOrganizationBuckets);
    buckets.insert(bucket);
  }
  EXPECT_EQ(buckets.size(), static_cast<size_t>(kOrganizationBuckets));
  EXPECT_EQ(BucketKey(7), "orgs:7");
}

}  // namespace
}  // namespace tutti
