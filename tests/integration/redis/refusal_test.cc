// What nodes say when they did nothing of what they were asked, and what becomes of the call: by a
// node that says it in a cluster of its own, and by real servers.

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/redis/server_check.h"
#include "tests/integration/redis/redis_test.h"
#include "tests/support/loopback_listener.h"
#include "tests/support/wait_until.h"

namespace tutti {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string Bulk(const std::string& text) {
  return absl::StrCat("$", text.size(), "\r\n", text, "\r\n");
}

// Speaks as a node that has all slots, and answers what is about keys as it is told.
class SpeakingNode {
 public:
  // Called with one lock for all; an empty answer ends the connection, kSilence is none.
  using Answer = std::function<std::string(const RedisWords&)>;
  static constexpr char kSilence[] = "silence";

  explicit SpeakingNode(Answer answer) : answer_(std::move(answer)) {
    EXPECT_NE(port_, 0);
    threads_.emplace_back([this] { Accept(); });
  }
  ~SpeakingNode() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      over_ = true;
      shutdown(listener_.file(), SHUT_RDWR);
      for (const int connection : connections_) shutdown(connection, SHUT_RDWR);
    }
    threads_.front().join();
    for (size_t i = 1; i < threads_.size(); ++i) threads_[i].join();
    for (const int connection : connections_) close(connection);
  }
  SpeakingNode(const SpeakingNode&) = delete;
  SpeakingNode& operator=(const SpeakingNode&) = delete;

  RedisOptions options() const {
    RedisOptions options;
    options.cluster = {{"127.0.0.1", port_}};
    options.timeout = absl::Seconds(5);
    return options;
  }
  // Changes what the answers follow from, between two of them.
  void Tell(const std::function<void()>& change) {
    const std::lock_guard<std::mutex> lock(mutex_);
    change();
  }
  // How often somebody asked who has which slots.
  int maps() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return maps_;
  }
  // The connections on which something was asked about keys, and how often.
  std::set<int> askers() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return askers_;
  }
  int asked() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return asked_;
  }

 private:
  void Accept() {
    while (true) {
      const int connection = accept4(listener_.file(), nullptr, nullptr, SOCK_CLOEXEC);
      const std::lock_guard<std::mutex> lock(mutex_);
      if (connection < 0 || over_) {
        if (connection >= 0) close(connection);
        return;
      }
      connections_.push_back(connection);
      threads_.emplace_back([this, connection] { Serve(connection); });
    }
  }

  void Serve(int connection) {
    std::string bytes;
    char buffer[4096];
    while (true) {
      RedisWords words;
      while (TakeCommand(bytes, words)) {
        const std::string reply = Reply(connection, words);
        if (reply.empty()) {
          shutdown(connection, SHUT_RDWR);
          return;
        }
        if (reply == kSilence) continue;
        if (send(connection, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) return;
      }
      const ssize_t received = recv(connection, buffer, sizeof(buffer), 0);
      if (received <= 0) return;
      bytes.append(buffer, static_cast<size_t>(received));
    }
  }

  // Takes "*2\r\n$3\r\nGET\r\n$1\r\nx\r\n" away, once it is there.
  static bool TakeCommand(std::string& bytes, RedisWords& words) {
    words.clear();
    size_t at = 0;
    const auto number = [&] {
      const size_t end = bytes.find("\r\n", at);
      size_t value = 0;
      if (end == std::string::npos ||
          !absl::SimpleAtoi(bytes.substr(at + 1, end - at - 1), &value)) {
        return std::string::npos;
      }
      at = end + 2;
      return value;
    };
    const size_t count = number();
    if (count == std::string::npos) return false;
    for (size_t i = 0; i < count; ++i) {
      const size_t size = number();
      if (size == std::string::npos || bytes.size() < at + size + 2) return false;
      words.push_back(bytes.substr(at, size));
      at += size + 2;
    }
    bytes.erase(0, at);
    return true;
  }

  std::string Reply(int connection, const RedisWords& words) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (words.front() == "CLUSTER") {
      ++maps_;
      return absl::StrCat("*1\r\n*3\r\n:0\r\n:16383\r\n*3\r\n", Bulk("127.0.0.1"), ":", port_,
                          "\r\n", Bulk(std::string(40, 'a')));
    }
    askers_.insert(connection);
    ++asked_;
    return answer_(words);
  }

  const Answer answer_;
  const LoopbackListener listener_;
  const int port_ = listener_.port();
  std::mutex mutex_;
  std::vector<std::thread> threads_;  // the first takes connections
  std::vector<int> connections_;      // guarded by mutex_
  std::set<int> askers_;              // guarded by mutex_
  int asked_ = 0;                     // guarded by mutex_
  int maps_ = 0;                      // guarded by mutex_
  bool over_ = false;                 // guarded by mutex_
};

