#include "common/files/read_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

constexpr size_t kReadBytes = size_t{64} << 10;

std::string Advice(const FileKind& kind) { return absl::StrCat("; give the file of ", kind.noun); }

absl::Status OpenError(const std::string& path, const FileKind& kind, int error) {
  if (error == ENOENT || error == ENOTDIR) {
    return absl::NotFoundError(absl::StrCat(path, " is not there", Advice(kind)));
  }
  if (error == EACCES || error == EPERM) {
    return absl::PermissionDeniedError(
        absl::StrCat(path, " may not be read by this user", Advice(kind)));
  }
  // A socket is told from a device that is not there by no other call.
  if (error == ENXIO) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is no regular file", Advice(kind)));
  }
  return absl::InvalidArgumentError(
      absl::StrCat(path, " cannot be read: ", std::strerror(error), Advice(kind)));
}

const char* KindName(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return "no regular file";
}

// Whether it is a pipe without a name. Nobody may ever open the other end of a named one.
bool IsUnnamedPipe(int file, mode_t mode) {
  struct statfs system = {};
  return S_ISFIFO(mode) && fstatfs(file, &system) == 0 && system.f_type == PIPEFS_MAGIC;
}

int64_t Nanoseconds(const timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

absl::Status TooLarge(const std::string& path, const FileKind& kind) {
  return absl::InvalidArgumentError(
      absl::StrCat(path, " is larger than ", kind.max_bytes, " bytes", Advice(kind)));
}

}  // namespace

absl::StatusOr<FileText> ReadFile(const std::string& path, const FileKind& kind) {
  // Opening a pipe or a terminal must neither wait nor make it this process's own.
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return OpenError(path, kind, errno);
  const absl::Cleanup close_file = [file] { close(file); };
  struct stat status = {};
  if (fstat(file, &status) != 0) return OpenError(path, kind, errno);
  const bool from_pipe = kind.takes_pipes && IsUnnamedPipe(file, status.st_mode);
  if (from_pipe) {
    if (fcntl(file, F_SETFL, 0) != 0) return OpenError(path, kind, errno);
  } else if (!S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " is ", KindName(status.st_mode), Advice(kind)));
  }
  if (status.st_size > 0 && static_cast<uint64_t>(status.st_size) > kind.max_bytes) {
    return TooLarge(path, kind);
  }
  FileText read{"", StampOf(status), from_pipe};
  // A file may grow meanwhile, and the kernel's own say that they are empty.
  while (read.text.size() <= kind.max_bytes) {
    const size_t before = read.text.size();
    const size_t wanted = std::min(kReadBytes, kind.max_bytes + 1 - before);
    read.text.resize(before + wanted);
    const ssize_t got = ::read(file, read.text.data() + before, wanted);
    const int error = errno;
    read.text.resize(before + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return read;
    if (got < 0 && error != EINTR) return OpenError(path, kind, error);
  }
  return TooLarge(path, kind);
}

FileStamp StampOf(const struct stat& status) {
  return {static_cast<uint64_t>(status.st_dev), static_cast<uint64_t>(status.st_ino),
          int64_t{status.st_size}, Nanoseconds(status.st_mtim), Nanoseconds(status.st_ctim)};
}

FileStamp StampOf(const std::string& path) {
  struct stat status = {};
  return stat(path.c_str(), &status) == 0 ? StampOf(status) : FileStamp{};
}

}  // namespace tutti
