#include "common/files/read_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

using testing::HasSubstr;

constexpr FileKind kKind{.noun = "the keys", .max_bytes = 100};
constexpr FileKind kKindOrPipe{.noun = "the keys", .max_bytes = 100, .takes_pipes = true};

class ReadFileTest : public testing::Test {
 protected:
  ReadFileTest() {
    std::string name = (std::filesystem::temp_directory_path() / "files-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~ReadFileTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const char* name) const { return (folder_ / name).string(); }
  std::string Write(const char* name, const std::string& text) const {
    std::ofstream(Path(name), std::ios::binary) << text;
    return Path(name);
  }

  // The error names the path, which is what it says, and what to give.
  static void ExpectError(const std::string& path, absl::StatusCode code, const char* what) {
    for (const FileKind& kind : {kKind, kKindOrPipe}) {
      const absl::Status status = ReadFile(path, kind).status();
      EXPECT_EQ(status.code(), code) << status;
      EXPECT_THAT(status.message(), HasSubstr(absl::StrCat(path, " ", what)));
      EXPECT_THAT(status.message(), HasSubstr("; give the file of the keys"));
    }
  }

  std::filesystem::path folder_;
};

TEST_F(ReadFileTest, GivesEveryByte) {
  const std::string text("a\0b\r\n\xff", 6);
  const auto read = ReadFile(Write("file", text), kKind);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->text, text);
  EXPECT_EQ(read->stamp, StampOf(Path("file")));
  EXPECT_EQ(ReadFile(Write("none", ""), kKind)->text, "");
}

TEST_F(ReadFileTest, TakesFilesOfTheKernelThatSayTheyAreEmpty) {
  const auto read = ReadFile("/proc/self/comm", kKind);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_FALSE(read->text.empty());
}

TEST_F(ReadFileTest, TakesNoMoreThanItShould) {
  EXPECT_EQ(ReadFile(Write("most", std::string(100, 'x')), kKind)->text.size(), 100U);
  ExpectError(Write("more", std::string(101, 'x')), absl::StatusCode::kInvalidArgument,
              "is larger than 100 bytes");
  // The file has a size and nothing on the disk.
  const std::string huge = Write("huge", "");
  std::filesystem::resize_file(huge, uintmax_t{1} << 40);
  ExpectError(huge, absl::StatusCode::kInvalidArgument, "is larger than 100 bytes");
  // Says that it is empty, and is not.
  ExpectError("/proc/self/maps", absl::StatusCode::kInvalidArgument, "is larger than 100 bytes");
}

TEST_F(ReadFileTest, TellsWhatIsNoFile) {
  ExpectError(folder_.string(), absl::StatusCode::kInvalidArgument, "is a folder");
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  ExpectError(Path("pipe"), absl::StatusCode::kInvalidArgument, "is a pipe");
  ExpectError("/dev/zero", absl::StatusCode::kInvalidArgument, "is a device");
  ExpectError(Path("absent"), absl::StatusCode::kNotFound, "is not there");
  ExpectError(Write("file", "x") + "/below", absl::StatusCode::kNotFound, "is not there");
  ASSERT_EQ(symlink("loop", Path("loop").c_str()), 0);
  ExpectError(Path("loop"), absl::StatusCode::kInvalidArgument, "cannot be read: Too many levels");
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
  const std::string path = Path("socket");
  ASSERT_LT(path.size(), sizeof address.sun_path);
  std::copy(path.begin(), path.end(), address.sun_path);
  ASSERT_EQ(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ExpectError(path, absl::StatusCode::kInvalidArgument, "is no regular file");
  close(listener);
}

TEST_F(ReadFileTest, TakesTheShellsPipesWhereTheyAreAllowed) {
  for (const bool allowed : {true, false}) {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    // In two parts, the second of which is not there when the first is read.
    std::thread writer([&] {
      EXPECT_EQ(write(ends[1], "some ", 5), 5);
      EXPECT_EQ(write(ends[1], "text", 4), 4);
      close(ends[1]);
    });
    const std::string path = absl::StrCat("/dev/fd/", ends[0]);
    const auto read = ReadFile(path, allowed ? kKindOrPipe : kKind);
    writer.join();
    close(ends[0]);
    if (allowed) {
      ASSERT_TRUE(read.ok()) << read.status();
      EXPECT_EQ(read->text, "some text");
    } else {
      EXPECT_THAT(read.status().message(), HasSubstr(" is a pipe"));
    }
  }
}

TEST_F(ReadFileTest, StampsTellOneContentFromTheNext) {
  const FileStamp first = StampOf(Write("file", "one"));
  const auto modified = std::filesystem::last_write_time(Path("file"));
  Write("next", "two");
  std::filesystem::last_write_time(Path("next"), modified);
  std::filesystem::rename(Path("next"), Path("file"));
  EXPECT_FALSE(StampOf(Path("file")) == first);
  EXPECT_TRUE(StampOf(Path("absent")) == FileStamp{});
}

}  // namespace
}  // namespace tutti
