#include "common/keyring/swap.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace tutti {
namespace {

constexpr char kHeading[] = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
constexpr char kSwap[] = "/dev/sda2                               partition\t8388604\t0\t-2\n";

// A folder that looks as the machine would.
class SwapTest : public ::testing::Test {
 protected:
  SwapTest() {
    std::string folder = (std::filesystem::temp_directory_path() / "tutti-swap.XXXXXX").string();
    EXPECT_NE(mkdtemp(folder.data()), nullptr);
    root_ = folder;
  }
  ~SwapTest() override { std::filesystem::remove_all(root_); }

  void Write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  bool KeepsOut() { return CheckNoSwap(root_).ok(); }
  // A machine with swap, and a process in the cgroup.
  void HaveSwap(const std::string& cgroup) {
    Write("proc/swaps", std::string(kHeading) + kSwap);
    Write("proc/self/cgroup", cgroup);
  }

  std::filesystem::path root_;
};

// Mutation: swap that is not listed taken for swap that is.
TEST_F(SwapTest, IsKeptOutOfWhereThereIsNone) {
  Write("proc/swaps", kHeading);
  EXPECT_EQ(CheckNoSwap(root_), absl::OkStatus());
}

// Mutation: swap that is listed let be.
TEST_F(SwapTest, IsNotWhereThereIsSome) {
  HaveSwap("0::/\n");
  EXPECT_TRUE(absl::IsFailedPrecondition(CheckNoSwap(root_)));
}

// Mutation: what cannot be read taken for an empty list.
TEST_F(SwapTest, IsNotWhereNobodyCanTell) {
  EXPECT_TRUE(absl::IsFailedPrecondition(CheckNoSwap(root_)));
  Write("proc/swaps", "");
  EXPECT_FALSE(KeepsOut());
  Write("proc/swaps", kSwap);
  EXPECT_FALSE(KeepsOut());
}

// Mutation: looking at the process's own cgroup alone.
TEST_F(SwapTest, IsKeptOutByItsCgroupAndByEachThatHoldsIt) {
  HaveSwap("1:name=systemd:/elsewhere\n0::/system.slice/ingest.service\n");
  const std::string slice = "sys/fs/cgroup/system.slice/";
  Write(slice + "ingest.service/memory.swap.max", "max\n");
  Write(slice + "memory.swap.max", "4096\n");
  EXPECT_FALSE(KeepsOut());
  Write(slice + "memory.swap.max", "0\n");
  EXPECT_TRUE(KeepsOut());
  Write(slice + "memory.swap.max", "max\n");
  Write(slice + "ingest.service/memory.swap.max", "0\n");
  EXPECT_TRUE(KeepsOut());
  // In a container the cgroup that is mounted is its own.
  HaveSwap("0::/\n");
  Write("sys/fs/cgroup/memory.swap.max", "0\n");
  EXPECT_TRUE(KeepsOut());
  // That suffices where the list cannot be seen.
  std::filesystem::remove(root_ / "proc/swaps");
  EXPECT_TRUE(KeepsOut());
}

// Mutation: a path that leads out of the mount followed, or one that is not there skipped.
TEST_F(SwapTest, IsNotKeptOutByACgroupThatDoesNotHoldIt) {
  Write("sys/fs/cgroup/memory.swap.max", "0\n");
  Write("sys/fs/cgroup/memory/ingest/memory.swap.max", "0\n");
  for (const char* const cgroup : {"0::/..\n", "0::/../other\n", "0::/not/mounted\n",
                                   "4:memory:/ingest\n", "nonsense\n", ""}) {
    HaveSwap(cgroup);
    EXPECT_FALSE(KeepsOut()) << cgroup;
  }
}

}  // namespace
}  // namespace tutti
