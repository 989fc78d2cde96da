#ifndef TUTTI_COMMON_FILES_NAMED_FILES_H_
#define TUTTI_COMMON_FILES_NAMED_FILES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace tutti {

// A file, and where it was given.
struct NamedFile {
  std::string flag;  // "--tls_key"
  std::string path;
  bool written = false;
  // What is added to the path for files that are made, and go, while it is written.
  std::vector<std::string> beside = {};
};

// Whether none that is written, and none that is made beside it, is another of them, too: by the
// same path, or by another name of the same file. InvalidArgument, naming both flags and the path,
// when one is. Two that are read may be the same.
absl::Status CheckFilesApart(const std::vector<NamedFile>& files);

}  // namespace tutti

#endif  // TUTTI_COMMON_FILES_NAMED_FILES_H_
