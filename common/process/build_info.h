#ifndef TUTTI_COMMON_PROCESS_BUILD_INFO_H_
#define TUTTI_COMMON_PROCESS_BUILD_INFO_H_

#include <string>

namespace tutti {

// The version of these sources: "0.1.0".
std::string Version();

// The version, the commit and the build type: "0.1.0 (commit 0123456789ab, RelWithDebInfo)".
// "-dirty" after the commit says that the sources were changed since.
std::string BuildInfo();

}  // namespace tutti

#endif  // TUTTI_COMMON_PROCESS_BUILD_INFO_H_
