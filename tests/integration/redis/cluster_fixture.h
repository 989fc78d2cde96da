#ifndef TUTTI_TESTS_INTEGRATION_REDIS_CLUSTER_FIXTURE_H_
#define TUTTI_TESTS_INTEGRATION_REDIS_CLUSTER_FIXTURE_H_

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/integration/redis/redis_test.h"
#include "tests/support/wait_until.h"

namespace tutti {

// A cluster of its own for each test, of three primaries.
class ClusterTest : public RedisTest {
 protected:
  Place place() const override { return Place::kCluster; }
  virtual int replicas() const { return 0; }

  void SetUp() override {
    absl::StatusOr<std::unique_ptr<RedisCluster>> cluster = RedisCluster::Start(3, replicas());
    ASSERT_TRUE(cluster.ok()) << cluster.status();
    own_ = *std::move(cluster);
    Inspect(*own_);
    Use(absl::Seconds(10));
  }

  // Uses the cluster, from now on, with a time-out.
  void Use(absl::Duration timeout) {
    RedisOptions options = OptionsFor("aggregate");
    options.wait_replicas = replicas();
    options.timeout = timeout;
    stores_ = std::make_unique<RedisStores>(options);
  }

  // An organisation whose slot one of the primaries has.
  std::string OrganizationOn(int primary) const {
    for (int i = 0;; ++i) {
      std::string id = absl::StrCat("acme-", i);
      if (own_->OwnerOf(id) == primary) return id;
    }
  }
  static BitmapId Person(const std::string& organization) {
    return {organization, kReachWindow, "person"};
  }

  // Merges, from some threads, bits that nobody else merges, while `act` does something that
  // may make calls fail. Returns the bits that were acknowledged.
  std::set<uint32_t> MergeWhile(const BitmapId& id, const std::function<void()>& act) {
    std::set<uint32_t> acknowledged;
    std::mutex mutex;
    std::atomic<bool> over = false;
    std::vector<std::thread> threads;
    for (uint32_t thread = 0; thread < 3; ++thread) {
      threads.emplace_back([&, thread] {
        for (uint32_t bit = thread; !over && bit < kBits; bit += 3) {
          // That of before, too: what is known of it may have become wrong.
          const std::vector<uint32_t> bits =
              bit < 3 ? std::vector<uint32_t>{bit} : std::vector<uint32_t>{bit - 3, bit};
          const absl::StatusOr<MergeOutcome> outcome = Merge(id, bits);
          if (!outcome.ok()) {
            EXPECT_TRUE(absl::IsUnavailable(outcome.status())) << outcome.status();
            continue;
          }
          EXPECT_EQ(*outcome, MergeOutcome::kMerged);
          const std::lock_guard<std::mutex> lock(mutex);
          acknowledged.insert(bits.begin(), bits.end());
        }
      });
    }
    const auto some_more = [&] {
      size_t before = 0;
      {
        const std::lock_guard<std::mutex> lock(mutex);
        before = acknowledged.size();
      }
      EXPECT_TRUE(WaitUntil([&] {
        const std::lock_guard<std::mutex> lock(mutex);
        return acknowledged.size() > before + 20;
      }));
    };
    some_more();
    act();
    some_more();
    over = true;
    for (std::thread& thread : threads) thread.join();
    return acknowledged;
  }

  static constexpr uint32_t kBits = 1 << 20;
  std::unique_ptr<RedisCluster> own_;
};

}  // namespace tutti

#endif  // TUTTI_TESTS_INTEGRATION_REDIS_CLUSTER_FIXTURE_H_
