#include "common/rpc/listener.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

// Where accepted connections go.
class Taken {
 public:
  ~Taken() { CloseAll(); }

  void Take(int connection) {
    const std::lock_guard<std::mutex> lock(mutex_);
    connections_.push_back(connection);
    changed_.notify_all();
  }

  void WaitFor(size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return connections_.size() >= count; });
  }

  size_t size() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return connections_.size();
  }

  void CloseAll() {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const int connection : connections_) close(connection);
    connections_.clear();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<int> connections_;  // guarded by mutex_
};

// A connection to a port of the loopback; -1 when it is not taken.
int ConnectTo(const std::string& address) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  int port = 0;
  EXPECT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port));
  to.sin_port = htons(static_cast<uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(client, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0) return client;
  close(client);
  return -1;
}

// Waits until the other side has ended it.
bool IsEnded(int client) {
  char byte = 0;
  return read(client, &byte, 1) <= 0;
}

// Allows as many descriptors as the process has open, and some more.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(int more) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest_free = dup(STDERR_FILENO);
    close(lowest_free);
    rlimit limit = before_;
    limit.rlim_cur = static_cast<rlim_t>(lowest_free) + static_cast<rlim_t>(more);
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  }
  ~DescriptorLimit() { setrlimit(RLIMIT_NOFILE, &before_); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  rlimit before_{};
};

TEST(ListenerTest, TakesConnectionsAtItsAddresses) {
  for (const char* address : {"127.0.0.1:0", "localhost:0", "[::]:0"}) {
    Taken taken;
    auto listener = Listener::Open(address);
    ASSERT_TRUE(listener.ok()) << listener.status();
    (*listener)->Serve([&](int connection) { taken.Take(connection); });
    const int client = ConnectTo((*listener)->address());
    ASSERT_GE(client, 0) << (*listener)->address();
    taken.WaitFor(1);
    close(client);
    (*listener)->Stop();
    EXPECT_EQ(ConnectTo((*listener)->address()), -1) << "stopped";
  }
}

TEST(ListenerTest, SaysWhatIsWrongWithAnAddress) {
  for (const char* address :
       {"", "127.0.0.1", "::1:80", "[::1:80", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:-1",
        ":80", "127.0.0.1:x", "127.0.0.1: 80", "127.0.0.1:80 ", "127.0.0.1:80/x", "127.0.0.1:+80",
        "unix:", "no-such-host.invalid:80"}) {
    const auto listener = Listener::Open(address);
    ASSERT_FALSE(listener.ok()) << address;
    EXPECT_TRUE(absl::IsInvalidArgument(listener.status())) << listener.status();
    EXPECT_THAT(std::string(listener.status().message()), testing::HasSubstr("--listen"))
        << address;
  }
}

TEST(ListenerTest, DoesNotTakeWhatIsTaken) {
  std::string folder = (std::filesystem::temp_directory_path() / "listener-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  for (const std::string& address :
       {std::string("127.0.0.1:0"), absl::StrCat("unix:", folder, "/socket")}) {
    auto first = Listener::Open(address);
    ASSERT_TRUE(first.ok()) << first.status();
    EXPECT_TRUE(absl::IsUnavailable(Listener::Open((*first)->address()).status())) << address;
  }
  std::filesystem::remove_all(folder);
}

