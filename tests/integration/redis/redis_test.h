#ifndef TUTTI_TESTS_INTEGRATION_REDIS_REDIS_TEST_H_
#define TUTTI_TESTS_INTEGRATION_REDIS_REDIS_TEST_H_

#include <memory>
#include <string>
#include <vector>

#include "common/redis/redis_stores.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/redis_server.h"

namespace tutti {

// A server of its own for each test, the stores as the aggregate service has them,
// and a connection that may look at everything.
class RedisTest : public ::testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<RedisServer>> server = RedisServer::Start();
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    stores_ = std::make_unique<RedisStores>(server_->OptionsFor("aggregate"));
    inspector_ = std::make_unique<RedisPool>(server_->OptionsFor("inspector"));
  }

  static aggregate::v1::StoredOrganization Named(const std::string& name) {
    aggregate::v1::StoredOrganization stored;
    stored.mutable_organization()->set_display_name(name);
    return stored;
  }

  // Creates an organisation.
  VersionedOrganization Create(const std::string& id) {
    EXPECT_EQ(stores_->organizations().Create(id, Named(id), absl::InfiniteFuture()),
              absl::OkStatus());
    absl::StatusOr<VersionedOrganization> read = stores_->organizations().Read(id);
    EXPECT_TRUE(read.ok()) << read.status();
    return read.ok() ? *read : VersionedOrganization();
  }

  // Creates an organisation with bitmaps of `bits` bits, one for each kind.
  void Begin(const std::string& id, Window window, const std::vector<std::string>& kinds,
             uint32_t bits = 4096) {
    std::vector<NewBitmap> bitmaps;
    bitmaps.reserve(kinds.size());
    for (const std::string& kind : kinds) bitmaps.push_back({{id, window, kind}, bits});
    std::set<Window> guarded;
    const absl::StatusOr<VersionedOrganization> begun =
        stores_->organizations().Begin(id, Create(id), Named("begun"), bitmaps, guarded);
    ASSERT_TRUE(begun.ok()) << begun.status();
  }

  // One delta's outcome.
  absl::StatusOr<MergeOutcome> Merge(const BitmapId& id, const std::vector<uint32_t>& positions) {
    absl::StatusOr<std::vector<MergeOutcome>> outcomes =
        stores_->counters().Merge({{id, positions}});
    if (!outcomes.ok()) return outcomes.status();
    return outcomes->at(0);
  }

  // The positions that a bitmap shows.
  static std::vector<uint32_t> BitsOf(const std::string& bitmap) {
    std::vector<uint32_t> positions;
    for (uint32_t i = 0; i < 8 * bitmap.size(); ++i) {
      if ((uint32_t{static_cast<unsigned char>(bitmap[i / 8])} << (i % 8) & 0x80U) != 0) {
        positions.push_back(i);
      }
    }
    return positions;
  }

  std::string Raw(const std::string& key) {
    const absl::StatusOr<std::string> value = AsString(inspector_->Call({"GET", key}));
    EXPECT_TRUE(value.ok() || absl::IsNotFound(value.status())) << value.status();
    return value.value_or("");
  }
  std::vector<std::string> Keys() {
    return AsStrings(inspector_->Call({"KEYS", "*"})).value_or(std::vector<std::string>());
  }

  std::unique_ptr<RedisServer> server_;
  std::unique_ptr<RedisStores> stores_;
  std::unique_ptr<RedisPool> inspector_;
};

inline const Window kReachWindow{WindowKind::kReach, Day(2026, 3, 1)};
inline const Window kDayWindow{WindowKind::kDay, Day(2026, 3, 1)};

}  // namespace tutti

#endif  // TUTTI_TESTS_INTEGRATION_REDIS_REDIS_TEST_H_
