#include "common/redis/keys.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace tutti {
namespace {

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
  EXPECT_EQ(PublicationChannel("acme"), "pub:acme");
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
