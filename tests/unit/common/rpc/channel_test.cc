#include "common/rpc/channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "common/rpc/host_port.h"

namespace tutti {
namespace {

TEST(ChannelTest, KnowsAddressesThatStayOnThisMachine) {
  for (const char* address : {"127.0.0.1:0", "127.0.0.1:8080", "localhost:1", "[::1]:443",
                              "unix:/run/tutti.sock", "unix:relative.sock"}) {
    EXPECT_TRUE(IsLoopback(address)) << address;
  }
}

TEST(ChannelTest, TakesNoOtherAddressForLoopback) {
  for (const char* address :
       {"", "127.0.0.1", "0.0.0.0:80", "[::]:80", "127.0.0.10:80", "127.0.0.1.example.com:80",
        "localhost.example.com:80", "dns:///localhost:80", "10.0.0.1:80", "example.com:443"}) {
    EXPECT_FALSE(IsLoopback(address)) << address;
  }
}

TEST(ChannelTest, SendsPlainTextNowhereElse) {
  const auto refused = MakeChannel("example.com:443");
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refused.status().message().find("example.com"), absl::string_view::npos);
  EXPECT_TRUE(MakeChannel("127.0.0.1:1").ok());
}

// gRPC takes a port for its rest by 65,536, and anything else for a name that may come to be known.
TEST(ChannelTest, GoesToAddressesAlone) {
  for (const std::string& address :
       {std::string("127.0.0.1:98749"), std::string("127.0.0.1:0"), std::string("127.0.0.1: 80"),
        std::string("127.0.0.1:80/x"), std::string("localhost"), std::string("localhost:"),
        std::string("http://localhost:80/"), std::string("::1:80"), std::string("unix:"),
        std::string("dns:localhost:80"), absl::StrCat("unix:/", std::string(107, 'x')),
        std::string()}) {
    const absl::Status refused = MakeChannel(address).status();
    EXPECT_TRUE(absl::IsInvalidArgument(refused)) << address;
    EXPECT_THAT(std::string(refused.message()),
                testing::HasSubstr(absl::StrCat("not \"", address, "\"")));
  }
  for (const char* address : {"dns:///tutti-aggregate:7402", "[::1]:80", "unix:relative.sock"}) {
    EXPECT_TRUE(CheckAddress(address).ok()) << address;
  }
}

}  // namespace
}  // namespace tutti
