#include "services/cli/report/report_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "common/files/write_file.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

constexpr mode_t kMode = 0644;  // less the process's mask

absl::Status Failed(const char* what, const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot ", what, " ", path));
}

absl::Status AlreadyThere(const std::string& path) {
  return absl::AlreadyExistsError(absl::StrCat(path, " exists; --force replaces it"));
}

}  // namespace

absl::Status CheckReportPath(const std::string& path, bool replace) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) {
    return errno == ENOENT ? absl::OkStatus() : Failed("write", path);
  }
  if (!S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, S_ISDIR(status.st_mode) ? " is a folder" : " is a pipe or a device",
                     "; give a file that is to be written"));
  }
  return replace ? absl::OkStatus() : AlreadyThere(path);
}

absl::Status WriteReportFile(const std::string& path, const std::string& content, bool replace) {
  // Says so before anything is written; the link below decides.
  RETURN_IF_ERROR(CheckReportPath(path, replace));
  const std::string temporary = absl::StrCat(path, ".", getpid(), ".new");
  ASSIGN_OR_RETURN(const int file, OpenForWriting(temporary, Writing::kNew, kMode));
  const auto remove = absl::MakeCleanup([&temporary] { unlink(temporary.c_str()); });
  const bool written = WriteAll(file, content) && fsync(file) == 0;
  absl::Status status = written ? absl::OkStatus() : Failed("write", temporary);
  if (close(file) != 0 && status.ok()) return Failed("write", temporary);
  if (!status.ok()) return status;
  if (replace) {
    return rename(temporary.c_str(), path.c_str()) == 0 ? absl::OkStatus()
                                                        : Failed("replace", path);
  }
  // Unlike rename, link never takes the place of a file.
  if (link(temporary.c_str(), path.c_str()) == 0) return absl::OkStatus();
  return errno == EEXIST ? AlreadyThere(path) : Failed("create", path);
}

}  // namespace tutti
