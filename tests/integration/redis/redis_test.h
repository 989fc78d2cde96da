#ifndef TUTTI_TESTS_INTEGRATION_REDIS_REDIS_TEST_H_
#define TUTTI_TESTS_INTEGRATION_REDIS_REDIS_TEST_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/redis/redis_router.h"
#include "common/redis/redis_stores.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/redis_cluster.h"
#include "tests/support/redis_server.h"

namespace tutti {

// Where the stores keep what they have; the cluster by TLS.
enum class Place { kSocket, kTcp, kCluster };

inline std::string NameOf(const ::testing::TestParamInfo<Place>& info) {
  return info.param == Place::kSocket ? "Socket" : info.param == Place::kTcp ? "Tcp" : "Cluster";
}

// May look at everything, on whichever node it is.
class Inspector {
 public:
  // How to reach each node, and the keys.
  Inspector(std::vector<RedisOptions> nodes, RedisOptions keys)
      : nodes_(std::move(nodes)), router_(std::move(keys)) {}
  explicit Inspector(const RedisOptions& server) : Inspector({server}, server) {}

  // A command of the key that is its second word; what is of no key goes to every node.
  absl::StatusOr<RedisReply> Call(const RedisWords& words) {
    for (const char* const name : {"ACL", "CLUSTER", "CONFIG", "EVAL", "FLUSHALL"}) {
      if (words.front() == name) return CallAll(words);
    }
    return router_.Call(words[1], words);
  }

  std::vector<std::string> Keys() {
    std::vector<std::string> all;
    for (const RedisOptions& node : nodes_) {
      RedisPool pool(node);
      const auto keys = AsStrings(pool.Call({"KEYS", "*"}));
      EXPECT_TRUE(keys.ok()) << keys.status();
      if (keys.ok()) all.insert(all.end(), keys->begin(), keys->end());
    }
    return all;
  }

 private:
  // The first error, or the last reply.
  absl::StatusOr<RedisReply> CallAll(const RedisWords& words) {
    absl::StatusOr<RedisReply> reply = absl::InternalError("there is no node");
    for (const RedisOptions& node : nodes_) {
      RedisPool pool(node);
      reply = pool.Call(words);
      if (!AsOk(reply).ok()) return reply;
    }
    return reply;
  }

  const std::vector<RedisOptions> nodes_;
  RedisRouter router_;
};

// A server of its own for each test, or the cluster of all tests, empty; the stores as the
// aggregate service has them, and an inspector.
class RedisTest : public ::testing::Test {
 protected:
  virtual Place place() const { return Place::kSocket; }

  void SetUp() override {
    if (place() == Place::kCluster) {
      ASSERT_NO_FATAL_FAILURE(UseSharedCluster());
    } else {
      absl::StatusOr<std::unique_ptr<RedisServer>> server =
          place() == Place::kTcp ? RedisServer::StartPrimary() : RedisServer::Start();
      ASSERT_TRUE(server.ok()) << server.status();
      server_ = *std::move(server);
      inspector_ = std::make_unique<Inspector>(server_->OptionsFor("inspector"));
    }
    stores_ = std::make_unique<RedisStores>(OptionsFor("aggregate"));
  }

  // How a service finds what is stored.
  RedisOptions OptionsFor(const std::string& user) const {
    if (place() == Place::kCluster) return cluster_->OptionsFor(user);
    RedisOptions options = server_->OptionsFor(user);
    if (place() == Place::kTcp) {
      options.unix_socket.clear();
      options.host = server_->address().host;
      options.port = server_->address().port;
    }
    return options;
  }

  // The bytes of every append-only file.
  std::string AppendOnlyFiles() const {
    if (place() != Place::kCluster) return server_->AppendOnlyFiles();
    std::string bytes;
    for (const auto& node : cluster_->nodes()) bytes += node->AppendOnlyFiles();
    return bytes;
  }

  // Has a cluster's nodes looked at.
  void Inspect(RedisCluster& cluster) {
    cluster_ = &cluster;
    std::vector<RedisOptions> nodes;
    for (const auto& node : cluster.nodes()) nodes.push_back(node->OptionsFor("inspector"));
    inspector_ = std::make_unique<Inspector>(nodes, cluster.OptionsFor("inspector"));
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
  std::vector<std::string> Keys() { return inspector_->Keys(); }

  std::unique_ptr<RedisServer> server_;  // unless the place is the cluster
  RedisCluster* cluster_ = nullptr;      // then
  std::unique_ptr<RedisStores> stores_;
  std::unique_ptr<Inspector> inspector_;

 private:
  // One for all tests, for it takes seconds to start. It has primaries alone.
  void UseSharedCluster() {
    static const absl::StatusOr<std::unique_ptr<RedisCluster>> cluster =
        RedisCluster::Start(3, 0, RedisServer::Wire::kTls);
    ASSERT_TRUE(cluster.ok()) << cluster.status();
    Inspect(**cluster);
    ASSERT_EQ(AsOk(inspector_->Call({"FLUSHALL"})), absl::OkStatus());
  }
};

// The contract of the stores, wherever they keep what they have: of a RedisTest.
template <typename Test>
class ContractOf : public Test, public ::testing::WithParamInterface<Place> {
 protected:
  Place place() const override { return GetParam(); }
};

#define TUTTI_EVERYWHERE(Suite) \
  INSTANTIATE_TEST_SUITE_P(     \
      Everywhere, Suite, ::testing::Values(Place::kSocket, Place::kTcp, Place::kCluster), NameOf)

inline const Window kReachWindow{WindowKind::kReach, Day(2026, 3, 1)};
inline const Window kDayWindow{WindowKind::kDay, Day(2026, 3, 1)};

}  // namespace tutti

#endif  // TUTTI_TESTS_INTEGRATION_REDIS_REDIS_TEST_H_
