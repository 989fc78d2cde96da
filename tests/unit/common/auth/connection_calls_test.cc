#include "common/auth/connection_calls.h"

#include <gtest/gtest.h>

#include <vector>

namespace tutti {
namespace {

constexpr absl::Duration kNow = absl::Hours(1);

// Has calls of a connection come until one is refused, or so many have.
int ComeUntilRefused(ConnectionCalls& calls, const char& connection, int most) {
  int come = 0;
  while (come < most && calls.Come(&connection, kNow)) ++come;
  return come;
}

TEST(ConnectionCallsTest, BoundsTheCallsOfAConnectionThatNobodyHasComeTo) {
  ConnectionCalls calls;
  const char connections[2] = {};
  EXPECT_EQ(ComeUntilRefused(calls, connections[0], 1000), ConnectionCalls::kMostOfOne);
  EXPECT_TRUE(calls.TakeExcess(&connections[0]));
  EXPECT_FALSE(calls.TakeExcess(&connections[0])) << "it is told once";
  EXPECT_EQ(ComeUntilRefused(calls, connections[1], ConnectionCalls::kMostOfOne),
            ConnectionCalls::kMostOfOne);
  EXPECT_FALSE(calls.TakeExcess(&connections[1])) << "no call of it was refused";
}

// Mutations: what has come and not begun counts for ever; it is forgotten twice.
TEST(ConnectionCallsTest, ForgetsCallsThatNeverBegin) {
  ConnectionCalls calls;
  const std::vector<char> connections(ConnectionCalls::kMostWaiting / 100);
  for (const char& connection : connections) ComeUntilRefused(calls, connection, 100);
  ASSERT_FALSE(calls.Come(&connections[0], kNow)) << "the control: the most are waiting";
  const char begun = 0;
  ASSERT_TRUE(calls.Begin(&begun, &connections[0], false));
  calls.ForgetLost(kNow + ConnectionCalls::kLongestWait - absl::Seconds(1));
  EXPECT_TRUE(calls.Come(&connections[0], kNow));
  EXPECT_FALSE(calls.Come(&connections[0], kNow)) << "they are not forgotten yet";
  for (int i = 0; i < 2; ++i) calls.ForgetLost(kNow + ConnectionCalls::kLongestWait);
  EXPECT_EQ(ComeUntilRefused(calls, connections[0], 1000), ConnectionCalls::kMostOfOne - 1)
      << "the one that began counts";
  EXPECT_EQ(ComeUntilRefused(calls, connections[1], 1000), ConnectionCalls::kMostOfOne);
}

// Mutation: a call that was forgotten does not count once it begins.
TEST(ConnectionCallsTest, CountsAForgottenCallThatBeginsNevertheless) {
  ConnectionCalls calls;
  const char connection = 0;
  ASSERT_TRUE(calls.Come(&connection, kNow));
  calls.ForgetLost(kNow + ConnectionCalls::kLongestWait);
  const char begun = 0;
  EXPECT_TRUE(calls.Begin(&begun, &connection, false));
  EXPECT_EQ(ComeUntilRefused(calls, connection, 1000), ConnectionCalls::kMostOfOne - 1);
  calls.End(&begun);
  EXPECT_EQ(ComeUntilRefused(calls, connection, 1000), 1);
}

TEST(ConnectionCallsTest, CallsThatEndMakeRoom) {
  ConnectionCalls calls;
  const char connection = 0;
  const std::vector<char> addresses(size_t{10} * ConnectionCalls::kMostOfOne);
  for (const char& call : addresses) {
    ASSERT_TRUE(calls.Come(&connection, kNow));
    ASSERT_TRUE(calls.Begin(&call, &connection, true));
    calls.End(&call);
    calls.End(&call);
  }
  EXPECT_EQ(ComeUntilRefused(calls, connection, 1000), ConnectionCalls::kMostOfOne);
}

TEST(ConnectionCallsTest, BoundsWhatWaitsInAllButForTheFirstCallsOfAConnection) {
  ConnectionCalls calls;
  const std::vector<char> connections(ConnectionCalls::kMostWaiting / 100);
  for (const char& connection : connections) {
    ASSERT_EQ(ComeUntilRefused(calls, connection, 100), 100);
  }
  EXPECT_FALSE(calls.Come(&connections[0], kNow));
  EXPECT_FALSE(calls.TakeExcess(&connections[0])) << "it has not had the most";
  const char quiet = 0;
  EXPECT_EQ(ComeUntilRefused(calls, quiet, 1000), ConnectionCalls::kSpared);
  // Those that begin make room.
  const std::vector<char> begun(ConnectionCalls::kSpared + 1);
  for (const char& call : begun) calls.Begin(&call, &connections[0], false);
  EXPECT_TRUE(calls.Come(&connections[1], kNow));
  EXPECT_FALSE(calls.Come(&connections[1], kNow));
}

TEST(ConnectionCallsTest, BoundsTheOpenCallsOfAConnectionThatAnybodyMayMake) {
  ConnectionCalls calls;
  const char connection = 0;
  const std::vector<char> addresses(ConnectionCalls::kMostOpenToAnybody + 2);
  ASSERT_EQ(ComeUntilRefused(calls, connection, 100), 100);
  for (size_t i = 0; i + 2 < addresses.size(); ++i) {
    EXPECT_TRUE(calls.Begin(&addresses[i], &connection, true));
  }
  const char& refused = addresses[addresses.size() - 2];
  EXPECT_FALSE(calls.Begin(&refused, &connection, true));
  EXPECT_TRUE(calls.Begin(&addresses.back(), &connection, false)) << "others are not these";
  calls.End(&refused);
  calls.End(&addresses[0]);
  EXPECT_TRUE(calls.Begin(&addresses[0], &connection, true));
}

}  // namespace
}  // namespace tutti
