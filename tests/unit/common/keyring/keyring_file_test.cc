#include "common/keyring/keyring_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "common/keyring/keyring_operations.h"

namespace {

bool folders_fail = false;

}  // namespace

// Takes the place of libc's: a file system that cannot make the names of files durable when it
// is told to.
// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): that of libc is reserved.
extern "C" int fsync(int file) {
  struct stat status = {};
  if (!folders_fail || fstat(file, &status) != 0 || !S_ISDIR(status.st_mode)) {
    return static_cast<int>(syscall(SYS_fsync, file));
  }
  errno = EIO;
  return -1;
}

namespace tutti {
namespace {

const absl::Time kNow = absl::FromCivil(absl::CivilHour(2026, 11, 20, 12), absl::UTCTimeZone());

class KeyringFileTest : public testing::Test {
 protected:
  KeyringFileTest() {
    std::string pattern = testing::TempDir() + "keyringXXXXXX";
    folder_ = mkdtemp(pattern.data());
    path_ = folder_ + "/keyring";
  }
  ~KeyringFileTest() override { std::filesystem::remove_all(folder_); }

  void Create() { ASSERT_TRUE(KeyringFile(path_).Create(*NewKeyring(kNow, kDefaultGrace)).ok()); }
  absl::StatusCode LoadCode() const { return KeyringFile(path_).Load().status().code(); }
  std::string Content() const {
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::string folder_;
  std::string path_;
};

TEST_F(KeyringFileTest, LoadsWhatItCreated) {
  const absl::StatusOr<ScrubbedKeyring> keyring = NewKeyring(kNow, kDefaultGrace);
  ASSERT_TRUE(keyring.ok());
  ASSERT_TRUE(KeyringFile(path_).Create(*keyring).ok());
  const auto loaded = KeyringFile(path_).Load();
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->keyring.message().SerializeAsString(), keyring->message().SerializeAsString());
  struct stat status = {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, mode_t{0600});
}

TEST_F(KeyringFileTest, EndsWithWhatIsPublicSoThatNoKeyStandsInTheLastBytes) {
  const absl::StatusOr<ScrubbedKeyring> keyring = NewKeyring(kNow, kDefaultGrace);
  ASSERT_TRUE(keyring.ok());
  const std::string bytes = keyring->message().SerializeAsString();
  keyring::v1::Keyring tail_fields;
  tail_fields.set_id(keyring->message().id());
  *tail_fields.mutable_birth_time() = keyring->message().birth_time();
  const std::string tail = tail_fields.SerializeAsString();
  EXPECT_GE(tail.size(), 16u);
  EXPECT_TRUE(bytes.ends_with(tail));
}

TEST_F(KeyringFileTest, NeverOverwritesAKeyring) {
  Create();
  const std::string before = Content();
  EXPECT_EQ(KeyringFile(path_).Create(*NewKeyring(kNow, kDefaultGrace)).code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Content(), before);
}

TEST_F(KeyringFileTest, RefusesAFileThatOthersMayRead) {
  Create();
  for (const mode_t mode : {0640U, 0604U, 0660U, 0700U, 04600U}) {
    ASSERT_EQ(chmod(path_.c_str(), mode), 0);
    EXPECT_EQ(LoadCode(), absl::StatusCode::kPermissionDenied) << std::oct << mode;
  }
  ASSERT_EQ(chmod(path_.c_str(), 0400), 0);
  EXPECT_EQ(LoadCode(), absl::StatusCode::kOk);
}

TEST_F(KeyringFileTest, RefusesAFileOfAnotherOwner) {
  Create();
  if (chown(path_.c_str(), geteuid() + 1, getegid()) != 0) {
    GTEST_SKIP() << "only root can give a file away";
  }
  EXPECT_EQ(LoadCode(), absl::StatusCode::kPermissionDenied);
}

TEST_F(KeyringFileTest, RefusesWhatIsNotAKeyring) {
  EXPECT_EQ(LoadCode(), absl::StatusCode::kNotFound);
  Create();
  const std::string good = Content();
  for (const std::string& bad : {std::string(), std::string("keyring"),
                                 good.substr(0, good.size() / 2), good + good.substr(2, 40)}) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bad;
    EXPECT_EQ(LoadCode(), absl::StatusCode::kDataLoss) << bad.size();
  }
  std::filesystem::remove(path_);
  std::filesystem::create_directory(path_);
  EXPECT_EQ(LoadCode(), absl::StatusCode::kPermissionDenied);
}

// A key with a flipped bit counted people twice, or under a key that no other ingest had; a keyring
// that was cut where a field ends had forgotten which windows ever had keys. Mutation: no checksum
// is looked at.
TEST_F(KeyringFileTest, TakesNoFileOfWhichABitOrAnEndIsMissing) {
  Create();
  const std::string good = Content();
  const auto code = [](const std::string& bytes) {
    return ScrubbedKeyring::Parse({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()})
        .status()
        .code();
  };
  ASSERT_EQ(code(good), absl::StatusCode::kOk);
  for (size_t bit = 0; bit < 8 * good.size(); bit += 11) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    ASSERT_EQ(code(bad), absl::StatusCode::kDataLoss) << bit;
  }
  for (size_t cut = 1; cut <= good.size(); ++cut) {
    ASSERT_EQ(code(good.substr(0, good.size() - cut)), absl::StatusCode::kDataLoss) << cut;
  }
  EXPECT_EQ(code(good + good), absl::StatusCode::kDataLoss);
}

