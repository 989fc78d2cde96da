#include <malloc.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/redis/user_check.h"
#include "tests/integration/redis/redis_test.h"
#include "tests/support/loopback_listener.h"

namespace tutti {
namespace {

class ConnectionTest : public RedisTest {
 protected:
  absl::StatusOr<std::vector<std::string>> AskForElements(int elements) {
    return AsStrings(
        inspector_->Call(Script("local t = {} for i = 1, ARGV[1] do t[i] = '' end return t", {},
                                {absl::StrCat(elements)})));
  }
};

TEST_F(ConnectionTest, RefusesAReplyThatAnnouncesMoreElementsThanWeAskFor) {
  const absl::StatusOr<std::vector<std::string>> longest = AskForElements(1 << 20);
  ASSERT_TRUE(longest.ok()) << longest.status();
  EXPECT_EQ(longest->size(), 1 << 20);
  const absl::StatusOr<std::vector<std::string>> longer = AskForElements((1 << 20) + 1);
  EXPECT_TRUE(absl::IsUnavailable(longer.status())) << longer.status();
  // The next call has a new connection.
  EXPECT_TRUE(AskForElements(1).ok());
}

// A connection that is kept for the next call keeps nothing of the last.
//
// Mutation: a string that is assigned an empty one, which keeps its memory.
TEST_F(ConnectionTest, KeepsNoMemoryOfALargeCommand) {
  const auto taken = [] {
    const struct mallinfo2 memory = mallinfo2();
    return memory.uordblks + memory.hblkhd;
  };
  ASSERT_EQ(AsOk(inspector_->Call({"SET", "little", "x"})), absl::OkStatus());
  const size_t before = taken();
  ASSERT_EQ(AsOk(inspector_->Call({"SET", "much", std::string(size_t{8} << 20, 'x')})),
            absl::OkStatus());
  EXPECT_LT(taken(), before + (size_t{1} << 20));
}

// Mutation: an error of the kind that calls are not repeated after.
TEST_F(ConnectionTest, IsUnavailableWhileThePrimaryLacksReplicasThatItIsToldToHave) {
  ASSERT_EQ(AsOk(inspector_->Call({"CONFIG", "SET", "min-replicas-to-write", "1"})),
            absl::OkStatus());
  const absl::Status refused = AsOk(inspector_->Call({"SET", "key", "value"}));
  EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
  EXPECT_THAT(refused.message(), testing::HasSubstr("NOREPLICAS"));
}

// How to reach a server's port.
RedisOptions AddressOf(const RedisServer& server) {
  RedisOptions options = server.OptionsFor("inspector");
  options.unix_socket.clear();
  options.host = server.address().host;
  options.port = server.address().port;
  options.tls = server.tls();
  return options;
}

absl::Status Ping(const RedisOptions& options) {
  absl::StatusOr<std::unique_ptr<RedisConnection>> connection = RedisConnection::Open(options);
  if (!connection.ok()) return connection.status();
  return AsOk((*connection)->Call({"PING"}));
}

TEST(RedisTlsTest, SpeaksWithTheServerThatTheAuthoritiesSignedAlone) {
  const auto server = RedisServer::StartPrimary(RedisServer::Wire::kTls);
  ASSERT_TRUE(server.ok()) << server.status();
  const RedisOptions right = AddressOf(**server);
  EXPECT_EQ(Ping(right), absl::OkStatus());

  RedisOptions other_name = right;
  other_name.host = "localhost";
  EXPECT_TRUE(absl::IsUnavailable(Ping(other_name))) << Ping(other_name);
  RedisOptions plain = right;
  plain.tls = {};
  EXPECT_TRUE(absl::IsUnavailable(Ping(plain))) << Ping(plain);
  RedisOptions no_file = right;
  no_file.tls.authorities += ".absent";
  EXPECT_TRUE(absl::IsInvalidArgument(Ping(no_file))) << Ping(no_file);
  // The server asks for a certificate.
  RedisOptions nobody = right;
  nobody.tls.certificate.clear();
  nobody.tls.key.clear();
  EXPECT_TRUE(absl::IsUnavailable(Ping(nobody))) << Ping(nobody);
}

TEST(RedisTlsTest, SpeaksNoTlsWithAServerThatHasNone) {
  const auto server = RedisServer::StartPrimary();
  ASSERT_TRUE(server.ok()) << server.status();
  const auto other = RedisServer::StartPrimary(RedisServer::Wire::kTls);
  ASSERT_TRUE(other.ok()) << other.status();
  RedisOptions options = AddressOf(**server);
  EXPECT_EQ(Ping(options), absl::OkStatus());
  options.tls = (*other)->tls();
  EXPECT_TRUE(absl::IsUnavailable(Ping(options))) << Ping(options);
}

// Replies of many records of TLS, commands of many, and a connection that is given back while
// the server has more to say of the session than was asked.
TEST(RedisTlsTest, CarriesMegabytes) {
  const auto server = RedisServer::StartPrimary(RedisServer::Wire::kTls);
  ASSERT_TRUE(server.ok()) << server.status();
  RedisPool pool(AddressOf(**server));
  const std::string much(size_t{8} << 20, 'x');
  ASSERT_EQ(AsOk(pool.Call({"SET", "much", much})), absl::OkStatus());
  const absl::StatusOr<std::string> read = AsString(pool.Call({"GET", "much"}));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(*read == much);
  const absl::StatusOr<std::string> clients = AsString(pool.Call({"INFO", "stats"}));
  ASSERT_TRUE(clients.ok()) << clients.status();
  // One to see that it runs, by the socket, and one for all of the above.
  EXPECT_THAT(*clients, ::testing::HasSubstr("total_connections_received:2\r\n"));
}

// A listener that never answers, as a process that is stopped.
TEST(RedisConnectionTest, GivesUpOnAServerThatTakesConnectionsAndSaysNothing) {
  const LoopbackListener listener;
  const auto server = RedisServer::StartPrimary(RedisServer::Wire::kTls);
  ASSERT_TRUE(server.ok()) << server.status();
  RedisOptions options = AddressOf(**server);
  options.port = listener.port();
  options.timeout = absl::Milliseconds(50);
  EXPECT_TRUE(absl::IsUnavailable(Ping(options))) << Ping(options);
  options.tls = {};
  EXPECT_TRUE(absl::IsUnavailable(Ping(options))) << Ping(options);
}

// Sends byte by byte whatever it is told to, or receives some at a time, for five seconds; then it
// ends the connection.
class Dripper {
 public:
  enum class Way { kSends, kReceives };
  explicit Dripper(Way way, std::string first, std::string drops)
      : way_(way),
        first_(std::move(first)),
        drops_(std::move(drops)),
        thread_([this] { Drip(); }) {}
  ~Dripper() {
    if (thread_.joinable()) thread_.join();
  }

