#include "common/rpc/tracing.h"

#include <cstdlib>

namespace tutti {

std::vector<std::string> ForbidTracing() {
  std::vector<std::string> were_set;
  for (const char* name : {"GRPC_TRACE", "GRPC_VERBOSITY", "GRPC_STACKTRACE_MINLOGLEVEL"}) {
    if (std::getenv(name) == nullptr) continue;
    were_set.emplace_back(name);
    unsetenv(name);
  }
  return were_set;
}

}  // namespace tutti
