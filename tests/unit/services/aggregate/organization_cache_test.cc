#include "services/aggregate/organization_cache.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/window/window_proto.h"
#include "tests/doubles/fake_clock.h"
#include "tests/support/local_suite.h"

namespace tutti {
namespace {

class OrganizationCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    aggregate::v1::Organization wanted;
    wanted.set_headcount(1000);
    wanted.set_first_day("2026-01-05");
    ASSERT_TRUE(organizations_.lifecycle.Create("acme", wanted, true).ok());
    some_ = organizations_.repository.Read("acme").value();
  }

  FakeWallClock clock_{absl::FromCivil(absl::CivilHour(2026, 3, 4, 12), absl::UTCTimeZone())};
  MemoryStore store_;
  Organizations organizations_{store_, store_, store_, store_, ShippedCatalog(), clock_};
  std::shared_ptr<const ScheduledOrganization> some_;
};

// Mutation: without a bound; a replacement that counts twice.
TEST_F(OrganizationCacheTest, KeepsNoMoreThanItMayAndTheNewest) {
  constexpr size_t kMost = 100'000;
  OrganizationCache cache(kMost);
  for (int i = 0; i < 5'000; ++i) {
    cache.Keep(absl::StrCat("org-", i), some_, clock_.Now());
    cache.Keep("same", some_, clock_.Now());
    ASSERT_LE(cache.bytes(), kMost);
  }
  EXPECT_GT(cache.bytes(), kMost / 2);
  EXPECT_NE(cache.Find("same", clock_.Now()), nullptr);
  EXPECT_NE(cache.Find("org-4999", clock_.Now()), nullptr);
  EXPECT_EQ(cache.Find("org-0", clock_.Now()), nullptr);
  cache.Forget("same");
  EXPECT_EQ(cache.Find("same", clock_.Now()), nullptr);

  OrganizationCache tiny(1);
  tiny.Keep("acme", some_, clock_.Now());
  EXPECT_EQ(tiny.bytes(), 0u);
}

// Mutation: keeping what nobody may use any more; taking what was read before the clock was
// set back for new.
TEST_F(OrganizationCacheTest, ForgetsWhatIsOld) {
  OrganizationCache cache;
  for (int i = 0; i < 100; ++i) cache.Keep(absl::StrCat("org-", i), some_, clock_.Now());
  const size_t full = cache.bytes();
  clock_.Advance(OrganizationCache::kMaxAge - absl::Nanoseconds(1));
  EXPECT_NE(cache.Find("org-7", clock_.Now()), nullptr);
  clock_.Advance(absl::Nanoseconds(1));
  EXPECT_EQ(cache.Find("org-7", clock_.Now()), nullptr);
  cache.Keep("org-100", some_, clock_.Now());
  EXPECT_LT(cache.bytes(), full / 50);
  clock_.Advance(-absl::Hours(1));
  EXPECT_EQ(cache.Find("org-100", clock_.Now()), nullptr);
}

// Mutation: a repository that remembers every organisation it has ever read.
TEST_F(OrganizationCacheTest, BoundsWhatTheDirectoryRemembers) {
  // This makes it as large as one with activity is.
  aggregate::v1::StoredOrganization stored = some_->stored();
  for (int day = 0; day < 40; ++day) {
    aggregate::v1::BegunWindow& begun = *stored.add_begun();
    SetWindow({WindowKind::kDay, Day(2026, 3, 1) + day}, begun);
    begun.set_key_id(std::string(16, 'k'));
    for (const CatalogKind& kind : ShippedCatalog().kinds()) begun.add_kinds(kind.proto->id());
  }
  size_t most = 0;
  for (int i = 0; i < 15'000; ++i) {
    const std::string id = absl::StrCat("org-", i);
    ASSERT_TRUE(store_.Create(id, stored, absl::InfiniteFuture()).ok());
    ASSERT_TRUE(organizations_.repository.ReadCached({id}).front().ok());
    most = std::max(most, organizations_.repository.cached_bytes());
  }
  EXPECT_LE(most, size_t{64} << 20);
  EXPECT_GT(most, size_t{63} << 20) << "there was nothing to bound";
  clock_.Advance(OrganizationCache::kMaxAge);
  ASSERT_TRUE(organizations_.repository.ReadCached({"acme"}).front().ok());
  EXPECT_LT(organizations_.repository.cached_bytes(), size_t{64} << 10);
}

}  // namespace
}  // namespace tutti
