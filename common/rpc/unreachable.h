#ifndef TUTTI_COMMON_RPC_UNREACHABLE_H_
#define TUTTI_COMMON_RPC_UNREACHABLE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace tutti {

// What an error of gRPC means that says why no connection came about, in words for whoever gave the
// address and the files of TLS, and gRPC's own words after it; else these alone. `was_reached`:
// there was a connection before, so that its end means nothing more.
std::string WhyUnreachable(absl::string_view said, bool was_reached = false);

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_UNREACHABLE_H_
