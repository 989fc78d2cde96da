#include "common/rpc/trace_context.h"

#include <gtest/gtest.h>

namespace tutti {
namespace {

constexpr char kGood[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(TraceContextTest, TakesTheTraceIdOfATraceparent) {
  EXPECT_EQ(TraceIdIn(kGood), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(TraceIdIn("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"),
            "0af7651916cd43dd8448eb211c80319c");
}

// Mutations: each part of the parser that is left out.
TEST(TraceContextTest, TakesNothingElse) {
  for (const char* const wrong : {
           "",
           "00-",
           "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
           "00-00000000000000000000000000000000-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333x-01",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x",
           "00-0af7651916cd43dd8448eb211c80319c+b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331+01",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
           " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
       }) {
    EXPECT_EQ(TraceIdIn(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace tutti