  int port() const { return listener_.port(); }
  // Whether whoever was there stayed until the end.
  bool WasHeardOut() {
    thread_.join();
    return heard_out_;
  }

 private:
  void Drip() {
    const int connection = accept4(listener_.file(), nullptr, nullptr, SOCK_CLOEXEC);
    send(connection, first_.data(), first_.size(), MSG_NOSIGNAL);
    heard_out_ = true;
    std::string received(size_t{64} << 10, 0);
    for (size_t i = 0; heard_out_ && i < kDrops; ++i) {
      absl::SleepFor(absl::Milliseconds(10));
      heard_out_ = way_ == Way::kSends
                       ? send(connection, &drops_[i % drops_.size()], 1, MSG_NOSIGNAL) == 1
                       : recv(connection, received.data(), received.size(), 0) > 0;
      pollfd gone{connection, POLLRDHUP, 0};
      heard_out_ = heard_out_ && poll(&gone, 1, 0) == 0;
    }
    close(connection);
  }

  static constexpr size_t kDrops = 500;

  const Way way_;
  const std::string first_;
  const std::string drops_;
  const LoopbackListener listener_;
  bool heard_out_ = false;
  std::thread thread_;
};

// Mutation: each byte is waited for anew.
TEST(RedisConnectionTest, GivesUpOnAServerThatDrips) {
  const auto server = RedisServer::StartPrimary(RedisServer::Wire::kTls);
  ASSERT_TRUE(server.ok()) << server.status();
  RedisOptions options = AddressOf(**server);
  options.timeout = absl::Milliseconds(200);
  {
    // A record of the handshake, of 16 KB.
    Dripper shaking(Dripper::Way::kSends, std::string("\x16\x03\x03\x40\x00\x02", 6), "x");
    options.port = shaking.port();
    EXPECT_TRUE(absl::IsUnavailable(Ping(options))) << Ping(options);
    EXPECT_FALSE(shaking.WasHeardOut());
  }
  options.tls = {};
  {
    Dripper greeting(Dripper::Way::kSends, "$1000\r\n", "x");
    options.port = greeting.port();
    EXPECT_TRUE(absl::IsUnavailable(Ping(options))) << Ping(options);
    EXPECT_FALSE(greeting.WasHeardOut());
  }
  {
    // One answer after another.
    Dripper answering(Dripper::Way::kSends, "", "+\r\n");
    options.port = answering.port();
    const absl::Status checked = CheckUser(options, RedisUse::kAggregate);
    EXPECT_TRUE(absl::IsUnavailable(checked)) << checked;
    EXPECT_FALSE(answering.WasHeardOut());
  }
  {
    Dripper receiving(Dripper::Way::kReceives, "+OK\r\n", "");
    options.port = receiving.port();
    RedisPool pool(options);
    const std::string much(size_t{32} << 20, 'x');
    EXPECT_TRUE(absl::IsUnavailable(AsOk(pool.Call({"SET", "much", much}))));
    EXPECT_FALSE(receiving.WasHeardOut());
  }
}

TEST(RedisConnectionTest, FindsAHostByNameAndSaysWhenThereIsNone) {
  const auto server = RedisServer::StartPrimary();
  ASSERT_TRUE(server.ok()) << server.status();
  RedisOptions options = AddressOf(**server);
  options.host = "localhost";
  EXPECT_EQ(Ping(options), absl::OkStatus());
  options.host = "redis.invalid";
  EXPECT_TRUE(absl::IsUnavailable(Ping(options))) << Ping(options);
  options.unix_socket = std::string(200, 'x');
  EXPECT_TRUE(absl::IsUnavailable(Ping(options))) << Ping(options);
}

}  // namespace
}  // namespace tutti