struct Refusal {
  const char* error;
  bool reads_the_map;
  bool drops_the_connection;
};

class RefusalTest : public ::testing::TestWithParam<Refusal> {};

INSTANTIATE_TEST_SUITE_P(
    Each, RefusalTest,
    ::testing::Values(Refusal{"LOADING Redis is loading the dataset in memory", true, false},
                      Refusal{"MASTERDOWN Link with MASTER is down", true, false},
                      Refusal{"CLUSTERDOWN Hash slot not served", true, false},
                      Refusal{"READONLY You can't write against a read only replica.", true, true},
                      Refusal{"TRYAGAIN Multiple keys request during rehashing of slot", false,
                              false}),
    [](const auto& refusal) {
      const std::string error = refusal.param.error;
      return error.substr(0, error.find(' '));
    });

// Mutations: the code is no refusal; the map is not read anew, or for TRYAGAIN, too; who said
// READONLY is asked on the same connection again; any other connection is dropped.
TEST_P(RefusalTest, IsWaitedForAndAskedAgain) {
  int refusals = 3;
  SpeakingNode node([&](const RedisWords& words) {
    if (words.front() == "SET" && refusals-- > 0)
      return absl::StrCat("-", GetParam().error, "\r\n");
    return Bulk("done");
  });
  RedisRouter router(node.options());
  ASSERT_TRUE(router.Read("key", {"GET", "key"}).ok());
  const int maps = node.maps();
  // It did nothing: what may not be done twice is asked again, too.
  const absl::StatusOr<std::string> done = AsString(router.Call("key", {"SET", "key", "value"}));
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(*done, "done");
  EXPECT_EQ(node.asked(), 5);
  EXPECT_EQ(node.maps() > maps, GetParam().reads_the_map);
  EXPECT_THAT(node.askers(), SizeIs(GetParam().drops_the_connection ? 4 : 1));
}

// Mutation: what passes is told as an error of ours.
TEST_P(RefusalTest, IsToldWhenItGoesOn) {
  SpeakingNode node([&](const RedisWords&) { return absl::StrCat("-", GetParam().error, "\r\n"); });
  RedisOptions options = node.options();
  options.timeout = absl::Seconds(1);
  RedisRouter router(options);
  const absl::Status refused = router.Read("key", {"GET", "key"}).status();
  EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
  const std::string error = GetParam().error;
  EXPECT_THAT(std::string(refused.message()), HasSubstr(error.substr(0, error.find(' '))));
}

// Mutation: what a node may have done is asked again, although twice is not as once.
TEST(LostAnswerTest, IsNotAskedForAgainWhereTwiceIsNotOnce) {
  SpeakingNode node(
      [](const RedisWords& words) { return words.front() == "INCR" ? "" : Bulk("done"); });
  RedisRouter router(node.options());
  ASSERT_TRUE(router.Read("key", {"GET", "key"}).ok());
  const absl::Status lost = router.Call("key", {"INCR", "key"}).status();
  EXPECT_TRUE(absl::IsUnavailable(lost)) << lost;
  EXPECT_EQ(node.asked(), 2);
}

// Mutation: every call waits for a node that was waited for in vain.
TEST(SilentNodeTest, IsWaitedForByOneCallNowAndThen) {
  bool silent = false;
  SpeakingNode node([&](const RedisWords&) {
    return silent ? std::string(SpeakingNode::kSilence) : Bulk("done");
  });
  RedisOptions options = node.options();
  options.timeout = absl::Milliseconds(300);
  RedisRouter router(options);
  ASSERT_TRUE(router.Read("key", {"GET", "key"}).ok());
  node.Tell([&] { silent = true; });
  constexpr int kCalls = 30;
  const int before = node.asked();
  for (int i = 0; i < kCalls; ++i) {
    EXPECT_TRUE(absl::IsUnavailable(router.Read("key", {"GET", "key"}).status()));
  }
  EXPECT_LE(node.asked() - before, kCalls) << "three times a call otherwise";
  node.Tell([&] { silent = false; });
  EXPECT_TRUE(WaitUntil([&] { return router.Read("key", {"GET", "key"}).ok(); }));
}

class RealRefusalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (auto* const server : {&primary_, &other_}) {
      auto started = RedisServer::StartPrimary();
      ASSERT_TRUE(started.ok()) << started.status();
      *server = *std::move(started);
    }
    inspector_ = std::make_unique<RedisPool>(other_->OptionsFor("inspector"));
    stores_ = std::make_unique<RedisStores>(other_->OptionsFor("aggregate"));
  }

  void Tell(const RedisWords& words) {
    ASSERT_EQ(AsOk(inspector_->Call(words)), absl::OkStatus()) << words[0] << " " << words[1];
  }
  void Follow(int port) {
    Tell({"CONFIG", "SET", "masteruser", "inspector"});
    Tell({"CONFIG", "SET", "masterauth", primary_->OptionsFor("inspector").password});
    Tell({"REPLICAOF", "127.0.0.1", absl::StrCat(port)});
  }
  int64_t Connections() {
    auto stats = ReadInfo(*inspector_);
    int64_t connections = 0;
    EXPECT_TRUE(stats.ok() &&
                absl::SimpleAtoi((*stats)["total_connections_received"], &connections));
    return connections;
  }
  absl::Status Write() { return stores_->organizations().SetDue("acme", absl::UnixEpoch()); }

  std::unique_ptr<RedisServer> primary_;
  std::unique_ptr<RedisServer> other_;
  std::unique_ptr<RedisPool> inspector_;
  std::unique_ptr<RedisStores> stores_;
};

// Mutation: the connection to what has become a replica is given back.
TEST_F(RealRefusalTest, DropsTheConnectionToAServerThatHasBecomeAReplica) {
  ASSERT_EQ(Write(), absl::OkStatus());
  ASSERT_NO_FATAL_FAILURE(Follow(primary_->address().port));
  const int64_t before = Connections();
  for (int i = 0; i < 3; ++i) {
    const absl::Status refused = Write();
    EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
    EXPECT_THAT(std::string(refused.message()), HasSubstr("READONLY"));
  }
  EXPECT_EQ(Connections() - before, 2) << "each but the first had a new one";
  ASSERT_NO_FATAL_FAILURE(Tell({"REPLICAOF", "NO", "ONE"}));
  EXPECT_EQ(Write(), absl::OkStatus());
}

// Mutation: what passes is told as an error of ours.
TEST_F(RealRefusalTest, IsUnavailableWhileAReplicaHasLostItsPrimary) {
  ASSERT_NO_FATAL_FAILURE(Tell({"CONFIG", "SET", "replica-serve-stale-data", "no"}));
  ASSERT_NO_FATAL_FAILURE(Follow(1));
  const absl::Status refused = stores_->organizations().Read("acme").status();
  EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("MASTERDOWN"));
  ASSERT_NO_FATAL_FAILURE(Tell({"REPLICAOF", "NO", "ONE"}));
  EXPECT_TRUE(absl::IsNotFound(stores_->organizations().Read("acme").status()));
}

// Mutation: what passes is told as an error of ours.
TEST_F(RealRefusalTest, IsUnavailableWhileAServerLoads) {
  RedisPool primary(primary_->OptionsFor("inspector"));
  ASSERT_EQ(AsOk(primary.Call(
                Script("for i = 1, 2000 do redis.call('SET', 'key' .. i, string.rep('x', 100)) end "
                       "return 1",
                       {}, {}))),
            absl::OkStatus());
  // Settings that Redis has for its own tests: microseconds a key, and how often it looks up.
  ASSERT_NO_FATAL_FAILURE(Tell({"CONFIG", "SET", "key-load-delay", "2000"}));
  ASSERT_NO_FATAL_FAILURE(Tell({"CONFIG", "SET", "loading-process-events-interval-bytes", "1024"}));
  ASSERT_NO_FATAL_FAILURE(Follow(primary_->address().port));
  absl::Status refused;
  ASSERT_TRUE(WaitUntil([&] {
    refused = stores_->organizations().Read("acme").status();
    return absl::StrContains(refused.message(), "LOADING");
  }));
  EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
  EXPECT_TRUE(
      WaitUntil([&] { return absl::IsNotFound(stores_->organizations().Read("acme").status()); }));
}

}  // namespace
}  // namespace tutti
