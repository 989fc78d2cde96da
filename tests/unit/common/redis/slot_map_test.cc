#include "common/redis/slot_map.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using Rows = std::vector<std::vector<std::string>>;

const RedisAddress kAsked{"10.0.0.9", 7000};

// Mutation: to take all of a key where it has a hash tag, or an empty tag for one.
TEST(SlotMap, PlacesAKeyByItsHashTag) {
  // The numbers that CLUSTER KEYSLOT answers.
  EXPECT_EQ(SlotOf("123456789"), 12739);
  EXPECT_EQ(SlotOf("{acme}:profile"), SlotOf("acme"));
  EXPECT_EQ(SlotOf("a{acme}{other}"), SlotOf("acme"));
  EXPECT_EQ(SlotOf("{}acme"), 16383 & SlotOf("{}acme"));
  EXPECT_NE(SlotOf("{}acme"), SlotOf(""));
  EXPECT_NE(SlotOf("{acme"), SlotOf("acme"));
}

// Mutations: the end of a range left out; replicas taken for primaries.
TEST(SlotMap, ReadsWhoHasWhichSlots) {
  const auto map = ParseSlotMap({{"0", "5460", "10.0.0.1", "7001", "a", "10.0.0.4", "7004", "d"},
                                 {"5461", "10922", "10.0.0.2", "7002", "b"},
                                 {"10923", "16383", "10.0.0.1", "7001", "a"}},
                                kAsked);
  ASSERT_TRUE(map.ok()) << map.status();
  EXPECT_EQ(map->primaries.size(), 2U);
  EXPECT_THAT(map->replicas, ElementsAre(RedisAddress{"10.0.0.4", 7004}));
  EXPECT_EQ(map->Unowned(), 0);
  for (const int slot : {0, 5460, 10923, 16383}) {
    EXPECT_EQ(map->OwnerOf(slot)->address, (RedisAddress{"10.0.0.1", 7001})) << slot;
  }
  EXPECT_EQ(map->OwnerOf(5461)->id, "b");
  EXPECT_EQ(map->OwnerOf(10922)->id, "b");
}

TEST(SlotMap, SaysWhatNobodyHas) {
  const auto map = ParseSlotMap({{"1", "1", "10.0.0.1", "7001", "a"}}, kAsked);
  ASSERT_TRUE(map.ok()) << map.status();
  EXPECT_EQ(map->Unowned(), kSlots - 1);
  EXPECT_EQ(map->OwnerOf(0), nullptr);
  EXPECT_EQ(ParseSlotMap({}, kAsked)->Unowned(), kSlots);
}

TEST(SlotMap, TakesTheAskedHostForOneThatIsNotAnnounced) {
  const auto map = ParseSlotMap({{"0", "16383", "", "7001", "a"}}, kAsked);
  ASSERT_TRUE(map.ok()) << map.status();
  EXPECT_EQ(map->OwnerOf(0)->address, (RedisAddress{"10.0.0.9", 7001}));
}

// Mutations: to take nothing of such a map; to believe in such a node.
TEST(SlotMap, LeavesOutWhoCannotBeReached) {
  const auto map = ParseSlotMap({{"0", "9", "?", "7001", "a", "10.0.0.4", "7004", "d"},
                                 {"10", "19", "10.0.0.2", "7002", "b", "?", "7005", "e"},
                                 {"20", "29", "10.0.0.3", "0", "c", "10.0.0.6", "0", "f"}},
                                kAsked);
  ASSERT_TRUE(map.ok()) << map.status();
  EXPECT_EQ(map->primaries.size(), 1U);
  EXPECT_EQ(map->OwnerOf(10)->address, (RedisAddress{"10.0.0.2", 7002}));
  EXPECT_THAT(map->replicas, ElementsAre(RedisAddress{"10.0.0.4", 7004}));
  for (const int slot : {0, 9, 20, 29}) EXPECT_EQ(map->OwnerOf(slot), nullptr) << slot;
  EXPECT_EQ(map->Unowned(), kSlots - 10);
}

// Mutations: any of the checks left out; the first writes outside of the map.
TEST(SlotMap, TakesNothingElseForOne) {
  for (const std::vector<std::string>& row : Rows{{"0", "16384", "h", "1", "a"},
                                                  {"-1", "5", "h", "1", "a"},
                                                  {"6", "5", "h", "1", "a"},
                                                  {"0", "5"},
                                                  {"0", "5", "h", "1"},
                                                  {"0", "5", "h", "65536", "a"},
                                                  {"x", "5", "h", "1", "a"},
                                                  {},
                                                  {"0", "5", "h", "1", "a", ""},
                                                  {"0", "5", "h", "", "a"}}) {
    EXPECT_TRUE(absl::IsInternal(ParseSlotMap({row}, kAsked).status()));
  }
}

TEST(SlotMap, GivesASlotToAnotherNode) {
  SlotMap map = *ParseSlotMap({{"0", "16383", "h", "1", "a"}}, kAsked);
  map.Assign(7, {"h", 2});
  map.Assign(8, {"h", 1});
  EXPECT_EQ(map.OwnerOf(7)->address, (RedisAddress{"h", 2}));
  EXPECT_EQ(map.OwnerOf(8)->id, "a");
  EXPECT_EQ(map.primaries.size(), 2U);
}

TEST(SlotMap, TellsARefusalFromOtherErrors) {
  EXPECT_EQ(NodeRefusalOf("MOVED"), NodeRefusal::kMoved);
  EXPECT_EQ(NodeRefusalOf("ASK"), NodeRefusal::kAsk);
  EXPECT_EQ(NodeRefusalOf("TRYAGAIN"), NodeRefusal::kTryAgain);
  for (const char* const code : {"CLUSTERDOWN", "LOADING", "READONLY", "MASTERDOWN"}) {
    EXPECT_EQ(NodeRefusalOf(code), NodeRefusal::kUnfit) << code;
  }
  // A transaction that was cut short says nothing of why; a full memory is no other node's matter.
  for (const char* const code : {"", "EXECABORT", "OOM", "WRONGTYPE", "ERR"}) {
    EXPECT_EQ(NodeRefusalOf(code), NodeRefusal::kNone) << code;
  }
}

TEST(SlotMap, ReadsWhereItIsSentTo) {
  const auto moved = ParseRedirection("MOVED 3999 127.0.0.1:6381", kAsked);
  ASSERT_TRUE(moved.has_value());
  EXPECT_EQ(moved->slot, 3999);
  EXPECT_EQ(moved->address, (RedisAddress{"127.0.0.1", 6381}));
  EXPECT_EQ(ParseRedirection("ASK 0 ::1:6381", kAsked)->address, (RedisAddress{"::1", 6381}));
  EXPECT_EQ(ParseRedirection("ASK 0 :6381", kAsked)->address, (RedisAddress{"10.0.0.9", 6381}));
  for (const char* const text :
       {"MOVED", "MOVED 1", "MOVED 16384 h:1", "MOVED -1 h:1", "MOVED 1 h", "MOVED 1 h:0",
        "MOVED 1 h:65536", "MOVED 1 ?:1", "MOVED 1 h:1 x"}) {
    EXPECT_FALSE(ParseRedirection(text, kAsked).has_value()) << text;
  }
}

}  // namespace
}  // namespace tutti
