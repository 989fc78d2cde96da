#include "common/rpc/channel.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace tutti
