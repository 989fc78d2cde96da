#include <gtest/gtest.h>

#include "common/redis/connection.h"

namespace tutti {
namespace {

// Mutations: 127.0.0.1 alone; text that begins with "127.".
TEST(LoopbackTest, KnowsHostsThatStayOnThisMachine) {
  for (const char* host : {"127.0.0.1", "127.0.1.1", "127.255.255.254", "::1", "localhost"}) {
    EXPECT_TRUE(IsLoopback(host)) << host;
  }
}

TEST(LoopbackTest, TakesNoOtherHostForLoopback) {
  for (const char* host :
       {"", "126.0.0.1", "128.0.0.1", "0.0.0.0", "127.1", "127.0.0.1.example.com", "127.0.0.1 ",
        "10.127.0.1", "::", "::ffff:10.0.0.1", "localhost.example.com"}) {
    EXPECT_FALSE(IsLoopback(host)) << host;
  }
}

}  // namespace
}  // namespace tutti
