#ifndef TUTTI_SERVICES_CLI_REPORT_REPORT_FILE_H_
#define TUTTI_SERVICES_CLI_REPORT_REPORT_FILE_H_

#include <string>

#include "absl/status/status.h"

namespace tutti {

// Whether WriteReportFile could write there, as far as can be told without writing. Errors
// name the path.
absl::Status CheckReportPath(const std::string& path, bool replace);

// Writes a file whole or not at all: readers, and a crash, see no file, the old one
// or the new one. AlreadyExists when there is a file and `replace` is not given; it
// is left as it was. InvalidArgument when a folder, a pipe or a device stands there.
absl::Status WriteReportFile(const std::string& path, const std::string& content, bool replace);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_REPORT_REPORT_FILE_H_
