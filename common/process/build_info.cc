#include "common/process/build_info.h"

#include "commit.h"

namespace tutti {

std::string Version() { return TUTTI_VERSION; }

std::string BuildInfo() { return TUTTI_VERSION " (commit " TUTTI_COMMIT ", " TUTTI_BUILD_TYPE ")"; }

}  // namespace tutti