// As an earlier edition wrote it: it has no checksum until it is written again.
TEST_F(KeyringFileTest, GivesAFileOfTheFormatBeforeAChecksum) {
  keyring::v1::Keyring before = NewKeyring(kNow, kDefaultGrace)->message();
  before.set_format(1);
  std::ofstream(path_, std::ios::binary) << before.SerializeAsString();
  ASSERT_EQ(chmod(path_.c_str(), 0600), 0);
  ASSERT_EQ(LoadCode(), absl::StatusCode::kOk);
  const auto rotate = [](ScrubbedKeyring& keyring) {
    return RotateKeyring(kNow, kDefaultGrace, keyring).status();
  };
  ASSERT_EQ(KeyringFile(path_).Update(rotate), absl::OkStatus());
  std::string written = Content();
  keyring::v1::Keyring after;
  ASSERT_TRUE(after.ParseFromString(written));
  EXPECT_EQ(after.format(), 2u);
  EXPECT_EQ(after.keys_size(), before.keys_size());
  written[written.size() / 2] ^= 1;
  std::ofstream(path_, std::ios::binary | std::ios::trunc) << written;
  EXPECT_EQ(LoadCode(), absl::StatusCode::kDataLoss);
}

TEST_F(KeyringFileTest, RefusesKeyringsThatBreakARule) {
  absl::StatusOr<ScrubbedKeyring> keyring = NewKeyring(kNow, kDefaultGrace);
  ASSERT_TRUE(keyring.ok());
  // Rules hold of what has no checksum, too.
  keyring->mutable_message().set_format(1);
  const auto code = [](const keyring::v1::Keyring& message) {
    const std::string bytes = message.SerializeAsString();
    return ScrubbedKeyring::Parse({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()})
        .status()
        .code();
  };
  EXPECT_EQ(code(keyring->message()), absl::StatusCode::kOk);
  keyring::v1::Keyring broken = keyring->message();
  broken.set_format(3);
  EXPECT_EQ(code(broken), absl::StatusCode::kDataLoss);
  broken = keyring->message();
  *broken.add_keys() = broken.keys(0);
  EXPECT_EQ(code(broken), absl::StatusCode::kDataLoss);
  broken = keyring->message();
  broken.mutable_keys(3)->mutable_key()->resize(16);
  EXPECT_EQ(code(broken), absl::StatusCode::kDataLoss);
  broken = keyring->message();
  broken.mutable_keys(3)->set_end_day("2027-11-20");
  EXPECT_EQ(code(broken), absl::StatusCode::kDataLoss);
  broken = keyring->message();
  broken.clear_shared();
  EXPECT_EQ(code(broken), absl::StatusCode::kDataLoss);
}