// Mutation: what a process that was killed leaves behind is taken for a server.
TEST(ListenerTest, ReplacesASocketThatNobodyServes) {
  std::string folder = (std::filesystem::temp_directory_path() / "listener-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/socket";
  sockaddr_un left{};
  left.sun_family = AF_UNIX;
  path.copy(left.sun_path, sizeof(left.sun_path) - 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(bind(socket, reinterpret_cast<const sockaddr*>(&left), sizeof(left)), 0);
  close(socket);
  {
    const auto listener = Listener::Open(absl::StrCat("unix:", path));
    EXPECT_TRUE(listener.ok()) << listener.status();
  }
  EXPECT_FALSE(std::filesystem::exists(path)) << "nothing is left of ours";
  std::filesystem::remove_all(folder);
}

// Mutation: whatever refuses a connection is taken for a socket that nobody serves.
TEST(ListenerTest, ReplacesNothingButASocket) {
  std::string folder = (std::filesystem::temp_directory_path() / "listener-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string file = folder + "/file";
  close(open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  const std::string link = folder + "/link";
  std::filesystem::create_symlink(file, link);
  const std::string dangling = folder + "/dangling";
  std::filesystem::create_symlink(folder + "/absent", dangling);
  for (const std::string& path : {file, link, dangling, folder}) {
    const std::string address = absl::StrCat("unix:", path);
    const absl::Status refused = Listener::Open(address).status();
    EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
    EXPECT_THAT(refused.message(), testing::HasSubstr("--listen: unix:" + path + " cannot be"));
    EXPECT_EQ(Listener::Check(address), refused);
    EXPECT_TRUE(std::filesystem::exists(std::filesystem::symlink_status(path))) << path;
  }
  EXPECT_FALSE(std::filesystem::exists(folder + "/absent"));
  std::filesystem::remove_all(folder);
}

// Mutation: one that stops, or goes, removes whatever is at its path.
TEST(ListenerTest, RemovesNoSuccessor) {
  std::string folder = (std::filesystem::temp_directory_path() / "listener-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string address = absl::StrCat("unix:", folder, "/socket");
  auto first = Listener::Open(address);
  ASSERT_TRUE(first.ok()) << first.status();
  (*first)->Stop();
  const auto second = Listener::Open(address);
  ASSERT_TRUE(second.ok()) << second.status();
  first->reset();
  EXPECT_TRUE(std::filesystem::exists(folder + "/socket"));
  std::filesystem::remove_all(folder);
}

// Mutations: the reason is not said; a check looks at the words alone, or leaves something.
TEST(ListenerTest, ChecksAsItOpens) {
  std::string folder = (std::filesystem::temp_directory_path() / "listener-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  for (const auto& [address, why] : std::vector<std::pair<std::string, std::string>>{
           {"192.0.2.1:4000",
            "192.0.2.1:4000 cannot be served on: Cannot assign requested address"},
           {absl::StrCat("unix:", folder, "/absent/socket"), "No such file or directory"},
           {"localhost:port", "not \"localhost:port\""},
           {"no-such-host.invalid:80", "\"no-such-host.invalid\""}}) {
    const absl::Status refused = Listener::Check(address);
    EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
    EXPECT_THAT(refused.message(), testing::HasSubstr(why));
    EXPECT_EQ(Listener::Open(address).status(), refused);
  }
  for (const std::string& address :
       {std::string("127.0.0.1:0"), absl::StrCat("unix:", folder, "/socket")}) {
    EXPECT_TRUE(Listener::Check(address).ok());
    EXPECT_TRUE(std::filesystem::is_empty(folder));
    const auto first = Listener::Open(address);
    ASSERT_TRUE(first.ok()) << first.status();
    const absl::Status taken = Listener::Check((*first)->address());
    EXPECT_TRUE(absl::IsUnavailable(taken)) << taken;
    EXPECT_THAT(taken.message(), testing::HasSubstr("Address already in use"));
  }
  std::filesystem::remove_all(folder);
}

// Mutation: connections take every descriptor; the file cannot be opened.
TEST(ListenerTest, KeepsDescriptorsForOthers) {
  auto listener = Listener::Open("127.0.0.1:0");
  ASSERT_TRUE(listener.ok());
  const DescriptorLimit limit(2 * Listener::kKeptDescriptors);
  Taken taken;
  (*listener)->Serve([&](int connection) { taken.Take(connection); });
  // The clients are in this process too: what they take, the connections lack.
  std::vector<int> clients;
  while ((*listener)->starved() == 0) {
    clients.push_back(ConnectTo((*listener)->address()));
    ASSERT_GE(clients.back(), 0);
    while (taken.size() < clients.size() && (*listener)->starved() == 0) std::this_thread::yield();
  }
  EXPECT_TRUE(IsEnded(clients.back()));
  const int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_GE(file, 0) << "a descriptor is left for a file";
  close(file);

  for (const int client : clients) close(client);
  taken.CloseAll();
  const int later = ConnectTo((*listener)->address());
  taken.WaitFor(1);
  close(later);
  (*listener)->Stop();
}

// Mutation: a listener that ends, or waits for ever, at the first EMFILE.
TEST(ListenerTest, GoesOnWhenDescriptorsAreFreeAgain) {
  auto listener = Listener::Open("127.0.0.1:0");
  ASSERT_TRUE(listener.ok());
  const int client = ConnectTo((*listener)->address());  // waits in the kernel's queue
  ASSERT_GE(client, 0);
  const DescriptorLimit limit(2 * Listener::kKeptDescriptors);
  std::vector<int> others;
  for (int other = 0; (other = dup(STDERR_FILENO)) >= 0;) others.push_back(other);
  Taken taken;
  (*listener)->Serve([&](int connection) { taken.Take(connection); });
  while ((*listener)->starved() == 0) std::this_thread::yield();
  for (const int other : others) close(other);
  taken.WaitFor(1);
  (*listener)->Stop();
  close(client);
}

}  // namespace
}  // namespace tutti
