#include "common/redis/user_check.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace tutti {
namespace {

// A server that says yes to everything, and nothing before a whole go of commands has come: up to
// the last word of each.
class PatientServer {
 public:
  explicit PatientServer(std::vector<std::string> last_words) : last_words_(std::move(last_words)) {
    std::string pattern = testing::TempDir() + "redisXXXXXX";
    folder_ = mkdtemp(pattern.data());
    listening_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path().copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(bind(listening_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(listening_, 1), 0);
    thread_ = std::thread([this] { Serve(); });
  }
  ~PatientServer() {
    thread_.join();
    close(listening_);
    std::filesystem::remove_all(folder_);
  }

  std::string path() const { return folder_ + "/redis.sock"; }

 private:
  void Serve() {
    const int connection = accept(listening_, nullptr, nullptr);
    for (const std::string& last : last_words_) {
      std::string received;
      std::array<char, 4096> buffer{};
      while (received.find(last) == std::string::npos) {
        const ssize_t n = read(connection, buffer.data(), buffer.size());
        if (n <= 0) break;
        received.append(buffer.data(), static_cast<size_t>(n));
      }
      std::string answer;
      for (int64_t i = std::count(received.begin(), received.end(), '*'); i > 0; --i) {
        answer += "+OK\r\n";
      }
      EXPECT_EQ(send(connection, answer.data(), answer.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(answer.size()));
    }
    close(connection);
  }

  const std::vector<std::string> last_words_;
  std::string folder_;
  int listening_ = -1;
  std::thread thread_;
};

// Mutation: each question waits for the answer to the one before.
TEST(UserCheckTest, AsksEverythingInTwoGoes) {
  for (const auto& [use, goes] : std::vector<std::pair<RedisUse, std::vector<std::string>>>{
           {RedisUse::kAggregate, {"MULTI\r\n", "counting-history\r\n"}},
           {RedisUse::kScore, {"ZRANGE\r\n$13\r\n{-}:pub:index\r\n$1\r\n0\r\n$1\r\n0\r\n"}},
           {RedisUse::kJournal, {"WAIT\r\n$1\r\n0\r\n$1\r\n1\r\n"}}}) {
    const PatientServer server(goes);
    RedisOptions options;
    options.unix_socket = server.path();
    options.user = "somebody";
    options.password = "secret";
    EXPECT_EQ(CheckUser(options, use), absl::OkStatus());
  }
}

}  // namespace
}  // namespace tutti