TEST_F(KeyringFileTest, ReplacesTheFileWholeAndLeavesNoOther) {
  Create();
  const auto before = KeyringFile(path_).Load();
  ASSERT_TRUE(before.ok());
  // A reader that has the old file open keeps the old content.
  std::ifstream old(path_, std::ios::binary);
  const std::string old_content = Content();
  std::ofstream(path_ + ".new") << "left behind by a crash";
  const absl::Status updated = KeyringFile(path_).Update([](ScrubbedKeyring& keyring) {
    return RotateKeyring(kNow + absl::Hours(24), kDefaultGrace, keyring).status();
  });
  ASSERT_TRUE(updated.ok()) << updated;
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(old), {}), old_content);
  EXPECT_NE(Content(), old_content);
  const auto after = KeyringFile(path_).Load();
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_FALSE(after->stamp == before->stamp);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
}

TEST_F(KeyringFileTest, LeavesTheFileWhenTheChangeFailsOrChangesNothing) {
  Create();
  const FileStamp before = StampOf(path_);
  const absl::Status failed = KeyringFile(path_).Update([](ScrubbedKeyring& keyring) {
    EXPECT_TRUE(RotateKeyring(kNow + absl::Hours(24), kDefaultGrace, keyring).ok());
    return absl::InternalError("no");
  });
  EXPECT_EQ(failed.code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(KeyringFile(path_)
                  .Update([](ScrubbedKeyring& keyring) {
                    return RotateKeyring(kNow, kDefaultGrace, keyring).status();
                  })
                  .ok());
  EXPECT_TRUE(StampOf(path_) == before);
}

// The repeat finds that there is nothing to change. Mutation: OK for that.
TEST_F(KeyringFileTest, ARepeatOfWhatMayNotBeDurableSynchronisesIt) {
  Create();
  const auto rotate = [&] {
    return KeyringFile(path_).Update([](ScrubbedKeyring& keyring) {
      return RotateKeyring(kNow + absl::Hours(24), kDefaultGrace, keyring).status();
    });
  };
  folders_fail = true;
  EXPECT_FALSE(rotate().ok());
  const std::string replaced = Content();
  EXPECT_FALSE(rotate().ok());
  folders_fail = false;
  EXPECT_TRUE(rotate().ok());
  EXPECT_EQ(Content(), replaced) << "the control: nothing was left to change";
}

// Mutation: removing what a crashed writer left only when something is written lets
// destroyed keys outlive every rotation that has nothing to do.
TEST_F(KeyringFileTest, RemovesWhatACrashedWriterLeftThoughNothingChanges) {
  Create();
  const std::string left = path_ + ".new";
  std::ofstream(left) << "keys";
  EXPECT_TRUE(KeyringFile(path_)
                  .Update([](ScrubbedKeyring& keyring) {
                    return RotateKeyring(kNow, kDefaultGrace, keyring).status();
                  })
                  .ok());
  EXPECT_FALSE(std::filesystem::exists(left));
}

// Mutation: whoever finds another writer at work fails.
TEST_F(KeyringFileTest, LetsWritersWaitForEachOther) {
  Create();
  std::atomic<int> failed = 0;
  std::vector<std::thread> writers;
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back([&] {
      for (int j = 0; j < 10; ++j) {
        const absl::Status written = KeyringFile(path_).Update([](ScrubbedKeyring& keyring) {
          keyring.mutable_message().mutable_identity_key()->back() ^= 1;
          return absl::OkStatus();
        });
        failed += written.ok() ? 0 : 1;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(failed, 0);
}

TEST_F(KeyringFileTest, LetsOneWriterInAtATime) {
  Create();
  const int lock = open((path_ + ".lock").c_str(), O_RDWR | O_CREAT, 0600);
  ASSERT_EQ(flock(lock, LOCK_EX), 0);
  const auto nothing = [](ScrubbedKeyring&) { return absl::OkStatus(); };
  EXPECT_EQ(KeyringFile(path_).Update(nothing).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(LoadCode(), absl::StatusCode::kOk);
  close(lock);
  EXPECT_TRUE(KeyringFile(path_).Update(nothing).ok());
}

}  // namespace
}  // namespace tutti
