#include "common/redis/cluster_nodes.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace tutti {
namespace {

// Lines as Redis 7 writes them.
constexpr char kMyself[] =
    "a0 127.0.0.1:7000@17000,,shard-id=s1 myself,master - 0 0 1 connected 0-8191 [1->-b0]\n";
constexpr char kOtherShard[] =
    "b0 127.0.0.1:7001@17001 master,fail - 1 2 3 disconnected 8192-16383\n"
    "b1 127.0.0.1:7002@17002 slave,fail b0 1 2 3 disconnected\n";

ClusterCopies CopiesBeside(const std::string& rows) {
  const absl::StatusOr<ClusterCopies> copies = CopiesIn(absl::StrCat(rows, kMyself, kOtherShard));
  EXPECT_TRUE(copies.ok()) << copies.status();
  return copies.value_or(ClusterCopies{-1, -1});
}

// Mutation: the nodes of every shard.
TEST(ClusterNodes, CountsTheReplicasOfThisPrimaryAlone) {
  EXPECT_EQ(CopiesBeside("").known, 0);
  const ClusterCopies copies = CopiesBeside(
      "a1 10.0.0.7:7003@17003,name.example slave a0 0 1 1 connected\n"
      "a2 ::1:7004@17004 slave,nofailover a0 0 1 1 connected\n");
  EXPECT_EQ(copies.known, 2);
  EXPECT_EQ(copies.missing, 0);
}

// Mutation: a flag, or the state of the link, that is not looked at.
TEST(ClusterNodes, MissesEveryReplicaThatIsNotThere) {
  for (const char* const row : {"a1 127.0.0.1:7003@17003 slave,fail a0 0 1 1 connected\n",
                                "a1 127.0.0.1:7003@17003 slave,fail? a0 0 1 1 connected\n",
                                "a1 :0@0 slave,noaddr a0 0 1 1 connected\n",
                                "a1 127.0.0.1:7003@17003 slave a0 0 1 1 disconnected\n"}) {
    const ClusterCopies copies = CopiesBeside(row);
    EXPECT_EQ(copies.known, 1) << row;
    EXPECT_EQ(copies.missing, 1) << row;
  }
}

// Mutation: replicas of this primary alone.
TEST(ClusterNodes, CountsWhoHadTheSlotsBeforeAndTheReplicasThatFollowedIt) {
  const ClusterCopies copies = CopiesBeside(
      "c0 127.0.0.1:7005@17005 master,fail - 0 1 1 disconnected\n"
      "c1 127.0.0.1:7006@17006 slave,fail c0 0 1 1 disconnected\n"
      "c2 127.0.0.1:7007@17007 slave c0 0 1 1 connected\n"
      "c3 127.0.0.1:7008@17008 master - 0 1 1 connected\n");
  EXPECT_EQ(copies.known, 4);
  EXPECT_EQ(copies.missing, 2);
}

// Mutation: every node that is not connected.
TEST(ClusterNodes, LeavesOutWhoIsOnlyBeingIntroduced) {
  EXPECT_EQ(CopiesBeside("d0 127.0.0.1:7009@17009 handshake - 0 0 0 disconnected\n").known, 0);
}

// Mutation: a row that is not understood left out.
TEST(ClusterNodes, TakesNothingElseForATable) {
  for (const std::string& table :
       {std::string(), std::string("\n"), std::string("OK"), std::string(kOtherShard),
        absl::StrCat(kMyself, "a1 127.0.0.1:7003@17003 slave\n"),
        absl::StrCat("a1 127.0.0.1:7003@17003 slave\n", kMyself)}) {
    EXPECT_TRUE(absl::IsInternal(CopiesIn(table).status())) << table;
  }
}

}  // namespace
}  // namespace tutti
