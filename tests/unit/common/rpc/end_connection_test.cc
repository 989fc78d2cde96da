#include "common/rpc/end_connection.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

// Two ends of a connection through the loopback, to an address as it is bound.
struct Pair {
  int server = -1;
  int client = -1;
  int client_port = 0;

  Pair(const std::string& bound, const std::string& dialled) {
    const int listener = socket(AF_INET6, SOCK_STREAM, 0);
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    const int off = 0;
    setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    inet_pton(AF_INET6, bound.c_str(), &address.sin6_addr);
    socklen_t size = sizeof(address);
    if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
        listen(listener, 1) == 0) {
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
      inet_pton(AF_INET6, dialled.c_str(), &address.sin6_addr);
      client = socket(AF_INET6, SOCK_STREAM, 0);
      if (connect(client, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
        server = accept(listener, nullptr, nullptr);
        getsockname(client, reinterpret_cast<sockaddr*>(&address), &size);
        client_port = ntohs(address.sin6_port);
      }
    }
    close(listener);
  }
  ~Pair() {
    close(server);
    close(client);
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  bool ended() const {
    pollfd waiting{client, POLLIN, 0};
    char byte = 0;
    return poll(&waiting, 1, 0) == 1 && recv(client, &byte, 1, 0) == 0;
  }
};

TEST(EndConnectionTest, EndsTheOneWithThePeerAndNoOther) {
  const Pair one("::", "::ffff:127.0.0.1");
  const Pair other("::", "::ffff:127.0.0.1");
  ASSERT_GE(one.server, 0);
  ASSERT_GE(other.server, 0);
  EndConnection(absl::StrCat("ipv4:127.0.0.2:", one.client_port));
  EndConnection("unix:");
  EndConnection("");
  EXPECT_FALSE(one.ended());
  EndConnection(absl::StrCat("ipv4:127.0.0.1:", one.client_port));
  EXPECT_TRUE(one.ended());
  EXPECT_FALSE(other.ended());
}

TEST(EndConnectionTest, KnowsAPeerByItsSixthVersionsName) {
  const Pair pair("::1", "::1");
  if (pair.server < 0) GTEST_SKIP() << "this machine has no ::1";
  EndConnection(absl::StrCat("ipv6:%5B::1%5D:", pair.client_port));
  EXPECT_TRUE(pair.ended());
}

}  // namespace
}  // namespace tutti
