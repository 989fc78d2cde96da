#include "common/auth/open_calls.h"

#include <gtest/gtest.h>

#include <vector>

#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

// Begins calls at these addresses until one is refused; how many began.
size_t BeginAll(OpenCalls& calls, const std::string& caller, const std::vector<char>& addresses) {
  size_t begun = 0;
  while (begun < addresses.size() && calls.Begin(&addresses[begun], caller)) ++begun;
  return begun;
}

TEST(OpenCallsTest, BoundsTheCallsOfOneAndNotOfAnother) {
  OpenCalls calls;
  const std::vector<char> a(1'000);
  const std::vector<char> b(1'000);
  EXPECT_EQ(BeginAll(calls, "a", a), OpenCalls::kMostOfOne);
  EXPECT_EQ(BeginAll(calls, "b", b), OpenCalls::kMostOfOne);
}

TEST(OpenCallsTest, GivesBackWhatAnEndedCallTook) {
  OpenCalls calls;
  const std::vector<char> a(1'000);
  const size_t begun = BeginAll(calls, "a", a);
  calls.End(&a[0]);
  EXPECT_TRUE(calls.Begin(&a[begun], "a"));
  EXPECT_FALSE(calls.Begin(&a[begun + 1], "a"));
}

TEST(OpenCallsTest, CountsACallOnceAndARefusedOneNotAtAll) {
  OpenCalls calls;
  const std::vector<char> a(1'000);
  ASSERT_TRUE(calls.Begin(&a[0], "a"));
  ASSERT_TRUE(calls.Begin(&a[0], "a"));
  const size_t begun = BeginAll(calls, "a", a);
  EXPECT_EQ(begun, OpenCalls::kMostOfOne);
  calls.End(&a[begun]);  // it was refused
  EXPECT_FALSE(calls.Begin(&a[begun], "a"));
}

TEST(OpenCallsTest, BoundsTheCallsOfAll) {
  OpenCalls calls;
  const std::vector<char> addresses(OpenCalls::kMostOfAll + 1);
  size_t begun = 0;
  while (begun < addresses.size() &&
         calls.Begin(&addresses[begun], absl::StrCat("caller ", begun % 100))) {
    ++begun;
  }
  EXPECT_EQ(begun, OpenCalls::kMostOfAll);
}

}  // namespace
}  // namespace tutti
