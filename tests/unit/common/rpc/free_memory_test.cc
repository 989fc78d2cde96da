#include "common/rpc/free_memory.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace tutti {
namespace {

constexpr int kPieces = 300'000;
constexpr size_t kPieceBytes = 1'000;

size_t ResidentPages() {
  size_t total = 0;
  size_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident;
}

// A burst of another thread, in whose arena some small pieces stay, the last one among them.
TEST(FreeMemoryTest, GivesBackWhatAnArenaKeeps) {
  std::vector<std::unique_ptr<char[]>> kept;
  size_t taken = 0;
  std::thread burst([&] {
    std::vector<std::unique_ptr<char[]>> pieces;
    pieces.reserve(kPieces);
    for (int i = 0; i < kPieces; ++i) {
      pieces.push_back(std::make_unique<char[]>(kPieceBytes));
      std::memset(pieces.back().get(), 1, kPieceBytes);
    }
    taken = mallinfo2().uordblks;
    for (size_t i = 999; i < pieces.size(); i += 1000) kept.push_back(std::move(pieces[i]));
  });
  burst.join();
  if (taken < kPieces * kPieceBytes) GTEST_SKIP() << "this allocator is not the system's";
  const size_t before = ResidentPages();
  ReturnFreeMemory();
  EXPECT_LT(ResidentPages() + (size_t{200} << 20) / static_cast<size_t>(sysconf(_SC_PAGESIZE)),
            before);
  EXPECT_EQ(kept.front()[0], 1);
}

}  // namespace
}  // namespace tutti
