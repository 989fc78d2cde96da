#include "common/keyring/keyring_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

// Far more than 800 days of back-fill for hundreds of organisations.
constexpr off_t kMaxFileBytes = off_t{64} << 20;

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

absl::Status FileError(int error, absl::string_view what) {
  return absl::ErrnoToStatus(error, absl::StrCat("keyring: ", what));
}

absl::Status CheckSafe(const struct stat& status) {
  if (!S_ISREG(status.st_mode)) {
    return absl::PermissionDeniedError("keyring: must be a regular file");
  }
  const mode_t mode = status.st_mode & 07777;
  if (mode != 0600 && mode != 0400) {
    return absl::PermissionDeniedError(
        "keyring: the file's mode must be 0600 or 0400, so that nobody else reads it: chmod 600");
  }
  if (status.st_uid != geteuid()) {
    return absl::PermissionDeniedError(
        "keyring: the file's owner must be the user that runs this process: chown it");
  }
  if (status.st_size > kMaxFileBytes) {
    return absl::DataLossError("keyring: larger than 64 MiB, so not a keyring");
  }
  return absl::OkStatus();
}

KeyringFile::Version VersionOf(const struct stat& status) {
  return {static_cast<uint64_t>(status.st_dev), static_cast<uint64_t>(status.st_ino),
          int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec,
          int64_t{status.st_size}};
}

absl::Status ReadAll(int fd, absl::Span<uint8_t> to) {
  size_t done = 0;
  while (done < to.size()) {
    const ssize_t n = read(fd, to.data() + done, to.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FileError(errno, "cannot be read");
    if (n == 0) return absl::DataLossError("keyring: the file became shorter while it was read");
    done += static_cast<size_t>(n);
  }
  return absl::OkStatus();
}

absl::Status WriteAll(int fd, absl::Span<const uint8_t> from) {
  size_t done = 0;
  while (done < from.size()) {
    const ssize_t n = write(fd, from.data() + done, from.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FileError(errno, "the new file cannot be written");
    done += static_cast<size_t>(n);
  }
  return absl::OkStatus();
}

absl::Status SyncFolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const FileDescriptor fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.ok() || fsync(fd.get()) != 0)
    return FileError(errno, "its folder cannot be synchronised");
  return absl::OkStatus();
}

// Held while its descriptor is open. The lock file stays: removing it would let
// two writers lock two different files of that name.
absl::StatusOr<FileDescriptor> LockForWriting(const std::string& path) {
  FileDescriptor fd(
      open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.ok()) return FileError(errno, "its lock file cannot be opened");
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return FileError(errno, "cannot be locked");
    return absl::UnavailableError("keyring: another process is writing it: try again");
  }
  return fd;
}

}  // namespace

absl::StatusOr<KeyringFile::Loaded> KeyringFile::Load() const {
  const FileDescriptor fd(open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) return FileError(errno, "cannot be opened");
  struct stat status = {};
  if (fstat(fd.get(), &status) != 0) return FileError(errno, "cannot be examined");
  if (absl::Status safe = CheckSafe(status); !safe.ok()) return safe;
  absl::StatusOr<SecretBytes> bytes = SecretBytes::Create(static_cast<size_t>(status.st_size));
  if (!bytes.ok()) return bytes.status();
  if (absl::Status read = ReadAll(fd.get(), bytes->span()); !read.ok()) return read;
  absl::StatusOr<ScrubbedKeyring> keyring = ScrubbedKeyring::Parse(bytes->span());
  if (!keyring.ok()) return keyring.status();
  return Loaded{*std::move(keyring), VersionOf(status)};
}

absl::StatusOr<KeyringFile::Version> KeyringFile::CurrentVersion() const {
  struct stat status = {};
  if (stat(path_.c_str(), &status) != 0) return FileError(errno, "cannot be examined");
  return VersionOf(status);
}

absl::Status KeyringFile::Create(const ScrubbedKeyring& keyring) const {
  absl::StatusOr<FileDescriptor> lock = LockForWriting(path_);
  if (!lock.ok()) return lock.status();
  struct stat status = {};
  if (lstat(path_.c_str(), &status) == 0) {
    return absl::AlreadyExistsError("keyring: the file exists: it is never overwritten by init");
  }
  const absl::StatusOr<SecretBytes> bytes = keyring.Serialize();
  return bytes.ok() ? Replace(*bytes) : bytes.status();
}

absl::Status KeyringFile::Update(
    const std::function<absl::Status(ScrubbedKeyring&)>& change) const {
  absl::StatusOr<FileDescriptor> lock = LockForWriting(path_);
  if (!lock.ok()) return lock.status();
  absl::StatusOr<Loaded> loaded = Load();
  if (!loaded.ok()) return loaded.status();
  const absl::StatusOr<SecretBytes> before = loaded->keyring.Serialize();
  if (!before.ok()) return before.status();
  if (absl::Status changed = change(loaded->keyring); !changed.ok()) return changed;
  const absl::StatusOr<SecretBytes> after = loaded->keyring.Serialize();
  if (!after.ok()) return after.status();
  return before->span() == after->span() ? absl::OkStatus() : Replace(*after);
}

absl::Status KeyringFile::Replace(const SecretBytes& bytes) const {
  const std::string temporary = path_ + ".new";
  // What a crashed writer left behind; the lock says that no writer lives.
  unlink(temporary.c_str());
  absl::Status status;
  {
    const FileDescriptor fd(
        open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.ok()) return FileError(errno, "the new file cannot be made");
    status = WriteAll(fd.get(), bytes.span());
    if (status.ok() && (fchmod(fd.get(), 0600) != 0 || fsync(fd.get()) != 0)) {
      status = FileError(errno, "the new file cannot be synchronised");
    }
  }
  if (status.ok() && rename(temporary.c_str(), path_.c_str()) != 0) {
    status = FileError(errno, "cannot be replaced");
  }
  if (!status.ok()) {
    unlink(temporary.c_str());
    return status;
  }
  return SyncFolderOf(path_);
}

}  // namespace tutti
