#include "common/files/write_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/status/status.h"

namespace tutti {
namespace {

using testing::HasSubstr;

constexpr Writing kAll[] = {Writing::kAppend, Writing::kUpdate, Writing::kAnew, Writing::kNew};

class WriteFileTest : public testing::Test {
 protected:
  WriteFileTest() {
    std::string name = (std::filesystem::temp_directory_path() / "files-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~WriteFileTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const char* name) const { return (folder_ / name).string(); }
  std::string Hold(const char* name, const std::string& text) const {
    std::ofstream(Path(name), std::ios::binary) << text;
    return Path(name);
  }
  static std::string Held(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // Opens, writes and closes.
  static absl::Status Put(const std::string& path, Writing how, const std::string& text) {
    const absl::StatusOr<int> file = OpenForWriting(path, how);
    if (!file.ok()) return file.status();
    EXPECT_EQ(write(*file, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    close(*file);
    return absl::OkStatus();
  }

  std::filesystem::path folder_;
};

TEST_F(WriteFileTest, WritesAsAsked) {
  ASSERT_TRUE(Put(Hold("appended", "abc"), Writing::kAppend, "d").ok());
  EXPECT_EQ(Held(Path("appended")), "abcd");
  ASSERT_TRUE(Put(Hold("updated", "abc"), Writing::kUpdate, "d").ok());
  EXPECT_EQ(Held(Path("updated")), "dbc");
  ASSERT_TRUE(Put(Hold("anew", "abc"), Writing::kAnew, "d").ok());
  EXPECT_EQ(Held(Path("anew")), "d");
  EXPECT_TRUE(absl::IsAlreadyExists(Put(Hold("old", "abc"), Writing::kNew, "d")));
  EXPECT_EQ(Held(Path("old")), "abc");
}

TEST_F(WriteFileTest, MakesWhatIsAbsentForThisUserAlone) {
  for (const Writing how : kAll) {
    const std::string path = Path("made");
    ASSERT_TRUE(Put(path, how, "d").ok());
    struct stat status = {};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
    unlink(path.c_str());
  }
}

// Mutation: without O_NOFOLLOW.
TEST_F(WriteFileTest, FollowsNoLink) {
  const std::string target = Hold("target", "kept");
  const std::string absent = Path("absent");
  std::filesystem::create_symlink(target, Path("link"));
  std::filesystem::create_symlink(absent, Path("dangling"));
  std::filesystem::create_symlink(Path("loop"), Path("loop"));
  for (const char* const name : {"link", "dangling", "loop"}) {
    for (const Writing how : {Writing::kAppend, Writing::kUpdate, Writing::kAnew}) {
      const absl::Status status = Put(Path(name), how, "d");
      EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
      EXPECT_THAT(status.message(), HasSubstr(Path(name) + " is a link; give a file"));
    }
    EXPECT_FALSE(Put(Path(name), Writing::kNew, "d").ok());
  }
  EXPECT_EQ(Held(target), "kept");
  EXPECT_FALSE(std::filesystem::exists(absent));
}

// Mutations: without O_NONBLOCK it waits for ever; without the look at what was opened, a pipe with
// a reader is taken.
TEST_F(WriteFileTest, TakesNothingButAFile) {
  const std::string pipe = Path("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  for (const Writing how : {Writing::kAppend, Writing::kUpdate, Writing::kAnew}) {
    EXPECT_THAT(Put(pipe, how, "d").message(), HasSubstr(pipe + " is a pipe or a device"));
    EXPECT_THAT(Put("/dev/null", how, "d").message(), HasSubstr("is a pipe or a device"));
    EXPECT_THAT(Put(folder_.string(), how, "d").message(), HasSubstr("is a folder"));
  }
  close(reader);
  for (const Writing how : {Writing::kAppend, Writing::kAnew}) {
    EXPECT_THAT(Put(pipe, how, "d").message(), HasSubstr(pipe + " is a pipe or a device"));
  }
  EXPECT_THAT(Put(Path("absent/file"), Writing::kAppend, "d").message(),
              HasSubstr("cannot be written; give a file that this user may write"));
}

TEST_F(WriteFileTest, ChecksWithoutMakingAnything) {
  const std::string file = Hold("file", "kept");
  std::filesystem::create_symlink(file, Path("link"));
  for (const Writing how : {Writing::kAppend, Writing::kUpdate}) {
    EXPECT_TRUE(CheckWritable(file, how).ok());
    EXPECT_TRUE(CheckWritable(Path("absent"), how).ok());
    EXPECT_FALSE(std::filesystem::exists(Path("absent")));
    EXPECT_FALSE(CheckWritable(Path("link"), how).ok());
    EXPECT_FALSE(CheckWritable(Path("absent/file"), how).ok());
  }
  EXPECT_EQ(Held(file), "kept");
  // A file goes, and a link at the path and ".new".
  std::filesystem::create_symlink(file, Path("port.new"));
  for (const char* const name : {"file", "port", "absent"}) {
    EXPECT_TRUE(CheckReplaceable(Path(name)).ok()) << name;
  }
  EXPECT_THAT(CheckReplaceable(folder_.string()).message(), HasSubstr("is a folder"));
  EXPECT_FALSE(CheckReplaceable(Path("absent/file")).ok());
}

// Mutation: the new one is written to what stands there.
TEST_F(WriteFileTest, ReplacesAFile) {
  const std::string others = Hold("others", "kept");
  std::filesystem::create_symlink(others, Path("port.new"));
  ASSERT_TRUE(ReplaceFile(Path("port"), "new").ok());
  EXPECT_EQ(Held(Path("port")), "new");
  EXPECT_FALSE(std::filesystem::is_symlink(Path("port")));
  EXPECT_EQ(Held(others), "kept");
  std::filesystem::create_hard_link(others, Path("file.new"));
  ASSERT_TRUE(ReplaceFile(Path("file"), "new").ok());
  EXPECT_EQ(Held(Path("file")), "new");
  EXPECT_EQ(Held(others), "kept");
  std::filesystem::create_directory(Path("folder"));
  EXPECT_FALSE(ReplaceFile(Path("folder"), "new").ok());
  EXPECT_FALSE(std::filesystem::exists(Path("folder.new")));
}

// Mutation: whatever is there goes.
TEST_F(WriteFileTest, ReplacesNothingButAFile) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  std::filesystem::create_symlink(Hold("others", "kept"), Path("link"));
  std::filesystem::create_directory(Path("folder"));
  std::filesystem::create_directory(Path("port.new"));
  ASSERT_EQ(mkfifo(Path("other.new").c_str(), 0600), 0);
  for (const auto& [name, what] : {std::pair{"pipe", "pipe is a pipe or a device"},
                                   {"link", "link is a link"},
                                   {"folder", "folder is a folder"},
                                   {"port", "port.new is a folder"},
                                   {"other", "other.new is a pipe or a device"}}) {
    const absl::Status refused = ReplaceFile(Path(name), "new");
    EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
    EXPECT_THAT(refused.message(), HasSubstr(what));
    EXPECT_EQ(CheckReplaceable(Path(name)), refused);
  }
  EXPECT_TRUE(std::filesystem::is_fifo(Path("pipe")));
  EXPECT_TRUE(std::filesystem::is_symlink(Path("link")));
  EXPECT_EQ(Held(Path("others")), "kept");
}

}  // namespace
}  // namespace tutti
