#include "common/rpc/memory_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace tutti {
namespace {

std::string Content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(MemoryFileTest, ShowsEachContentUnderOnePathAndAnotherTime) {
  auto file = MemoryFile::Create("one");
  ASSERT_TRUE(file.ok()) << file.status();
  const std::string path = file->path();
  std::set<time_t> times;
  for (const char* text : {"one", "two, which is longer", "", "4"}) {
    if (times.empty()) {
      EXPECT_EQ(Content(path), "one");
    } else {
      ASSERT_TRUE(file->Replace(text).ok());
      EXPECT_EQ(Content(path), text);
    }
    struct stat status = {};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    // gRPC takes 0 for a file that is not there.
    EXPECT_GT(status.st_mtime, 0);
    EXPECT_TRUE(times.insert(status.st_mtime).second) << "the same time twice";
    EXPECT_EQ(file->path(), path);
  }
}

TEST(MemoryFileTest, KeepsForAReaderWhatItOpened) {
  auto file = MemoryFile::Create(std::string(100'000, 'a'));
  ASSERT_TRUE(file.ok()) << file.status();
  std::ifstream before(file->path(), std::ios::binary);
  ASSERT_TRUE(file->Replace(std::string(100'000, 'b')).ok());
  const std::string read{std::istreambuf_iterator<char>(before), std::istreambuf_iterator<char>()};
  EXPECT_EQ(read, std::string(100'000, 'a'));
}

}  // namespace
}  // namespace tutti
