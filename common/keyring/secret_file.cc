#include "common/keyring/secret_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/files/write_file.h"
#include "common/retention/retention.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

constexpr off_t kMaxFileBytes = off_t{64} << 20;
// A writer takes milliseconds; one that takes longer hangs.
constexpr absl::Duration kLongestWriting = absl::Seconds(5);
constexpr absl::Duration kLockPoll = absl::Milliseconds(10);

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&&) = delete;
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

absl::Status FileError(const std::string& noun, int error, absl::string_view what) {
  return absl::ErrnoToStatus(error, absl::StrCat(noun, ": ", what));
}

absl::Status CheckSafe(const std::string& noun, const struct stat& status) {
  if (!S_ISREG(status.st_mode)) {
    return absl::PermissionDeniedError(noun +
                                       ": is a folder, a pipe or a device; give the file itself");
  }
  const mode_t mode = status.st_mode & 07777;
  if (mode != 0600 && mode != 0400) {
    return absl::PermissionDeniedError(
        noun + ": the file's mode must be 0600 or 0400, so that nobody else reads it: chmod 600");
  }
  if (status.st_uid != geteuid()) {
    return absl::PermissionDeniedError(
        noun + ": the file's owner must be the user that runs this process: chown it");
  }
  if (status.st_size > kMaxFileBytes) {
    return absl::DataLossError(noun + ": larger than 64 MiB, so not what it should be");
  }
  return absl::OkStatus();
}

absl::Status ReadAll(const std::string& noun, int fd, absl::Span<uint8_t> to) {
  size_t done = 0;
  while (done < to.size()) {
    const ssize_t n = read(fd, to.data() + done, to.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FileError(noun, errno, "cannot be read");
    if (n == 0) return absl::DataLossError(noun + ": the file became shorter while it was read");
    done += static_cast<size_t>(n);
  }
  return absl::OkStatus();
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

absl::Status SyncFolderOf(const std::string& noun, const std::string& path) {
  const std::string folder = FolderOf(path);
  const FileDescriptor fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.ok() || fsync(fd.get()) != 0)
    return FileError(noun, errno, "its folder cannot be synchronised");
  return absl::OkStatus();
}

absl::Status OfLock(const std::string& noun, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(noun, ": its lock file: ", status.message()));
}

// Held while its descriptor is open. The lock file stays: removing it would let
// two writers lock two different files of that name.
absl::StatusOr<FileDescriptor> LockForWriting(const std::string& noun, const std::string& path) {
  const absl::StatusOr<int> opened = OpenForWriting(path + kLockSuffix, Writing::kUpdate);
  if (!opened.ok()) return OfLock(noun, opened.status());
  FileDescriptor fd(*opened);
  const absl::Time deadline = absl::Now() + kLongestWriting;
  while (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return FileError(noun, errno, "cannot be locked");
    if (absl::Now() >= deadline) {
      return absl::UnavailableError(noun + ": another process is writing it: try again");
    }
    absl::SleepFor(kLockPoll);
  }
  // What a crashed writer left behind; the lock says that no writer lives.
  unlink((path + kReplacementSuffix).c_str());
  return fd;
}

}  // namespace

SecretFile::SecretFile(const std::string& noun, std::string path)
    : noun_(absl::StrCat(noun, " ", path)), path_(std::move(path)) {}

absl::StatusOr<SecretFile::Loaded> SecretFile::Load() const {
  // A pipe must not be waited for.
  const FileDescriptor fd(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.ok()) return FileError(noun_, errno, "cannot be opened");
  struct stat status = {};
  if (fstat(fd.get(), &status) != 0) return FileError(noun_, errno, "cannot be examined");
  RETURN_IF_ERROR(CheckSafe(noun_, status));
  ASSIGN_OR_RETURN(SecretBytes bytes, SecretBytes::Create(static_cast<size_t>(status.st_size)));
  RETURN_IF_ERROR(ReadAll(noun_, fd.get(), bytes.span()));
  return Loaded{std::move(bytes), StampOf(status)};
}

absl::Status SecretFile::Create(const SecretBytes& bytes) const {
  ASSIGN_OR_RETURN(FileDescriptor lock, LockForWriting(noun_, path_));
  struct stat status = {};
  if (lstat(path_.c_str(), &status) == 0) {
    return absl::AlreadyExistsError(noun_ + ": the file exists: it is never overwritten by init");
  }
  return Replace(bytes);
}

absl::Status SecretFile::CheckUpdatable() const {
  const absl::Status lock = CheckWritable(path_ + kLockSuffix, Writing::kUpdate);
  if (!lock.ok()) return OfLock(noun_, lock);
  const std::string temporary = path_ + kReplacementSuffix;
  struct stat status = {};
  // A file that a crashed writer left goes.
  if (lstat(temporary.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(noun_, ": the new file: ", temporary, " is a folder; remove it"));
  }
  const std::string folder = FolderOf(path_);
  if (access(folder.c_str(), W_OK | X_OK) == 0) return absl::OkStatus();
  return FileError(noun_, errno,
                   absl::StrCat("its folder ", folder,
                                " cannot be written to, so the file cannot "
                                "be replaced; let this user write there, or leave the rotation to "
                                "another process (--norotate_keyring)"));
}

absl::Status SecretFile::Update(const Change& change) const {
  ASSIGN_OR_RETURN(FileDescriptor lock, LockForWriting(noun_, path_));
  ASSIGN_OR_RETURN(Loaded loaded, Load());
  ASSIGN_OR_RETURN(const SecretBytes after, change(loaded.bytes));
  // What changes nothing now may have been done before, by a writer that could not make it
  // durable: OK says that it is.
  return loaded.bytes.span() == after.span() ? SyncFolderOf(noun_, path_) : Replace(after);
}

absl::Status SecretFile::Replace(const SecretBytes& bytes) const {
  const std::string temporary = path_ + kReplacementSuffix;
  absl::Status status;
  {
    const absl::StatusOr<int> opened = OpenForWriting(temporary, Writing::kNew);
    if (!opened.ok()) {
      return absl::Status(opened.status().code(),
                          absl::StrCat(noun_, ": the new file: ", opened.status().message()));
    }
    const FileDescriptor fd(*opened);
    const absl::Span<const uint8_t> span = bytes.span();
    if (!WriteAll(fd.get(), {reinterpret_cast<const char*>(span.data()), span.size()})) {
      status = FileError(noun_, errno, "the new file cannot be written");
    }
    if (status.ok() && (fchmod(fd.get(), 0600) != 0 || fsync(fd.get()) != 0)) {
      status = FileError(noun_, errno, "the new file cannot be synchronised");
    }
  }
  if (status.ok() && rename(temporary.c_str(), path_.c_str()) != 0) {
    status = FileError(noun_, errno, "cannot be replaced");
  }
  if (!status.ok()) {
    unlink(temporary.c_str());
    return status;
  }
  return SyncFolderOf(noun_, path_);
}

}  // namespace tutti
