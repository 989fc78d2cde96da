#ifndef TUTTI_COMMON_FILES_READ_FILE_H_
#define TUTTI_COMMON_FILES_READ_FILE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

struct stat;

namespace tutti {

// Tells one content of a file from the next.
struct FileStamp {
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t size = 0;
  int64_t modified_ns = 0;
  int64_t changed_ns = 0;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

// What a file is expected to be.
struct FileKind {
  // What it holds, for people: "the token keys".
  const char* noun = "";
  size_t max_bytes = 0;
  // Whether an unnamed pipe will do: the shell's <(command). It is read until its writer
  // ends, which may take as long as the command.
  bool takes_pipes = false;
};

// A file that was read whole.
struct FileText {
  std::string text;
  FileStamp stamp;
  bool from_pipe = false;  // it cannot be read a second time
};

// Reads a file whole. It never waits for a named pipe, and never reads more than
// `kind.max_bytes`. Every error names the path and says what to do: "/etc/keys is a folder;
// give the file of the token keys". NotFound, PermissionDenied, or InvalidArgument when it
// is no regular file, or too large.
absl::StatusOr<FileText> ReadFile(const std::string& path, const FileKind& kind);

// What tells one content of a file from the next. A stamp of nothing, which no file
// has, when there is none.
FileStamp StampOf(const std::string& path);
FileStamp StampOf(const struct stat& status);

}  // namespace tutti

#endif  // TUTTI_COMMON_FILES_READ_FILE_H_
