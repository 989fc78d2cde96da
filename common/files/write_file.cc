#include "common/files/write_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

constexpr char kNewSuffix[] = ".new";
constexpr char kAdvice[] = "; give a file that this user may write";

int FlagsOf(Writing how) {
  switch (how) {
    case Writing::kAppend:
      return O_WRONLY | O_APPEND;
    case Writing::kUpdate:
      return O_RDWR;
    case Writing::kAnew:
      return O_WRONLY;
    case Writing::kNew:
      break;
  }
  return O_WRONLY | O_EXCL;
}

absl::Status NoFile(const std::string& path, const char* what) {
  return absl::InvalidArgumentError(absl::StrCat(path, " is ", what, kAdvice));
}

absl::Status Failed(const std::string& path, int error) {
  if (error == ELOOP) return NoFile(path, "a link");
  if (error == EISDIR) return NoFile(path, "a folder");
  // A pipe that nobody reads, or a socket.
  if (error == ENXIO) return NoFile(path, "a pipe or a device");
  return absl::ErrnoToStatus(error, absl::StrCat(path, " cannot be written", kAdvice));
}

// Whether a file can be made there.
absl::Status CheckFolderOf(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path();
  const std::string folder = parent.empty() ? "." : parent;
  if (access(folder.c_str(), W_OK | X_OK) != 0) return Failed(path, errno);
  struct statfs system = {};
  // root may write to the kernel's own, and can make no file there.
  if (statfs(folder.c_str(), &system) == 0 &&
      (system.f_type == PROC_SUPER_MAGIC || system.f_type == SYSFS_MAGIC)) {
    return Failed(path, system.f_type == PROC_SUPER_MAGIC ? ENOENT : EACCES);
  }
  return absl::OkStatus();
}

// Whether nothing is there but a file that may be replaced.
absl::Status CheckMayGo(const std::string& path, bool link_goes) {
  struct stat there = {};
  if (lstat(path.c_str(), &there) != 0 || S_ISREG(there.st_mode)) return absl::OkStatus();
  if (S_ISDIR(there.st_mode)) return NoFile(path, "a folder");
  if (!S_ISLNK(there.st_mode)) return NoFile(path, "a pipe or a device");
  return link_goes ? absl::OkStatus() : NoFile(path, "a link");
}

absl::StatusOr<int> Open(const std::string& path, int flags, mode_t mode) {
  // No pipe is waited for, and no terminal becomes this process's own.
  const int file = open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, mode);
  if (file < 0) return Failed(path, errno);
  absl::Cleanup close_file = [file] { close(file); };
  struct stat status = {};
  if (fstat(file, &status) != 0) return Failed(path, errno);
  if (!S_ISREG(status.st_mode)) return NoFile(path, "a pipe or a device");
  std::move(close_file).Cancel();
  return file;
}

}  // namespace

absl::StatusOr<int> OpenForWriting(const std::string& path, Writing how, mode_t mode) {
  ASSIGN_OR_RETURN(const int file, Open(path, FlagsOf(how) | O_CREAT, mode));
  // Not before it is known to be a file.
  if (how == Writing::kAnew && ftruncate(file, 0) != 0) {
    const int error = errno;
    close(file);
    return Failed(path, error);
  }
  return file;
}

bool WriteAll(int file, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written == 0) errno = EIO;
    if (written == 0 || (written < 0 && errno != EINTR)) return false;
    if (written > 0) bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

absl::Status CheckWritable(const std::string& path, Writing how) {
  const absl::StatusOr<int> file = Open(path, FlagsOf(how), 0);
  if (file.ok()) close(*file);
  return absl::IsNotFound(file.status()) ? CheckFolderOf(path) : file.status();
}

absl::Status CheckReplaceable(const std::string& path) {
  RETURN_IF_ERROR(CheckMayGo(path, /*link_goes=*/false));
  RETURN_IF_ERROR(CheckMayGo(absl::StrCat(path, kNewSuffix), /*link_goes=*/true));
  return CheckFolderOf(path);
}

absl::Status ReplaceFile(const std::string& path, absl::string_view content, mode_t mode) {
  RETURN_IF_ERROR(CheckReplaceable(path));
  const std::string temporary = absl::StrCat(path, kNewSuffix);
  // What stands there goes, and is not written to: the folder may be others', too.
  unlink(temporary.c_str());
  ASSIGN_OR_RETURN(const int file, OpenForWriting(temporary, Writing::kNew, mode));
  const bool written = WriteAll(file, content);
  int error = errno;
  close(file);
  if (written && std::rename(temporary.c_str(), path.c_str()) == 0) return absl::OkStatus();
  if (written) error = errno;
  unlink(temporary.c_str());
  return Failed(path, error);
}

}  // namespace tutti
