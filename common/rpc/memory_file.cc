#include "common/rpc/memory_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "common/files/write_file.h"

namespace tutti {
namespace {

absl::Status Failed() {
  return absl::ResourceExhaustedError(
      "no memory or file descriptor for certificates: raise the limits of this process");
}

// A new file in memory with a content and a time of its last change; negative on failure.
int Make(absl::string_view text, int version) {
  const int file = memfd_create("tutti-certificates", MFD_CLOEXEC);
  if (file < 0) return file;
  const timespec times[2] = {{version, 0}, {version, 0}};
  if (WriteAll(file, text) && futimens(file, times) == 0) return file;
  close(file);
  return -1;
}

}  // namespace

absl::StatusOr<MemoryFile> MemoryFile::Create(absl::string_view text) {
  const int file = Make(text, 1);
  if (file < 0) return Failed();
  return MemoryFile(file);
}

std::string MemoryFile::path() const { return absl::StrCat("/proc/self/fd/", file_); }

absl::Status MemoryFile::Replace(absl::string_view text) {
  const int file = Make(text, version_ + 1);
  if (file < 0) return Failed();
  const absl::Cleanup close_file = [file] { close(file); };
  if (dup3(file, file_, O_CLOEXEC) < 0) return Failed();
  ++version_;
  return absl::OkStatus();
}

}  // namespace tutti
